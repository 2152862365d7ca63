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

    /// Reads the words after the program's name. Throws `WrongUse`.
    static func parse(_ words: [String]) throws(WrongUse) -> Wish {
        guard let first = words.first else { return .help(Help.overview) }
        if ["--help", "-h", "help"].contains(first), words.count == 1 { return .help(Help.overview) }
        if first == "--version" { return try parse(["version"] + words.dropFirst()) }
        if first == "help" { return try parse(Array(words.dropFirst()) + ["--help"]) }
        let (command, rest) = try find(words)
        if rest.contains("--help") || rest.contains("-h") { return .help(Help.text(of: command)) }
        var arguments = Arguments(command: command)
        try arguments.read(rest)
        return .run(arguments)
    }

    private init(command: Command) { self.command = command }

    private static func find(_ words: [String]) throws(WrongUse) -> (Command, [String]) {
        for length in [2, 1] where words.count >= length {
            let name = words.prefix(length).joined(separator: " ")
            if let command = Command.all.first(where: { $0.name == name }) {
                return (command, Array(words.dropFirst(length)))
            }
        }
        let family = Command.all.map(\.name).filter { $0.hasPrefix(words[0] + " ") }
        if !family.isEmpty {
            throw WrongUse(
                "“\(words[0])” is not complete.", hint: "There is: \(family.joined(separator: ", ")).")
        }
        throw unknown("command", words[0], among: Command.all.map(\.name))
    }

    private mutating func read(_ words: [String]) throws(WrongUse) {
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--"), word.count > 2 else {
                try take(operand: word)
                continue
            }
            let parts = word.dropFirst(2).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let option = command.options.first(where: { $0.name == name }) else {
                throw Self.unknown("option", "--\(name)", among: command.options.map { "--\($0.name)" })
            }
            guard values[name] == nil || option.isRepeatable else {
                throw WrongUse("--\(name) is there twice.")
            }
            if option.value == nil {
                guard parts.count == 1 else { throw WrongUse("--\(name) takes no value.") }
                values[name] = []
            } else if parts.count == 2 {
                values[name, default: []].append(String(parts[1]))
            } else if !option.needsValue, rest.first?.hasPrefix("--") ?? true {
                values[name] = []
            } else if let value = rest.popFirst() {
                values[name, default: []].append(value)
            } else {
                throw WrongUse("--\(name) needs a value: --\(name) \(option.value ?? "").")
            }
        }
    }

    private mutating func take(operand word: String) throws(WrongUse) {
        let isOpen = command.operands.last?.hasSuffix("…") ?? false
        guard operands.count < command.operands.count || isOpen, !word.hasPrefix("-") || word == "-" else {
            throw WrongUse(
                "“\(word)” is not expected here.", hint: "See “quittance \(command.name) --help”.")
        }
        operands.append(word)
    }

    private static func unknown(_ kind: String, _ word: String, among known: [String]) -> WrongUse {
        let hint = nearestName(to: word, among: known).map { "Did you mean “\($0)”?" }
        return WrongUse("there is no \(kind) “\(word)”.", hint: hint ?? "See “quittance --help”.")
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
