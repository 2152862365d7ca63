import Platform

/// What the command line asks for.
struct Options: Sendable {
    /// What is to be done, and how much of it in all.
    var goals: [Work: Int] = [.kills: 1_000_000, .images: 1_000_000, .payments: 10_000_000]
    /// Nil for the one that the state has, or else one by chance.
    var seed: UInt64?
    /// Threads.
    var jobs = 2
    /// Where its state is kept, and the files of its worlds lie; nil for the usual place.
    var folder: String?
    /// What the program was built from.
    var build = "unknown"

    static let usage = """
        usage: soak [kills] [images] [payments] [options]     all three without a name
          --kills N     crashes at moments of the canonical scenarios (1000000)
          --images N    disks as a loss of power leaves them (1000000)
          --payments N  simulated payments (10000000)
          --seed S      where to begin (by chance; one that has begun goes on with its own)
          --jobs N      threads (2)
          --folder PATH where it keeps how far it is (quittance/soak in XDG_CACHE_HOME, or in ~/.cache)
          --build NAME  what the program was built from
        """

    /// Nil where the words make no sense.
    init?(_ words: [String]) {
        var words = words[...]
        var chosen: Set<Work> = []
        while let word = words.popFirst() {
            if let work = Work(rawValue: word) {
                chosen.insert(work)
                continue
            }
            guard let value = words.popFirst() else { return nil }
            switch word {
            case "--seed":
                guard let number = UInt64(value), number < 1 << 62 else { return nil }
                seed = number
            case "--jobs":
                guard let count = Int(value), (1...256).contains(count) else { return nil }
                jobs = count
            case "--folder": folder = value
            case "--build": build = value
            default:
                guard word.hasPrefix("--"), let work = Work(rawValue: String(word.dropFirst(2))),
                    let count = Int(value), (0...1_000_000_000).contains(count)
                else { return nil }
                goals[work] = count
            }
        }
        if !chosen.isEmpty { goals = goals.filter { chosen.contains($0.key) } }
    }

    /// The folder that was asked for, or the usual one; nil where this user has no home.
    var place: String? {
        if let folder { return folder }
        let variables = Environment.variables
        let caches = variables["XDG_CACHE_HOME"] ?? variables["HOME"].map { $0 + "/.cache" }
        return caches.map { $0 + "/quittance/soak" }
    }
}
