/// What the command line asks for.
struct Options: Sendable {
    /// Payments that are stored before the rows that ask for many.
    var stored = 1_000_000
    /// How long each measured row runs.
    var seconds: Int64 = 3
    /// Where databases are made: a disk, not memory, or durability costs nothing.
    var folder = "."
    var rows: Set<Row> = Set(Row.allCases)

    /// What can be measured by itself.
    enum Row: String, CaseIterable, Sendable {
        case disk, create, get, webhooks, scan, flat
    }

    static let usage = """
        usage: bench [--stored N] [--seconds N] [--folder PATH] [ROW …]
          --stored N    payments stored before the rows that ask for many (1000000)
          --seconds N   how long each row runs (3)
          --folder PATH where databases are made: on a real disk (the current folder)
          ROW           disk, create, get, webhooks, scan, flat; all of them unless some are named

        """

    /// Nil where the words make no sense.
    init?(_ words: [String]) {
        var words = words[...]
        var named: Set<Row> = []
        while let word = words.popFirst() {
            if let row = Row(rawValue: word) {
                named.insert(row)
                continue
            }
            guard let value = words.popFirst() else { return nil }
            switch word {
            case "--stored":
                guard let count = Int(value), count >= 0 else { return nil }
                stored = count
            case "--seconds":
                guard let count = Int64(value), (1...600).contains(count) else { return nil }
                seconds = count
            case "--folder": folder = value
            default: return nil
            }
        }
        if !named.isEmpty { rows = named }
    }
}
