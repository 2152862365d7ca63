import JSON
import Testing

@Suite("Reading a form from JSON")
struct FormTests {
    enum Speed: String, CaseIterable { case low, high }

    /// Reads a form that has a member of every kind, and returns what is wrong as `pointer code`.
    static func faults(_ text: String) throws -> [String] {
        var form: JSONForm
        do { form = try JSONForm(JSON.parse(text: text)) } catch let error as InvalidFields { return error.lines }
        _ = form.string("text", .required, maxBytes: 5)
        _ = form.string("note", .optional, maxBytes: 20, multiline: true, mayBeEmpty: true)
        _ = form.value("even", .optional) { text throws(FieldProblem) in
            guard let number = Int(text), number.isMultiple(of: 2) else {
                throw FieldProblem(code: "odd", detail: "Must be even.")
            }
            return number
        }
        _ = form.integer("count", .optional, 1...10)
        _ = form.bool("flag", .optional)
        _ = form.choice("speed", .optional, of: Speed.self)
        _ = form.choices("speeds", .optional, count: 1...2, of: Speed.self)
        _ = form.strings("urls", .optional, count: 0...2, maxBytes: 4)
        _ = form.json("any", .optional)
        _ = form.stringMap("metadata", .optional, maxCount: 2, maxKeyBytes: 3, maxValueBytes: 4)
        _ = form.object("nested", .optional) { form in
            form.object("deep/er", .optional) { form in form.string("x~y", .required, maxBytes: 1) }
        }
        _ = form.objects("lines", .optional, count: 1...2) { form in form.integer("quantity", .required, 1...9) }
        do { try form.finish() } catch { return error.lines }
        return []
    }

