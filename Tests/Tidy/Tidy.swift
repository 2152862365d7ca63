import Foundation
import Testing

/// Properties of the code itself. Whatever this suite finds is listed with its place.
@Suite("The checkout is tidy")
struct Tidy {
    let checkout: Checkout

    init() throws { checkout = try Checkout.this.get() }

    private func expectNone(_ findings: [Finding], sourceLocation: SourceLocation = #_sourceLocation) {
        guard !findings.isEmpty else { return }
        let list = findings.map { "\n  \($0)" }.joined()
        Issue.record("\(findings.count) findings:\(list)", sourceLocation: sourceLocation)
    }

    @Test("There is something to look at")
    func notVacuous() {
        #expect(checkout.swift.contains { $0.path == "Sources/Platform/Clock.swift" })
        #expect(checkout.files.contains { $0.path == "docs/ARCHITECTURE.md" })
    }

    @Test("Swift files keep the import map, the sizes and the names, and force nothing")
    func swift() { expectNone(checkout.swift.flatMap(Rules.check)) }

    @Test("Each C library has one owner")
    func owners() { expectNone(Rules.owners(House.imports)) }

    @Test("Each exception of a list is still needed")
    func exceptions() {
        let unsafe = Set(checkout.swift.filter { $0.tokens.contains { $0.text == "unsafe" } }.map(\.path))
        let imports = Dictionary(uniqueKeysWithValues: checkout.swift.map { ($0.path, Set($0.imports.map(\.module))) })
        let stale = House.unsafeFiles.keys.filter { !unsafe.contains($0) }
            + House.importExceptions.filter { !$0.value.isSubset(of: imports[$0.key] ?? []) }.keys
        expectNone(stale.sorted().map { Finding($0, "needs its exception in Tests/Tidy/House.swift no more") })
    }

    @Test("No file has left-overs or paths of one machine")
    func text() {
        expectNone(checkout.files.flatMap { Rules.text($0, checkout: checkout.root.path) })
    }

    @Test("The root is small")
    func root() { expectNone(Rules.root(checkout.rootEntries)) }

    @Test("What the pages name is there")
    func paths() throws {
        let pages = checkout.files.map(\.path).filter { $0.hasSuffix(".md") }
        expectNone(try pages.flatMap { Rules.paths(try checkout.text($0), at: $0, in: checkout) })
    }

    @Test("docs/ARCHITECTURE.md names every folder")
    func map() throws { expectNone(Rules.map(try checkout.text("docs/ARCHITECTURE.md"), in: checkout)) }

    @Test("Every promise of docs/GUARANTEES.md names a test, and each of them is there")
    func promises() throws {
        let page = "docs/GUARANTEES.md"
        expectNone(Rules.promises(try checkout.text(page), at: page, in: checkout))
    }

    @Test("Every decision record has its number and its four headings")
    func decisions() throws {
        let records = checkout.names(in: "docs/decisions").map { "docs/decisions/" + $0 }
        let numbers = records.map { $0.split(separator: "/").last?.prefix(4) ?? "" }
        #expect(Set(numbers).count == numbers.count, "two records share a number: \(records)")
        expectNone(try records.flatMap { Rules.decision($0, try checkout.text($0)) })
    }

    @Test("The glossary has each word once, and no type is named with a word that it rejects")
    func glossary() throws {
        let rows = Rules.glossary(try checkout.text("docs/GLOSSARY.md"))
        let words = rows.map(\.word)
        #expect(words.count > 10)
        #expect(Set(words).count == words.count)
        #expect(words == words.sorted { $0.lowercased() < $1.lowercased() }, "not in alphabetical order")
        expectNone(checkout.swift.flatMap { Rules.vocabulary(rows, $0) })
    }
}
