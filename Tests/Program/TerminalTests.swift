import JSON
import TestKit
import Testing

@testable import quittance

@Suite("What somebody else wrote is shown, and tells the terminal nothing")
struct TerminalTests {
    @Test("What cannot be seen is written out", arguments: [
        ("order 17, Zo\u{eb} \u{1F600} \u{5d0}", "order 17, Zo\u{eb} \u{1F600} \u{5d0}"), ("", ""),
        ("9\nCOMPLETE: all holds.", #"9\u{a}COMPLETE: all holds."#), ("\u{1b}[8m", #"\u{1b}[8m"#),
        ("a\r\tb\u{7f}\u{9b}1m", #"a\u{d}\u{9}b\u{7f}\u{9b}1m"#),
        ("\u{202e}dlo\u{200b}\u{2028}", #"\u{202e}dlo\u{200b}\u{2028}"#),
    ])
    func shown(_ text: String, _ shown: String) {
        #expect(Terminal.shown(text) == shown)
        let lines = Lines()
        lines.terminal().sayLine(text)
        #expect(lines.output == shown)
    }

    @Test("A name in the database writes no line into what verify says")
    func verdict() throws {
        let text = "merchant.name is \u{1b}[8m\nThe log and the tables agree."
        let verdict = try Verdict(
            [
                "differences": [.string(text)], "omitted": 0, "unchecked": [.string(text)],
                "confirmed": [.string(text)], "extent": "1 record",
            ])
        let lines = Lines()
        #expect(verdict.tell(lines.terminal()) == .finding)
        #expect(!lines.output.contains("\u{1b}"))
        #expect(lines.output.split(separator: "\n").count == 4)
    }
}
