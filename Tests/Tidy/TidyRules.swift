import Testing

/// The rules see what they must, and nothing else: a check that cannot fail proves nothing.
@Suite("The tidy rules find what they are for")
struct TidyRules {
    @Test("Swift", arguments: [
        // path, code, what is found (nil: nothing)
        ("Sources/Domain/A.swift", "import Foundation", "Domain must not import Foundation"),
        ("Sources/Domain/A.swift", "// import Foundation\nlet a = \"import Foundation\"", nil),
        ("Sources/Web/A.swift", "package import struct Storage.Row", "Web must not import Storage"),
        ("Sources/Web/A.swift", "package import HTTP\nimport Engine", nil),
        ("Sources/Nowhere/A.swift", "let a = 1", "Nowhere has no row"),
        ("Sources/Engine/A.swift", "let a = try! b()", "try! may trap"),
        ("Sources/Engine/A.swift", "let a = b as! C", "as! may trap"),
        ("Sources/Engine/A.swift", "let a = b!.c", "b! may trap"),
        ("Sources/Engine/A.swift", "let a = b(1)!", "a forced unwrap may trap"),
        ("Sources/Engine/A.swift", "let text = \"b \\(c(d!) ) e!\"", "d! may trap"),
        ("Sources/Engine/A.swift", "if !a, b != c, d(!e) { f = \"g!\" } // h!", nil),
        ("Sources/Engine/A.swift", "#if !DEBUG\nlet a = #\"\"b!\"\"#\n#endif", nil),
        ("Sources/Engine/A.swift", "let a = \"\"\"\n  b! \"c!\" \\\n  d!\n  \"\"\"", nil),
        ("Tests/Engine/A.swift", "fatalError()", "fatalError"),
        ("Sources/Domain/A.swift", "let a: Double = 1", "Double in Domain: money is exact"),
        ("Sources/HTTP/A.swift", "let a: Double = 1", nil),
        ("Sources/Web/A.swift", "let a = unsafe b()", "unsafe outside the C edge"),
        ("Sources/Web/A.swift", "import CQREncode\nlet a = unsafe b()", nil),
        ("Sources/Web/A.swift", "struct A: @unchecked Sendable {}", "@unchecked without its reason"),
        ("Sources/Web/A.swift", "struct A: @unchecked Sendable {}  // frozen after init", nil),
        ("Sources/Web/A.swift", "init(unchecked text: String) {}", nil),
        ("Sources/Web/A.swift", "final class PaymentManager {}", "says nothing"),
        ("Sources/Web/A.swift", "struct Utility {}", "says nothing"),
        ("Sources/Web/A.swift", "package struct A {}", "A has no ///"),
        ("Sources/Web/A.swift", "package static func a() {}", "a has no ///"),
        ("Sources/Web/A.swift", "/// What it is.\n@frozen\npackage final class A {}", nil),
        ("Sources/Web/A.swift", "struct A {}", nil),
        ("Sources/Web/A.swift", "/// B.\npackage struct B {\n    public enum C {}\n}", "C has no ///"),
        ("Sources/Web/A.swift", "let a = 1 + " + String(repeating: "2 + ", count: 30) + "3", "columns"),
        ("Tests/Web/A.swift", "let a = \"" + String(repeating: "0", count: 200) + "\"", nil),
        ("Sources/Web/A.swift", String(repeating: "\n", count: 501), "501 lines"),
        ("Sources/Web/A.swift", String(repeating: "\n", count: 500), nil),
        ("Sources/Web/A.swift", "func a(b: () -> Int = { 1 }) {\n" + String(repeating: "\n", count: 70) + "}",
            "a has 72"),
        ("Sources/Web/A.swift", "protocol P {\n    func a()\n    init()\n}" + String(repeating: "\n", count: 80)
            + "struct S {\n}", nil),
    ] as [(String, String, String?)])
    func swift(path: String, code: String, expected: String?) {
        let findings = Rules.check(SwiftSource(path: path, text: code))
        if let expected {
            #expect(findings.contains { $0.text.contains(expected) }, "found \(findings)")
        } else {
            #expect(findings.isEmpty, "found \(findings)")
        }
    }

    @Test("Owners of C libraries")
    func owners() {
        #expect(Rules.owners(["A": ["CCurl", "CLinux"], "B": ["CLinux", "Chains"]]).isEmpty)
        #expect(Rules.owners(["A": ["CCurl"], "B": ["CCurl"]]).count == 1)
    }

    @Test("Text", arguments: [
        ("a TODO: b", 1), ("TODOS, aTODO, XXXXXX", 0), ("see /home/me/a", 1), ("docs/home/a, ../srv/b", 0),
        ("in /srv/checkout/docs", 1),
        ("\nHACK\nFIXME", 2),
    ])
    func text(text: String, count: Int) {
        let file = Checkout.File(path: "README.md", bytes: Array(text.utf8))
        #expect(Rules.text(file, checkout: "/srv/checkout").count == count)
    }

    @Test("Decision records")
    func decisions() {
        let good = "# 1\n## Context\n## Decision\n## Consequences\n## Undo if\n"
        #expect(Rules.decision("docs/decisions/0001-a.md", good).isEmpty)
        #expect(Rules.decision("docs/decisions/one.md", good).count == 1)
        #expect(Rules.decision("docs/decisions/0001-a.md", "## Context").count == 3)
    }

    @Test("Promises", arguments: [
        ("- **It holds.**\n  - `Tests/A/A.swift` \"it holds\", \"and here\"\n", 0),
        ("- **It holds.**\n- **That too.**\n  - `Tests/A/A.swift` \"it holds\"\n", 1),
        ("- **It holds.**\n", 1), ("- **It holds.**\n  - `Tests/A/A.swift`\n", 1),
        ("- **It holds.**\n  - `Tests/A/A.swift` \"it holds not\"\n", 1),
        ("- **It holds.**\n  - `Tests/A/B.swift` \"it holds\"\n", 1),
        ("## What is not promised\n- **It holds.**\n", 0),
    ])
    func promises(page: String, count: Int) {
        let code = "@Test(\"it holds\")\nfunc a() {}\n@Test(\n    \"and here\", arguments: [1])\n// \"it holds not\"\n"
        let checkout = Checkout(swift: [SwiftSource(path: "Tests/A/A.swift", text: code)])
        #expect(Rules.promises(page, at: "docs/GUARANTEES.md", in: checkout).count == count)
    }

    @Test("The glossary")
    func glossary() {
        let rows = Rules.glossary("| word | meaning | not |\n|---|---|---|\n| payment | what | invoice, bill |\n")
        #expect(rows.map(\.notUsed) == [["invoice", "bill"]])
        let file = { (code: String) in SwiftSource(path: "Sources/Domain/A.swift", text: code) }
        #expect(Rules.vocabulary(rows, file("struct InvoiceState {}")).count == 1)
        #expect(Rules.vocabulary(rows, file("struct Billing {}")).isEmpty)
    }
}
