import Crypto

@testable import Chains

/// A small serializer of its own, so that the parser is not tested against itself.
struct ByteWriter {
    var bytes: [UInt8] = []

    mutating func little(_ value: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func size(_ value: Int) {
        switch value {
        case ..<0xfd: bytes.append(UInt8(value))
        case ..<0x1_0000:
            bytes.append(0xfd)
            little(UInt16(value))
        default:
            bytes.append(0xfe)
            little(UInt32(value))
        }
    }

    mutating func sized(_ content: [UInt8]) {
        size(content.count)
        bytes += content
    }
}

/// The same numbers from the same seed, on every machine (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}

/// A transaction to be serialised.
struct SampleTransaction {
    var inputs: [(transaction: [UInt8], index: UInt32, script: [UInt8], sequence: UInt32)] = []
    var outputs: [(value: UInt64, script: [UInt8])] = []
    var witnesses: [[[UInt8]]] = []
    /// nil: no flag. Empty: the HogEx. Else the extension part behind its presence byte.
    var extensionPart: [UInt8]?
    var lockTime: UInt32 = 0

    /// What the id is the hash of.
    var core: [UInt8] { serialised(full: false) }

    var bytes: [UInt8] { serialised(full: true) }

    var id: Hash256 { Hash256(sha256dOf: core.span) }

    private func serialised(full: Bool) -> [UInt8] {
        var writer = ByteWriter()
        writer.little(UInt32(2))
        let flags: UInt8 = (witnesses.isEmpty ? 0 : 1) | (extensionPart == nil ? 0 : 8)
        if full, flags != 0 { writer.bytes += [0, flags] }
        writer.size(inputs.count)
        for input in inputs {
            writer.bytes += input.transaction
            writer.little(input.index)
            writer.sized(input.script)
            writer.little(input.sequence)
        }
        writer.size(outputs.count)
        for output in outputs {
            writer.little(output.value)
            writer.sized(output.script)
        }
        if full {
            for witness in witnesses {
                writer.size(witness.count)
                for item in witness { writer.sized(item) }
            }
            if let extensionPart { writer.bytes += extensionPart.isEmpty ? [0] : [1] + extensionPart }
        }
        writer.little(lockTime)
        return writer.bytes
    }

    static func coinbase(height: UInt32, script: [UInt8]) -> SampleTransaction {
        var writer = ByteWriter(bytes: [4])
        writer.little(height)
        return SampleTransaction(
            inputs: [([UInt8](repeating: 0, count: 32), .max, writer.bytes, .max)],
            outputs: [(5_000_000_000, script)], witnesses: [[[UInt8](repeating: 0, count: 32)]])
    }

    /// One to three inputs, one to four outputs of the usual kinds, with witnesses two times out of three.
    static func random(using generator: inout SeededGenerator) -> SampleTransaction {
        var sample = SampleTransaction()
        let isSegwit = UInt8.random(in: 0..<3, using: &generator) > 0
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let script = isSegwit ? [] : generator.bytes(107)
            sample.inputs.append(
                (generator.bytes(32), .random(in: 0...9, using: &generator), script, .max - 2))
            if isSegwit { sample.witnesses.append([generator.bytes(72), generator.bytes(33)]) }
        }
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let hash = generator.bytes(20)
            let script: [UInt8] =
                switch UInt8.random(in: 0..<4, using: &generator) {
                case 0: Script.payToKeyHash(hash).bytes
                case 1: Script.payToScriptHash(hash).bytes
                case 2: [0, 20] + hash
                default: [0x51, 32] + hash + hash[..<12]
                }
            sample.outputs.append((.random(in: 546...10_000_000_000, using: &generator), script))
        }
        return sample
    }
}

/// A block to be serialised; its Merkle root is computed by a plain recursion over the ids.
struct SampleBlock {
    var transactions: [SampleTransaction]
    var suffix: [UInt8] = []
    var bits: UInt32 = 0x207f_ffff
    var previous = [UInt8](repeating: 7, count: 32)
    var nonce: UInt32 = 0

    var hash: Hash256 { Hash256(sha256dOf: Array(bytes.prefix(BlockHeader.size)).span) }

    /// With the first number that makes it a block on regtest.
    func mined() throws -> SampleBlock {
        var block = self
        while try !BlockHeader(Array(block.bytes.prefix(BlockHeader.size))).hasProofOfWork(on: .bitcoinRegtest) {
            block.nonce += 1
        }
        return block
    }

    var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.little(UInt32(0x2000_0000))
        writer.bytes += previous
        writer.bytes += Self.root(transactions.map(\.id.bytes))
        writer.little(UInt32(1_700_000_000))
        writer.little(bits)
        writer.little(nonce)
        writer.size(transactions.count)
        for transaction in transactions { writer.bytes += transaction.bytes }
        return writer.bytes + suffix
    }

    static func root(_ ids: [[UInt8]]) -> [UInt8] {
        guard ids.count > 1 else { return ids.first ?? [] }
        let even = ids.count.isMultiple(of: 2) ? ids : ids + ids.suffix(1)
        return root(stride(from: 0, to: even.count, by: 2).map { sha256d(even[$0] + even[$0 + 1]) })
    }

    /// A coinbase and `count` - 1 other transactions.
    static func random(count: Int, seed: UInt64) -> SampleBlock {
        var generator = SeededGenerator(state: seed)
        let script = Script.payToKeyHash(generator.bytes(20)).bytes
        let others = (1..<count).map { _ in SampleTransaction.random(using: &generator) }
        return SampleBlock(transactions: [.coinbase(height: 840_000, script: script)] + others)
    }
}

/// The extension block in all its optional fields.
enum SampleExtension {
    static func body(using generator: inout SeededGenerator) -> [UInt8] {
        var writer = ByteWriter()
        writer.size(2)  // inputs: plain, and with stealth key and extra data
        writer.bytes += [0] + generator.bytes(32 + 33 + 33 + 64)
        writer.bytes += [3] + generator.bytes(32 + 33 + 33 + 33)
        writer.sized(generator.bytes(5))
        writer.bytes += generator.bytes(64)
        writer.size(2)  // outputs: standard, and with extra data only
        writer.bytes += generator.bytes(33 + 33 + 33) + [1] + generator.bytes(33 + 1 + 8 + 16 + 675 + 64)
        writer.bytes += generator.bytes(33 + 33 + 33) + [2]
        writer.sized(generator.bytes(9))
        writer.bytes += generator.bytes(675 + 64)
        writer.size(2)  // kernels: everything, and nothing
        writer.bytes += [0x3f, 0x80, 0x7f, 0x05]  // fee 255, pegged in 5
        writer.size(1)
        writer.bytes.append(0x11)
        writer.sized([0, 20] + generator.bytes(20))
        writer.bytes += [0x96, 0x00] + generator.bytes(33)
        writer.sized(generator.bytes(3))
        writer.bytes += generator.bytes(33 + 64)
        writer.bytes += [0] + generator.bytes(33 + 64)
        return writer.bytes
    }

    static func transactionPart(using generator: inout SeededGenerator) -> [UInt8] {
        generator.bytes(64) + body(using: &generator)
    }

    /// With its presence byte.
    static func block(using generator: inout SeededGenerator) -> [UInt8] {
        [1, 0x91, 0x10] + generator.bytes(32 * 5) + [0x81, 0x00, 0x02] + body(using: &generator)
    }
}
