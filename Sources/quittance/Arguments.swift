import JSON

/// A command with everything its help says; the parser reads the same table, so that they cannot differ.
struct Command: Sendable {
    /// One or two words: `serve`, `merchant create`.
    let name: String
    /// One line, for the list of commands.
    let summary: String
    /// What it does, in whole sentences, already broken into lines.
    let about: String
    /// The words it takes after its options; `…` after the last one takes more.
    var operands: [String] = []
    let options: [Option]
    var examples: [String] = []
    let run: @Sendable (Arguments, Terminal) async throws -> Ending

    /// One option: `--name VALUE` or, without a value, a switch.
    struct Option: Sendable {
        let name: String
        var value: String?
        let about: String
        var isRepeatable = false
        /// Whether a switch becomes an option only with a value.
        var needsValue = true
    }
}

/// A command line that was read.
struct Arguments: Sendable {
    let command: Command
    private var values: [String: [String]] = [:]
    private(set) var operands: [String] = []

    /// What a command line asks for.
    enum Wish {
        case help(String)
        case run(Arguments)
    }

    private static let helps: Set<String> = ["--help", "-h"]

    /// Reads the words after the program's name. Throws `WrongUse`.
    static func parse(_ words: [String]) throws(WrongUse) -> Wish {
        guard let first = words.first else { return .help(Help.overview) }
        if first == "--version" { return try parse(["version"] + words.dropFirst()) }
        let isHelp = first == "help" || words.contains(where: helps.contains)
        let asked = words.filter { !helps.contains($0) }
        if isHelp { return .help(try help(on: first == "help" ? Array(asked.dropFirst()) : asked)) }
        let (command, rest) = try find(words)
        var arguments = Arguments(command: command)
        try arguments.read(rest)
        return .run(arguments)
    }

    private init(command: Command) { self.command = command }

    /// The help on what the words begin with: a command, a family of them, or nothing in particular.
    private static func help(on words: [String]) throws(WrongUse) -> String {
        guard let first = words.first, !first.hasPrefix("-") else { return Help.overview }
        if words.count == 1 || words[1].hasPrefix("-"), let text = Help.text(ofFamily: first) { return text }
        return Help.text(of: try find(words).0)
    }

    private static func find(_ words: [String]) throws(WrongUse) -> (Command, [String]) {
        for length in [2, 1] where words.count >= length {
            let name = words.prefix(length).joined(separator: " ")
            if let command = Command.all.first(where: { $0.name == name }) {
                return (command, Array(words.dropFirst(length)))
            }
        }
        let first = words[0]
        if first.hasPrefix("-") {
            throw unknown(
                "option", first, among: ["--help", "--version"],
                otherwise: "The command comes first, then its options: quittance COMMAND [OPTIONS].")
        }
        let family = Command.all.map(\.name).filter { $0.hasPrefix(first + " ") }
        guard !family.isEmpty else { throw unknown("command", first, among: Command.names) }
        let list = "There is: \(family.joined(separator: ", "))."
        guard words.count > 1, !words[1].hasPrefix("-") else {
            throw WrongUse("“\(first)” is not complete.", hint: list)
        }
        throw unknown("command", "\(first) \(words[1])", among: family, otherwise: list)
    }

    private mutating func read(_ words: [String]) throws(WrongUse) {
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("-"), word.count > 1 else {
                try take(operand: word)
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let option = command.options.first(where: { "--\($0.name)" == parts[0] }) else {
                throw Self.unknown(
                    "option", String(parts[0]), among: command.options.map { "--\($0.name)" } + ["--help"],
                    otherwise: "See “quittance \(command.name) --help”.")
            }
            let name = option.name
            guard values[name] == nil || option.isRepeatable else {
                throw WrongUse("--\(name) is there twice.")
            }
            if option.value == nil {
                guard parts.count == 1 else { throw WrongUse("--\(name) takes no value.") }
                values[name] = []
            } else if parts.count == 2 {
                values[name, default: []].append(String(parts[1]))
            } else if let value = rest.first, !value.hasPrefix("--") {
                rest = rest.dropFirst()
                values[name, default: []].append(value)
            } else if !option.needsValue {
                values[name] = []
            } else {
                throw WrongUse("--\(name) needs a value: --\(name) \(option.value ?? "").")
            }
        }
    }

    private mutating func take(operand word: String) throws(WrongUse) {
        let isOpen = command.operands.last?.hasSuffix("…") ?? false
        guard operands.count < command.operands.count || isOpen else {
            throw WrongUse(
                "“\(word)” is not expected here.", hint: "See “quittance \(command.name) --help”.")
        }
        operands.append(word)
    }

    private static func unknown(
        _ kind: String, _ word: String, among known: [String], otherwise hint: String? = nil
    ) -> WrongUse {
        let nearest = nearestName(to: word, among: known).map { "Did you mean “\($0)”?" }
        return WrongUse(
            "there is no \(kind) “\(word)”.", hint: nearest ?? hint ?? "See “quittance --help”.")
    }

    /// Whether a switch was given.
    func has(_ option: String) -> Bool { values[option] != nil }

    /// The value of an option.
    subscript(_ option: String) -> String? { values[option]?.first }

    /// All values of an option that may be repeated, or that holds several with commas between.
    func all(_ option: String) -> [String] {
        (values[option] ?? []).flatMap { $0.split(separator: ",").map { String($0) } }
    }

    /// The value of an option that must be there.
    func required(_ option: String) throws(WrongUse) -> String {
        guard let value = self[option], !value.isEmpty else {
            throw WrongUse("--\(option) is needed.", hint: "See “quittance \(command.name) --help”.")
        }
        return value
    }
}
