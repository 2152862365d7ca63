/// A Swift file as far as the rules need it: its tokens without comments and text, and its raw lines.
struct SwiftSource {
    /// A word, or one byte of punctuation.
    struct Token {
        let text: String
        let line: Int
        /// Nothing stands between the token before and this one.
        let touchesPrevious: Bool
        /// The byte after it; 0 at the end.
        let next: UInt8
    }

    let path: String
    let lines: [String]
    let tokens: [Token]
    /// The imported modules, with their lines.
    let imports: [(module: String, line: Int)]
    /// The types declared in the file.
    let types: [Declaration]

    private static let kinds: Set = ["struct", "class", "enum", "protocol", "actor", "typealias"]
    private static let modifiers: Set = [
        "package", "public", "final", "indirect", "nonisolated", "private", "fileprivate", "internal",
    ]

    init(path: String, text: String) { self.init(path: path, bytes: Array(text.utf8)) }

    init(path: String, bytes: [UInt8]) {
        self.path = path
        lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        var lexer = Lexer(bytes: bytes)
        lexer.run()
        tokens = lexer.tokens
        imports = Self.imports(tokens)
        types = Self.types(tokens)
    }

    /// `Domain` for `Sources/Domain/…`, `Shop` for `Examples/Shop/…`; nil elsewhere.
    var module: String? {
        let parts = path.split(separator: "/")
        guard parts.count > 2, parts[0] == "Sources" || parts[0] == "Examples" else { return nil }
        return String(parts[1])
    }

    var isTest: Bool { path.hasPrefix("Tests/") }

    /// The lines of the file, without the empty piece after the last newline.
    var lineCount: Int { lines.last == "" ? lines.count - 1 : lines.count }

    /// Whether a test of that name is in it.
    func names(test name: String) -> Bool {
        lines.indices.contains { line in
            if lines[line].contains("func `\(name)`") { return true }
            guard let found = lines[line].firstRange(of: "\"\(name)\"") else { return false }
            let before = lines[line][..<found.lowerBound].filter { $0 != " " }
            return before.hasSuffix("@Test(") || before.isEmpty && line > 0 && lines[line - 1].hasSuffix("@Test(")
        }
    }

    private static func imports(_ tokens: [Token]) -> [(module: String, line: Int)] {
        tokens.indices.compactMap { index in
            guard tokens[index].text == "import", var next = tokens[safe: index + 1] else { return nil }
            if kinds.contains(next.text) || ["func", "let", "var"].contains(next.text),
                let named = tokens[safe: index + 2]
            {
                next = named
            }
            return (next.text, tokens[index].line)
        }
    }

    /// A type declared in the file.
    struct Declaration {
        let name: String
        let line: Int
        let isVisible: Bool
    }

    private static func types(_ tokens: [Token]) -> [Declaration] {
        tokens.indices.compactMap { index in
            guard kinds.contains(tokens[index].text), let name = tokens[safe: index + 1],
                name.text.first?.isUppercase == true,
                !["import", "."].contains(tokens[safe: index - 1]?.text ?? "")
            else { return nil }
            var isVisible = false
            var before = index - 1
            while let token = tokens[safe: before], modifiers.contains(token.text) {
                if token.text == "package" || token.text == "public" { isVisible = true }
                before -= 1
            }
            return Declaration(name: name.text, line: tokens[index].line, isVisible: isVisible)
        }
    }

    /// The functions that have a body, with the lines from their first word to their closing brace.
    var functions: [(name: String, line: Int, length: Int)] {
        tokens.indices.compactMap { index in
            guard ["func", "init", "deinit", "subscript"].contains(tokens[index].text),
                tokens[safe: index - 1]?.text != ".", let end = bodyEnd(from: index + 1)
            else { return nil }
            let name = tokens[index].text == "func" ? tokens[safe: index + 1]?.text ?? "" : tokens[index].text
            return (name, tokens[index].line, tokens[end].line - tokens[index].line + 1)
        }
    }

    /// The index of the brace that closes the body, or nil when the declaration has none.
    private func bodyEnd(from start: Int) -> Int? {
        var brackets = 0
        var braces = 0
        for index in start..<tokens.count {
            switch tokens[index].text {
            case "(", "[": brackets += 1
            case ")", "]": brackets -= 1
            case "{" where brackets == 0: braces += 1
            case "}" where brackets == 0:
                braces -= 1
                if braces <= 0 { return braces == 0 ? index : nil }
            case "func", "init", "var", "let", "case", "struct", "enum", "class", "extension", "static", "subscript":
                if braces == 0 && brackets == 0 && index > start { return nil }
            default: break
            }
        }
        return nil
    }
}

extension Array {
    /// The element there, or nil outside the array.
    subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
