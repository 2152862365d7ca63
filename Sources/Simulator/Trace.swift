import Crypto
import Platform

/// All that happened in one run, as one hash, and the last of it in words.
///
/// Two runs of one seed must have the same hash: then nothing in them came from anywhere but the seed.
struct Trace {
    private var hash = [UInt8](repeating: 0, count: SHA256.digestSize)
    private var waiting: [UInt8] = []
    private(set) var lines: [String] = []

    /// Notes one line.
    mutating func add(_ line: String) {
        lines.append(line)
        if lines.count >= 2 * Limits.tracedActs { lines.removeFirst(Limits.tracedActs) }
        add(Array(line.utf8))
    }

    /// Notes bytes that nobody will read.
    mutating func add(_ bytes: [UInt8]) {
        waiting += bytes
        waiting.append(0)
        if waiting.count >= Limits.traceBytes { fold() }
    }

    /// The hash of all so far, in hexadecimal.
    var digest: String {
        var copy = self
        copy.fold()
        return Hex.encode(copy.hash)
    }

    private mutating func fold() {
        hash = SHA256.hash(hash + waiting)
        waiting.removeAll(keepingCapacity: true)
    }
}
