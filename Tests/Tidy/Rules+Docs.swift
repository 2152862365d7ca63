extension Rules {
    static func root(_ entries: [String]) -> [Finding] {
        guard entries.count > House.rootEntries else { return [] }
        return [Finding(".", "\(entries.count) entries in the root, more than \(House.rootEntries): \(entries)")]
    }

    /// Every folder and file that a page names in backticks exists.
    static func paths(_ page: String, at path: String, in checkout: Checkout) -> [Finding] {
        let existing = Set(checkout.files.map(\.path)).union(checkout.folders)
        let roots = topFolders(checkout)
        return backticked(page).filter { name in
            roots.contains { name.hasPrefix($0 + "/") } && !name.contains { "*…<{ ".contains($0) }
                && !existing.contains(name)
        }.map { Finding(path, "names \($0), which does not exist") }
    }

    /// The map names every folder that there is.
    static func map(_ page: String, in checkout: Checkout) -> [Finding] {
        let named = Set(backticked(page))
        let modules = checkout.names(in: "Sources")
        var expected = topFolders(checkout) + modules.map { "Sources/" + $0 }
        expected += checkout.names(in: "Examples").map { "Examples/" + $0 }
        expected += checkout.names(in: "Tests").filter { !modules.contains($0) }.map { "Tests/" + $0 }
        return expected.filter { checkout.folders.contains($0) && !named.contains($0) }
            .map { Finding("docs/ARCHITECTURE.md", "does not name \($0)") }
    }

    /// Every promise names a test, and every test that is named is there, under that name.
    ///
    /// A promise is an item of the page's lists in bold, up to the heading of what is not promised. Below it stand its
    /// tests: a file in backticks, and the names of tests in it in quotation marks.
    static func promises(_ page: String, at path: String, in checkout: Checkout) -> [Finding] {
        var findings: [Finding] = []
        var unproven: String?
        func settle() {
            if let unproven { findings.append(Finding(path, "no test is named for: \(unproven)")) }
            unproven = nil
        }
        for line in page.split(separator: "\n") {
            if line.hasPrefix("## What is not promised") { break }
            if line.hasPrefix("- **") {
                settle()
                unproven = String(line.prefix(80))
            } else if line.hasPrefix("  - `Tests/") {
                let parts = line.split(separator: "`", maxSplits: 2)
                let file = checkout.swift.first { $0.path == parts[1] }
                let names = parts.count < 3 ? [] : quoted(String(parts[2]))
                if names.isEmpty { findings.append(Finding(path, "names no test of \(parts[1])")) }
                for name in names where file?.names(test: name) != true {
                    findings.append(Finding(path, "names a test that \(parts[1]) does not have: \(name)"))
                }
                unproven = nil
            }
        }
        settle()
        return findings
    }

    /// What stands in quotation marks.
    private static func quoted(_ line: String) -> [String] {
        line.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
    }

    private static func topFolders(_ checkout: Checkout) -> [String] {
        checkout.rootEntries.filter { checkout.folders.contains($0) && !$0.hasPrefix(".") }
    }

    /// What stands in backticks, without a slash at its end.
    private static func backticked(_ page: String) -> [String] {
        page.split(separator: "\n").flatMap { line in
            line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { !$0.offset.isMultiple(of: 2) }
                .map { String($0.element.last == "/" ? $0.element.dropLast() : $0.element) }
        }
    }

    /// A decision record says what was the case, what was decided, what follows, and when to undo it.
    static func decision(_ path: String, _ page: String) -> [Finding] {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        var findings: [Finding] = []
        if name.prefix(4).contains(where: { !$0.isNumber }) || name.dropFirst(4).first != "-" {
            findings.append(Finding(path, "is not called NNNN-title.md"))
        }
        let headings = page.split(separator: "\n").filter { $0.hasPrefix("#") }
            .map { $0.drop { $0 == "#" || $0 == " " }.lowercased() }
        for needed in ["context", "decision", "consequences", "undo if"] where !headings.contains(needed) {
            findings.append(Finding(path, "has no heading \"\(needed)\""))
        }
        return findings
    }

    /// One word of the glossary with the words that are not used for it.
    struct GlossaryRow {
        let word: String
        let notUsed: [String]
    }

    /// The rows of the glossary's tables: `| word | meaning | not |`.
    static func glossary(_ page: String) -> [GlossaryRow] {
        page.split(separator: "\n").filter { $0.hasPrefix("| ") }.compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map(trimmed)
            guard cells.count == 5, cells[1] != "word" else { return nil }
            let unused = cells[3].split(separator: ",").map { trimmed($0).lowercased() }
            return GlossaryRow(word: cells[1], notUsed: unused.filter { !$0.isEmpty })
        }
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var slice = text.drop { $0 == " " }[...]
        while slice.last == " " { slice.removeLast() }
        return String(slice)
    }

    /// No type is named with a word that the glossary has another one for.
    static func vocabulary(_ rows: [GlossaryRow], _ file: SwiftSource) -> [Finding] {
        guard file.module != nil, !House.glossaryExceptions.contains(where: file.path.hasPrefix) else { return [] }
        return file.types.flatMap { type in
            let name = " " + words(of: type.name).joined(separator: " ") + " "
            return rows.flatMap { row in
                row.notUsed.filter { name.contains(" \($0) ") }
                    .map { Finding(file.path, type.line, "\(type.name): the word is \"\(row.word)\", not \"\($0)\"") }
            }
        }
    }
}
