import Platform

/// Where the program talks to people: answers on standard output, everything else on standard error.
struct Terminal: Sendable {
    /// Take whole texts, without the last line's end.
    private let out: @Sendable (String) -> Void
    private let err: @Sendable (String) -> Void
    /// The environment's variables.
    let variables: [String: String]
    /// How many bytes are free where a folder is.
    let freeBytes: @Sendable (String) throws -> UInt64
    /// Whether a person watches: then progress is shown.
    let isWatched: Bool

    init() {
        out = { Environment.print($0) }
        err = { Environment.complain($0) }
        variables = Environment.variables
        freeBytes = { try Files.freeBytes(in: $0) }
        isWatched = Environment.hasTerminal
    }

    /// For tests: what would be printed goes to these functions, and their machine has room.
    init(
        variables: [String: String],
        freeBytes: @escaping @Sendable (String) throws -> UInt64 = { _ in 1 << 40 },
        out: @escaping @Sendable (String) -> Void,
        err: @escaping @Sendable (String) -> Void
    ) {
        self.out = out
        self.err = err
        self.variables = variables
        self.freeBytes = freeBytes
        isWatched = false
    }

    func say(_ text: String) { out(text) }

    /// One line that holds what somebody else wrote, in a file or a database: nothing in it ends the line or
    /// tells the terminal anything.
    func sayLine(_ text: String) { out(Self.shown(text)) }

    /// A text with all that cannot be seen written out.
    static func shown(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate:
                shown.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            default: shown.append(scalar)
            }
        }
        return String(shown)
    }
    func complain(_ text: String) { err(text) }

    /// A word as a shell takes it.
    static func quoted(_ word: String) -> String {
        let isPlain = !word.isEmpty && word.utf8.allSatisfy { byte in
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-./:=,@%+".utf8.contains(byte)
        }
        return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }

    /// One step of long work: a line in a log, nothing that scrolls a terminal away.
    func progress(_ text: String) { if isWatched { err(text) } }
}
