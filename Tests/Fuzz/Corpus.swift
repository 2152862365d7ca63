import Foundation
import Platform

/// The inputs that are kept of each target: a line of hexadecimal digits for each, in `corpus`.
enum Corpus {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "corpus")

    /// Those of a target. Throws where the file is missing or holds something else.
    static func inputs(of target: FuzzTarget) throws -> [[UInt8]] {
        let text = try String(contentsOf: folder.appending(path: "\(target.name).hex"), encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            guard let bytes = Hex.decode(line) else { throw Flaw("\(target.name).hex has a line that is none") }
            return bytes
        }
    }

    /// The targets that inputs are kept of.
    static func names() throws -> Set<String> {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return Set(files.map { String($0.prefix { $0 != "." }) })
    }
}

/// Changes inputs as a fuzzer would, the same way for the same seed.
struct Mutator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    /// One of the inputs with up to four changes.
    mutating func mutant(of inputs: [[UInt8]], _ target: FuzzTarget) -> [UInt8] {
        var bytes = inputs.randomElement(using: &self) ?? []
        for _ in 0..<Int.random(in: 1...4, using: &self) { change(&bytes, inputs, target) }
        return Array(bytes.prefix(target.most))
    }

    private mutating func change(_ bytes: inout [UInt8], _ inputs: [[UInt8]], _ target: FuzzTarget) {
        let place = Int.random(in: 0...bytes.count, using: &self)
        let end = min(bytes.count, place + Int.random(in: 0...16, using: &self))
        switch Int.random(in: 0..<8, using: &self) {
        case 0: if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self) }
        case 1: if place < bytes.count { bytes[place] = .random(in: 0...255, using: &self) }
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 4: bytes.insert(contentsOf: Array((target.words.randomElement(using: &self) ?? "").utf8), at: place)
        case 5:
            let other = inputs.randomElement(using: &self) ?? []
            bytes.replaceSubrange(place..., with: other.dropFirst(min(place, other.count)))
        case 6:
            if place < bytes.count {
                bytes[place] = [0, 1, 0x20, 0x2d, 0x30, 0x7f, 0x80, 0xfc, 0xfd, 0xff].randomElement(using: &self) ?? 0
            }
        default: bytes.removeSubrange(place...)
        }
    }
}
