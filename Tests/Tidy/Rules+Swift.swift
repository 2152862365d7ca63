/// The rules, each a function from what is in the checkout to what is wrong with it.
enum Rules {
    /// Every rule for one Swift file.
    static func check(_ file: SwiftSource) -> [Finding] {
        imports(file) + forced(file) + exactNumbers(file) + unsafety(file) + names(file) + documented(file)
            + sizes(file)
    }

    static func imports(_ file: SwiftSource) -> [Finding] {
        guard let module = file.module else { return [] }
        guard let allowed = House.imports[module] else {
            return [Finding(file.path, "\(module) has no row in the import map (Tests/Tidy/House.swift)")]
        }
        let excepted = House.importExceptions[file.path] ?? []
        return file.imports.filter { !allowed.contains($0.module) && !excepted.contains($0.module) }
            .map { Finding(file.path, $0.line, "\(module) must not import \($0.module)") }
    }

    /// A C library is imported by one module, so that the places where C begins can be counted.
    static func owners(_ imports: [String: Set<String>]) -> [Finding] {
        let libraries = Set(imports.values.flatMap { $0 }).filter(isLibrary).subtracting([House.sharedLibrary])
        return libraries.sorted().compactMap { library in
            let owners = imports.filter { $0.value.contains(library) }.keys.sorted()
            return owners.count == 1 ? nil : Finding("Tests/Tidy/House.swift", "\(library) has owners \(owners)")
        }
    }

    /// Banned words, `try!`, `as!`, a forced unwrap: what may trap on input from outside.
    static func forced(_ file: SwiftSource) -> [Finding] {
        file.tokens.indices.compactMap { index in
            let token = file.tokens[index]
            if let instead = House.bannedWords[token.text] {
                return Finding(file.path, token.line, "\(token.text): \(instead)")
            }
            guard token.text == "!", token.touchesPrevious, token.next != 0x3d, index > 0 else { return nil }
            switch file.tokens[index - 1].text {
            case "try", "as": return Finding(file.path, token.line, "\(file.tokens[index - 1].text)! may trap")
            case ")", "]", "}": return Finding(file.path, token.line, "a forced unwrap may trap")
            case let word where isName(word): return Finding(file.path, token.line, "\(word)! may trap")
            default: return nil
            }
        }
    }

    private static func isName(_ text: String) -> Bool {
        text.first.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false
    }

    static func exactNumbers(_ file: SwiftSource) -> [Finding] {
        guard let module = file.module, House.exactModules.contains(module) else { return [] }
        return file.tokens.filter { House.inexactNumbers.contains($0.text) }
            .map { Finding(file.path, $0.line, "\($0.text) in \(module): money is exact") }
    }

    /// `unsafe` only at the C edge; `@unchecked` only with its reason beside it.
    static func unsafety(_ file: SwiftSource) -> [Finding] {
        var findings: [Finding] = []
        let isEdge = file.imports.contains { isLibrary($0.module) }
        if !file.isTest, !isEdge, House.unsafeFiles[file.path] == nil,
            let token = file.tokens.first(where: { $0.text == "unsafe" })
        {
            findings.append(Finding(file.path, token.line, "unsafe outside the C edge"))
        }
        for (index, token) in file.tokens.enumerated() where token.text == "unchecked" {
            guard file.tokens[safe: index - 1]?.text == "@" else { continue }
            let before = file.lines[safe: token.line - 2]?.drop { $0 == " " } ?? ""
            if file.lines[token.line - 1].contains("//") || before.hasPrefix("//") { continue }
            findings.append(Finding(file.path, token.line, "@unchecked without its reason beside it"))
        }
        return findings
    }

    /// `CSQLite`, `CLinux`; not `Crypto` or `Chains`.
    private static func isLibrary(_ module: String) -> Bool {
        module.first == "C" && module.dropFirst().first?.isUppercase == true
    }

    static func names(_ file: SwiftSource) -> [Finding] {
        file.types.flatMap { type in
            words(of: type.name).filter(House.emptyNames.contains).map {
                Finding(file.path, type.line, "\(type.name): \"\($0)\" says nothing; name what it is")
            }
        }
    }

    /// `["payment", "policy"]` for `PaymentPolicy`.
    static func words(of name: String) -> [String] {
        var words: [String] = []
        for character in name where character != "_" {
            if character.isUppercase || words.isEmpty { words.append("") }
            words[words.count - 1] += character.lowercased()
        }
        return words
    }

    /// Every type that other modules see says what it is.
    static func documented(_ file: SwiftSource) -> [Finding] {
        guard file.module != nil else { return [] }
        return file.types.filter { $0.isVisible && !hasDocumentation(file, above: $0.line) }
            .map { Finding(file.path, $0.line, "\($0.name) has no /// above it") } + documentedFunctions(file)
    }

    /// Functions that other modules see; an operator, and what a protocol asks for, are told of there.
    private static func documentedFunctions(_ file: SwiftSource) -> [Finding] {
        file.functions.filter { function in
            let words = (file.lines[safe: function.line - 1] ?? "").split(separator: " ")
            let isNamed = function.name.first.map { $0.isLetter || $0 == "_" } ?? false
            return words.prefix { $0 != "func" }.contains("package") && words.contains("func") && isNamed
                && !House.witnesses.contains(function.name) && !hasDocumentation(file, above: function.line)
        }.map { Finding(file.path, $0.line, "\($0.name) has no /// above it") }
    }

    private static func hasDocumentation(_ file: SwiftSource, above line: Int) -> Bool {
        var index = line - 2
        while let text = file.lines[safe: index]?.drop(while: { $0 == " " }) {
            if text.hasPrefix("///") || text.hasPrefix("*/") { return true }
            guard text.hasPrefix("@") || text.hasPrefix("//") || text.hasPrefix("#") else { return false }
            index -= 1
        }
        return false
    }

    static func sizes(_ file: SwiftSource) -> [Finding] {
        var findings: [Finding] = []
        if file.lineCount > House.linesPerFile {
            findings.append(Finding(file.path, "\(file.lineCount) lines, more than \(House.linesPerFile)"))
        }
        let lines = file.isTest ? House.linesPerFunctionInTests : House.linesPerFunction
        for function in file.functions where function.length > lines {
            let text = "\(function.name) has \(function.length) lines, more than \(lines)"
            findings.append(Finding(file.path, function.line, text))
        }
        let columns = file.isTest ? House.columnsInTests : House.columns
        for (index, line) in file.lines.enumerated() where line.utf8.count > columns && line.count > columns {
            if line.split(separator: " ").contains(where: { $0.utf8.count >= House.unbreakableWord }) { continue }
            findings.append(Finding(file.path, index + 1, "\(line.count) columns, more than \(columns)"))
        }
        return findings
    }
}
