/// What the command line asks for.
struct Options: Sendable {
    /// Losses of power, in whole batches.
    var images = 1_000_000
    var seed: UInt64 = 1
    /// Threads.
    var jobs = 2
    /// Where its progress is kept, and the locks of its databases lie.
    var folder = ".cache/soak"

    static let imagesPerBatch = 1_000
    static let usage = """
        usage: soak images [--images N] [--seed S] [--jobs N] [--folder PATH]
          --images N    disks as a loss of power leaves them (1000000)
          --seed S      another seed, other losses (1)
          --jobs N      threads (2)
          --folder PATH where it keeps how far it is (.cache/soak)
        """

    var batches: Int { (images + Self.imagesPerBatch - 1) / Self.imagesPerBatch }
    var progressFile: String { "\(folder)/images-\(seed)" }

    /// Nil where the words make no sense.
    init?(_ words: [String]) {
        var words = words[...]
        guard words.popFirst() == "images" else { return nil }
        while let word = words.popFirst() {
            guard let value = words.popFirst() else { return nil }
            switch word {
            case "--images":
                guard let count = Int(value), (1...1_000_000_000).contains(count) else { return nil }
                images = count
            case "--seed":
                guard let number = UInt64(value) else { return nil }
                seed = number
            case "--jobs":
                guard let count = Int(value), (1...256).contains(count) else { return nil }
                jobs = count
            case "--folder": folder = value
            default: return nil
            }
        }
    }
}
