import JSON
import Testing

@Suite("Parsing JSON")
struct ParsingTests {
    static let documents: [(String, JSON)] = [
        ("null", .null), (" true ", true), ("\tfalse\r\n", false), ("0", 0), ("-12", -12),
        (#""""#, ""), (#""a""#, "a"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u0041\u00e9\u20AC""#, "Aé€"), (#""\ud83d\ude00x""#, "😀x"), (#""\u0000""#, "\0"),
        (#""é😀\u2028 ""#, "é😀\u{2028} "), (#""\uFFFF\u007f""#, "\u{FFFF}\u{7F}"),
        ("[]", []), ("[ ]", []), ("[1]", [1]), ("[1,[2],{}]", [1, [2], [:]]), ("{}", [:]), ("{ }", [:]),
        (#"{"a":1}"#, ["a": 1]),
        (#" { "a" : { "b" : [ null , true ] } , "c" : "d" } "#, ["a": ["b": [.null, true]], "c": "d"]),
        (#"{"":0}"#, ["": 0]), (#"{"a":1,"A":2}"#, ["a": 1, "A": 2]),
    ]

    @Test("Documents of the grammar are read", arguments: documents)
    func reads(_ text: String, _ value: JSON) throws {
        #expect(try JSON.parse(text: text) == value)
    }

    static let faults: [(String, JSONError.Code, Int)] = [
        ("", .unexpectedEnd, 0), ("  ", .unexpectedEnd, 2), ("nul", .unexpectedEnd, 3), ("nule", .unexpectedByte, 3),
        ("True", .unexpectedByte, 0), ("NaN", .unexpectedByte, 0), ("'a'", .unexpectedByte, 0),
        ("\u{FEFF}1", .unexpectedByte, 0), ("\u{A0}1", .unexpectedByte, 0), ("//x\n1", .unexpectedByte, 0),
        ("1 2", .trailingBytes, 2), ("{}x", .trailingBytes, 2), ("01", .invalidNumber, 0), ("1\0", .trailingBytes, 1),
        ("+1", .unexpectedByte, 0), (".5", .unexpectedByte, 0), ("-", .invalidNumber, 0), ("-01", .invalidNumber, 0),
        ("[1.]", .invalidNumber, 1), ("1e", .invalidNumber, 0), ("1e+", .invalidNumber, 0), ("-a", .invalidNumber, 0),
        ("[", .unexpectedEnd, 1), ("[1", .unexpectedEnd, 2), ("[1,", .unexpectedEnd, 3), ("[1,]", .unexpectedByte, 3),
        ("[,1]", .unexpectedByte, 1), ("[1 2]", .unexpectedByte, 3), ("[1}", .unexpectedByte, 2),
        ("]", .unexpectedByte, 0),
        ("{", .unexpectedEnd, 1), (#"{"a""#, .unexpectedEnd, 4), (#"{"a":"#, .unexpectedEnd, 5),
        (#"{"a":1"#, .unexpectedEnd, 6), (#"{"a":1,}"#, .unexpectedByte, 7), (#"{"a" 1}"#, .unexpectedByte, 5),
        ("{a:1}", .unexpectedByte, 1), ("{1:1}", .unexpectedByte, 1), ("{,}", .unexpectedByte, 1),
        (#"{"a":1]"#, .unexpectedByte, 6), (#"{"a":1;"b":2}"#, .unexpectedByte, 6),
        (#"{"a":1,"a":1}"#, .duplicateKey, 7), (#"{"a":1,"\u0061":1}"#, .duplicateKey, 7),
        ("{\"\u{e9}\":1,\"e\u{301}\":1}", .duplicateKey, 8), (#"[{"b":{"x":1,"y":2,"x":3}}]"#, .duplicateKey, 19),
        (#"""#, .unexpectedEnd, 1), (#""a"#, .unexpectedEnd, 2), (#""\"#, .unexpectedEnd, 2),
        (#""\u12"#, .unexpectedEnd, 5),
        ("\"\n\"", .controlCharacter, 1), ("\"a\u{1f}\"", .controlCharacter, 2), ("\"\\n\0\"", .controlCharacter, 3),
        (#""\x""#, .invalidEscape, 1), (#""\U0041""#, .invalidEscape, 1), (#""a\u00g0""#, .invalidEscape, 2),
        (#""\u+041""#, .invalidEscape, 1), (#""\ud800""#, .loneSurrogate, 1), (#""\ud800a""#, .loneSurrogate, 1),
        (#""\udc00""#, .loneSurrogate, 1), (#""\ud800\u0041""#, .loneSurrogate, 1),
        (#""\ud800\ud800""#, .loneSurrogate, 1),
        (#""\ud800\n""#, .loneSurrogate, 1), (#""\ud800\u00""#, .invalidEscape, 7),
    ]

    @Test("Everything else is refused with its reason and place", arguments: faults)
    func refuses(_ text: String, _ code: JSONError.Code, _ offset: Int) {
        #expect(throws: JSONError(code: code, offset: offset)) { try JSON.parse(text: text) }
    }

    static let broken: [([UInt8], Int)] = [
        ([0x22, 0xFF, 0x22], 1), ([0x22, 0x61, 0xC3, 0x22], 2), ([0x22, 0xC0, 0x80, 0x22], 1),
        ([0x22, 0xED, 0xA0, 0x80, 0x22], 1), ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 1),
        ([0x22, 0x5C, 0x6E, 0x80, 0x22], 3), ([0x22, 0xC3, 0x5C, 0x6E, 0x22], 1), ([0x7B, 0x22, 0xFE, 0x22], 2),
    ]

    @Test("Bytes that are not UTF-8 are refused where they stand", arguments: broken)
    func refusesBrokenText(_ bytes: [UInt8], _ offset: Int) {
        #expect(throws: JSONError(code: .invalidUTF8, offset: offset)) { try JSON.parse(bytes) }
    }

    @Test("Depth is limited, and to the level")
    func depth() throws {
        let deepest = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(try JSON.parse(text: deepest).encodedText == deepest)
        #expect(throws: JSONError(code: .tooDeep, offset: 64)) { try JSON.parse(text: "[" + deepest + "]") }
        #expect(throws: JSONError(code: .tooDeep, offset: 64 * 5)) {
            try JSON.parse(text: String(repeating: #"{"a":"#, count: 100_000))
        }
        // Levels are given back: many shallow values side by side are fine.
        let wide = "[" + [String](repeating: "[{}]", count: 500).joined(separator: ",") + "]"
        #expect(try JSON.parse(text: wide).asArray?.count == 500)
    }

    @Test("Size is limited before anything is read, and so are numbers")
    func size() throws {
        let limits = JSONLimits(bytes: 4, depth: 1)
        #expect(try JSON.parse(text: "[12]", limits: limits) == [12])
        #expect(throws: JSONError(code: .tooLarge, offset: 4)) { try JSON.parse(text: "[123]", limits: limits) }
        #expect(try JSON.parse(text: String(repeating: "9", count: 128)).asNumber?.text.count == 128)
        #expect(throws: JSONError(code: .numberTooLong, offset: 0)) {
            try JSON.parse(text: String(repeating: "9", count: 129))
        }
    }

    @Test("A slice is read from its own start")
    func slice() throws {
        let bytes = Array("xx[1]yy".utf8)
        #expect(try JSON.parse(bytes[2..<5]) == [1])
        #expect(throws: JSONError(code: .trailingBytes, offset: 3)) { try JSON.parse(bytes[2...]) }
    }

    @Test("No cut and no single changed byte of a document makes the parser trap")
    func mutations() {
        let document = Array(#"{"a\u00e9\ud83d\ude00":[-1.5e+7,true,null,"x\n"],"é":{"b":{}}}"#.utf8)
        for cut in document.indices {
            #expect(throws: JSONError.self) { try JSON.parse(document[..<cut]) }
        }
        var survivors = 0
        for index in document.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = document
                changed[index] = byte
                guard let value = try? JSON.parse(changed) else { continue }
                survivors += 1
                #expect((try? JSON.parse(value.encoded())) == value)
            }
        }
        #expect(survivors > document.count)
    }

    @Test("Objects keep their order, find every key and replace in place, small or large", arguments: [1, 24, 25, 200])
    func order(_ count: Int) throws {
        let keys = (0..<count).map { "key\(($0 * 7919) % 1000)" }
        let text = "{" + keys.enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",") + "}"
        var object = try #require(try JSON.parse(text: text).asObject)
        #expect(Array(object.keys) == keys)
        #expect(keys.indices.allSatisfy { object[keys[$0]]?.asInt64 == Int64($0) })
        #expect(object["absent"] == nil && !object.append(keys[0], 1))
        object[keys[0]] = "new"
        object["more"] = 1
        #expect(object.members.first?.value == "new" && Array(object.keys) == keys + ["more"])
        object[keys[0]] = nil
        #expect(object[keys[0]] == nil && object.count == count && object["more"] == 1)
    }

    @Test("Members are compared without regard to their order")
    func equality() throws {
        let one = try JSON.parse(text: #"{"a":1,"b":[1,2]}"#), two = try JSON.parse(text: #"{"b":[1,2],"a":1}"#)
        #expect(one == two && one.hashValue == two.hashValue)
        #expect(one != ["a": 1, "b": [2, 1]] && one != ["a": 1])
        #expect(try JSON.parse(text: "1") != JSON.parse(text: "1.0"))
    }
}
