import Chains
import Crypto

/// A transaction of a simulated network, whole: what it spends, what it pays, and its bytes.
struct TrueTransaction: Sendable {
    /// An output of an earlier transaction. Customers have as many coins as they like, so most are invented.
    struct Place: Hashable, Sendable {
        let transaction: Hash256
        let index: UInt32
    }

    struct Output: Hashable, Sendable {
        /// Base units.
        let value: UInt64
        let script: [UInt8]
    }

    let inputs: [Place]
    let outputs: [Output]
    let bytes: [UInt8]
    let id: Hash256

    /// A transaction that spends `inputs`; a coinbase when there are none, told apart by `height`.
    init(inputs: [Place], outputs: [Output], height: UInt64 = 0, tag: UInt64 = 0) {
        self.inputs = inputs
        self.outputs = outputs
        var writer = WireWriter()
        writer.little(UInt32(2))
        if inputs.isEmpty {
            writer.size(1)
            writer.bytes += [UInt8](repeating: 0, count: 32)
            writer.little(UInt32.max)
            // BIP 34 wants the height; what follows makes the coinbases of two branches differ.
            var script = WireWriter()
            script.bytes.append(8)
            script.little(height)
            script.bytes.append(8)
            script.little(tag)
            writer.sized(script.bytes)
            writer.little(UInt32.max)
        } else {
            writer.size(inputs.count)
            for input in inputs {
                writer.bytes += input.transaction.bytes
                writer.little(input.index)
                writer.sized([])
                writer.little(UInt32.max - 2)  // replaceable (BIP 125)
            }
        }
        writer.size(outputs.count)
        for output in outputs {
            writer.little(output.value)
            writer.sized(output.script)
        }
        writer.little(UInt32(0))
        let bytes = writer.bytes
        self.bytes = bytes
        id = Hash256(sha256dOf: bytes.span)
    }

    /// The places of its outputs.
    func place(_ index: Int) -> Place { Place(transaction: id, index: UInt32(index)) }
}

/// Writes the wire format of Bitcoin's kind. Apart from the reader in Chains, so that each checks the other.
struct WireWriter {
    var bytes: [UInt8] = []

    mutating func little(_ value: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// A compact size.
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