    static let forms: [(String, [String])] = [
        (#"{"text":"abcde"}"#, []), (#"{"text":"é€"}"#, []), ("[]", [" wrong_type"]), ("null", [" wrong_type"]),
        ("{}", ["/text required"]), (#"{"text":null}"#, ["/text required"]), (#"{"text":5}"#, ["/text wrong_type"]),
        (#"{"text":"abcdef"}"#, ["/text too_long"]), (#"{"text":"é€é"}"#, ["/text too_long"]),
        (#"{"text":""}"#, ["/text empty"]),
        (#"{"text":"\u0000"}"#, ["/text invalid_text"]), (#"{"text":"a\n"}"#, ["/text invalid_text"]),
        (#"{"text":"\u007f"}"#, ["/text invalid_text"]), (#"{"text":"\u0085"}"#, ["/text invalid_text"]),
        (#"{"text":"\u202ea"}"#, ["/text invalid_text"]), (#"{"text":"\u2066"}"#, ["/text invalid_text"]),
        (#"{"text":"a","note":"a\n\tb"}"#, []), (#"{"text":"a","note":""}"#, []), (#"{"text":"a","note":null}"#, []),
        (#"{"text":"a\u2028b"}"#, ["/text invalid_text"]), (#"{"text":" "}"#, ["/text blank"]),
        (#"{"text":"\u200b\u00a0"}"#, ["/text blank"]),
        (#"{"text":"a","note":"\r"}"#, ["/note invalid_text"]),
        (#"{"text":"a","even":"4"}"#, []), (#"{"text":"a","even":"5"}"#, ["/even odd"]),
        (#"{"text":"a","even":4}"#, ["/even wrong_type"]),
        (#"{"text":"a","count":10}"#, []), (#"{"text":"a","count":11}"#, ["/count out_of_range"]),
        (#"{"text":"a","count":1.0}"#, ["/count out_of_range"]),
        (#"{"text":"a","count":1e0}"#, ["/count out_of_range"]),
        (#"{"text":"a","count":99999999999999999999}"#, ["/count out_of_range"]),
        (#"{"text":"a","count":"1"}"#, ["/count wrong_type"]),
        (#"{"text":"a","flag":1}"#, ["/flag wrong_type"]), (#"{"text":"a","flag":"true"}"#, ["/flag wrong_type"]),
        (#"{"text":"a","speed":"low"}"#, []), (#"{"text":"a","speed":"LOW"}"#, ["/speed unknown_value"]),
        (#"{"text":"a","speeds":["low","high"]}"#, []),
        (#"{"text":"a","speeds":["low","low"]}"#, ["/speeds/1 duplicate"]),
        (#"{"text":"a","speeds":[]}"#, ["/speeds wrong_count"]),
        (#"{"text":"a","speeds":"low"}"#, ["/speeds wrong_type"]),
        (#"{"text":"a","urls":["ab","abcde",null,1]}"#, ["/urls wrong_count"]),
        (#"{"text":"a","urls":["abcde",null]}"#, ["/urls/0 too_long", "/urls/1 wrong_type"]),
        (#"{"text":"a","any":[{"x":1}]}"#, []),
        (#"{"text":"a","metadata":{"abc":"de\n","b":""}}"#, []),
        (#"{"text":"a","metadata":{"a":"","b":"","c":""}}"#, ["/metadata wrong_count"]),
        (#"{"text":"a","metadata":{"abcd":"x","":"y"}}"#, ["/metadata/abcd too_long", "/metadata/ empty"]),
        (#"{"text":"a","metadata":{"a/b":1,"~":"abcde"}}"#, ["/metadata/a~1b wrong_type", "/metadata/~0 too_long"]),
        (#"{"text":"a","nested":{"deep/er":{"x~y":"1"}}}"#, []),
        (#"{"text":"a","nested":{"deep/er":{"x~y":"12","z":1},"q":1}}"#,
         ["/nested/deep~1er/x~0y too_long", "/nested/deep~1er/z unknown_member", "/nested/q unknown_member"]),
        (#"{"text":"a","lines":[{"quantity":1},{"quantity":9}]}"#, []),
        (#"{"text":"a","lines":[{"quantity":0},{"qty":1}]}"#,
         ["/lines/0/quantity out_of_range", "/lines/1/quantity required", "/lines/1/qty unknown_member"]),
        (#"{"text":"a","lines":[1]}"#, ["/lines/0 wrong_type"]),
        (#"{"txt":"a","count":0,"x/y":1}"#,
         ["/text required", "/count out_of_range", "/txt unknown_member", "/x~1y unknown_member"]),
    ]

    @Test("Every fault of a form is told, with its place and reason", arguments: forms)
    func tells(_ text: String, _ expected: [String]) throws {
        #expect(try Self.faults(text) == expected)
    }

    @Test("A whole form gives its values")
    func values() throws {
        let text = #"{"amount":"5","order":null,"speeds":["high"],"metadata":{"b":"1","a":"2"},"#
            + #""lines":[{"n":1},{"n":2}],"w":{"k":"v"}}"#
        var form = try JSONForm(JSON.parse(text: text))
        let amount = form.value("amount", .required) { text throws(FieldProblem) in Int(text) ?? 0 }
        let speeds = form.choices("speeds", .required, count: 1...2, of: Speed.self)
        let metadata = form.stringMap("metadata", .optional, maxCount: 9, maxKeyBytes: 9, maxValueBytes: 9)
        let lines = form.objects("lines", .optional, count: 1...9) { form in form.integer("n", .required, 1...9) }
        let inner = form.object("w", .required) { form in form.string("k", .required, maxBytes: 9) }
        let mentioned = (form.mentions("speeds"), form.mentions("order"), form.mentions("absent"))
        let read = try form.finish(amount, speeds, inner)
        #expect(read.0 == 5 && read.1 == [.high] && read.2 == "v" && mentioned == (true, false, false))
        #expect(metadata?.map(\.key) == ["b", "a"] && metadata?.map(\.value) == ["1", "2"] && lines == [1, 2])
    }

    @Test("A problem of several members together can be reported, and a flood of them is cut off")
    func reports() throws {
        var form = try JSONForm(["a": 1])
        _ = form.json("a", .optional)
        form.report(FieldProblem(code: "conflict", detail: ""), at: "a")
        form.report(.required)
        #expect(throws: InvalidFields.self) { try form.finish() }
        #expect(InvalidFields(errors: form.errors).lines == ["/a conflict", " required"])
        let flood = "{" + (0..<5_000).map { "\"k\($0)\":0" }.joined(separator: ",") + "}"
        #expect(try Self.faults(flood).count == 32)
    }

    @Test("A mistyped name is met with the one that was meant", arguments: [
        ("merchent_order_id", "merchant_order_id"), ("amuont", "amount"), ("Amount", "amount"), ("amounts", "amount"),
        ("xyz", nil), ("", nil), ("expires_at", nil), (String(repeating: "a", count: 10_000), nil),
    ])
    func nearest(_ name: String, _ expected: String?) throws {
        #expect(nearestName(to: name, among: ["merchant_order_id", "amount", "currency", "id"]) == expected)
        var form = try JSONForm(.object([name: 1]))
        _ = form.string("amount", .optional, maxBytes: 1)
        #expect(throws: InvalidFields.self) { try form.finish() }
        if expected == "amount" { #expect(form.errors.first?.detail.contains("\"amount\"") == true) }
    }
}

extension InvalidFields {
    var lines: [String] { errors.map { "\($0.pointer) \($0.code)" } }
}
