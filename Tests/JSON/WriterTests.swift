import JSON
import Testing

@Suite("Writing JSON")
struct WriterTests {
    @Test("The writer puts commas, quotes and brackets where they belong")
    func document() throws {
        var writer = JSONWriter()
        writer.object { w in
            w.member("text", "a")
            w.member("none", nil as String?)
            w.member("left out", ifPresent: nil as String?)
            w.member("kept", ifPresent: 4)
            w.member("big", UInt64.max)
            w.member("no number", nil as Int64?)
            w.member("flag", true)
            w.null("null")
            w.array("empty") { _ in }
            w.object("nothing") { _ in }
            w.array("list") { w in
                w.element("x")
                w.element(-1)
                w.object { w in w.member("y", false) }
                w.array { w in w.null() }
                w.raw("[0]".utf8)
            }
            w.array("texts", ["p", "q"])
            w.raw("raw", #"{"z":1}"#.utf8)
            w.member("value", ["k": [1, "two", .null]])
        }
        let expected = #"{"text":"a","none":null,"kept":4,"big":18446744073709551615,"no number":null,"flag":true,"#
            + #""null":null,"empty":[],"nothing":{},"list":["x",-1,{"y":false},[null],[0]],"texts":["p","q"],"#
            + #""raw":{"z":1},"value":{"k":[1,"two",null]}}"#
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
        #expect(try JSON.parse(writer.bytes).encodedText == expected)
    }

    static let texts: [(String, String)] = [
        ("", #""""#), ("a/b", #""a/b""#), ("\"\\", #""\"\\""#), ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#),
        ("\0\u{1}\u{f}\u{10}\u{1f}", #""\u0000\u0001\u000f\u0010\u001f""#),
        ("\u{7f}é€😀\u{2028}", "\"\u{7f}é€😀\u{2028}\""),
    ]

    @Test("Only what must be escaped is escaped, and it comes back", arguments: texts)
    func escapes(_ text: String, _ encoded: String) throws {
        #expect(JSON.string(text).encodedText == encoded)
        #expect(try JSON.parse(text: encoded) == .string(text))
        let object: JSON = .object([text: 1])
        #expect(try JSON.parse(object.encoded()) == object)
    }

    @Test("Pretty text is for people and reads back as the same document")
    func pretty() throws {
        let value: JSON = ["a": [1, ["b": "c\n"]], "e": [], "o": [:], "n": .null]
        let expected = """
            {
              "a": [
                1,
                {
                  "b": "c\\n"
                }
              ],
              "e": [],
              "o": {},
              "n": null
            }
            """
        #expect(value.pretty() == expected)
        #expect(try JSON.parse(text: value.pretty()) == value)
    }

    @Test("Values are reached by name and place, and absence is nil")
    func access() {
        let value: JSON = ["a": ["x", .null], "n": 5, "t": true]
        #expect(value["a"]?[0]?.asString == "x" && value["a"]?[1]?.isNull == true && value["a"]?[2] == nil)
        #expect(value["a"]?[-1] == nil && value["b"] == nil && value[0] == nil && value["n"]?["x"] == nil)
        #expect(value["n"]?.asInt64 == 5 && value["t"]?.asBool == true && value["t"]?.asString == nil)
        #expect(JSON.optional(nil) == .null && JSON.optional("a") == "a")
    }
}
