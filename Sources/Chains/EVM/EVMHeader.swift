package import Crypto
internal import JSON

/// The header of a block (Yellow Paper, 4.3; fields were added at its end by EIP-1559, 4895, 4844, 4788,
/// 7685, 7928 and 7843). Its hash is the block's name: a header that hashes to it is the block's.
package struct EVMHeader: Hashable, Sendable {
    package let hash: Hash256
    package let parent: Hash256
    /// The block's height, below 2⁵³.
    package let number: UInt64
    /// Seconds since 1970, below 2⁴⁰; never before the parent's.
    package let time: UInt64
    package let transactionsRoot: Hash256
    package let receiptsRoot: Hash256
    package let bloom: Bloom
    /// What the hash is of. Nil for an opaque header, of a network that hashes other fields: all of it is the
    /// word of the node that told of it, the roots too.
    package let encoded: [UInt8]?

    /// Why bytes are no header.
    package enum Flaw: Error, Hashable, Sendable {
        /// More of them than any header has.
        case tooLong
        /// No list of the fields that a header has.
        case fields
        /// A height or a time beyond all others.
        case beyond
    }

    /// Reads an encoded header. Never traps.
    package init(_ encoded: [UInt8]) throws(Flaw) {
        guard encoded.count <= EVMLimits.headerBytes else { throw .tooLong }
        let read: [RLP]?
        do throws(RLP.Flaw) { read = try RLP(encoded, mostItems: 64).asList } catch { throw .fields }
        guard let items = read, items.count >= Self.first.count, items.count <= Self.fields.count else {
            throw .fields
        }
        for (place, (item, field)) in zip(items, Self.fields).enumerated() {
            // One of the later fields is empty where only those behind it are there.
            let isLeftOut = place >= Self.first.count && place < items.count - 1 && item == .bytes([])
            guard isLeftOut || field.form.fits(item) else { throw .fields }
        }
        guard let parent = items[0].asBytes.flatMap({ Hash256($0) }),
            let transactionsRoot = items[4].asBytes.flatMap({ Hash256($0) }),
            let receiptsRoot = items[5].asBytes.flatMap({ Hash256($0) }),
            let bloom = items[6].asBytes.flatMap({ Bloom($0) })
        else { throw .fields }
        guard let number = items[8].asUInt64, number < EVMLimits.height, let time = items[11].asUInt64,
            time < EVMLimits.seconds
        else { throw .beyond }
        hash = Hash256(keccakOf: encoded)
        (self.parent, self.number, self.time, self.bloom) = (parent, number, time, bloom)
        (self.transactionsRoot, self.receiptsRoot, self.encoded) = (transactionsRoot, receiptsRoot, encoded)
    }

    /// Reads a block that a node tells of, and checks that its header is the one of the block's name.
    init(_ block: JSON) throws(ChainFault) {
        let encoded = try Self.items(of: block)
        do throws(Flaw) {
            try self.init(RLP.list(encoded).encoded)
        } catch {
            throw .malformed("a header that is none: \(error)")
        }
        guard try block.hash("hash") == hash else { throw .malformed("a header of another block") }
    }

    /// Reads a block of a network that hashes other fields, and believes its node.
    init(opaque block: JSON) throws(ChainFault) {
        (hash, parent) = try (block.hash("hash"), block.hash("parentHash"))
        (number, time) = try (block.number("number"), block.number("timestamp"))
        guard number < EVMLimits.height, time < EVMLimits.seconds else {
            throw .malformed("a height or a time beyond all others")
        }
        (transactionsRoot, receiptsRoot) = try (block.hash("transactionsRoot"), block.hash("receiptsRoot"))
        guard let bloom = Bloom(try block.data("logsBloom")) else { throw .malformed("a bloom that is none") }
        (self.bloom, encoded) = (bloom, nil)
    }
}

// MARK: Fields

extension EVMHeader {
    private struct Field {
        /// Its name in Ethereum's JSON-RPC.
        let name: String
        let form: Form
    }

    private enum Form {
        case number
        case bytes(Int)
        case anyBytes

        func fits(_ item: RLP) -> Bool {
            switch self {
            case .number: item.asUInt256 != nil
            case .bytes(let count): item.asBytes?.count == count
            case .anyBytes: item.asBytes != nil
            }
        }
    }

    /// Those that every header has.
    private static let first: [Field] = [
        Field(name: "parentHash", form: .bytes(32)), Field(name: "sha3Uncles", form: .bytes(32)),
        Field(name: "miner", form: .bytes(20)), Field(name: "stateRoot", form: .bytes(32)),
        Field(name: "transactionsRoot", form: .bytes(32)), Field(name: "receiptsRoot", form: .bytes(32)),
        Field(name: "logsBloom", form: .bytes(Bloom.size)), Field(name: "difficulty", form: .number),
        Field(name: "number", form: .number), Field(name: "gasLimit", form: .number),
        Field(name: "gasUsed", form: .number), Field(name: "timestamp", form: .number),
        Field(name: "extraData", form: .anyBytes), Field(name: "mixHash", form: .bytes(32)),
        Field(name: "nonce", form: .bytes(8)),
    ]

    /// Those that came later, through Amsterdam.
    private static let later: [Field] = [
        Field(name: "baseFeePerGas", form: .number), Field(name: "withdrawalsRoot", form: .bytes(32)),
        Field(name: "blobGasUsed", form: .number), Field(name: "excessBlobGas", form: .number),
        Field(name: "parentBeaconBlockRoot", form: .bytes(32)), Field(name: "requestsHash", form: .bytes(32)),
        Field(name: "blockAccessListHash", form: .bytes(32)), Field(name: "slotNumber", form: .number),
    ]

    private static let fields = first + later

    /// The fields of a block that a node tells of, as they are hashed.
    static func items(of block: JSON) throws(ChainFault) -> [RLP] {
        var items: [RLP] = []
        for field in first { items.append(try item(field, of: block)) }
        // A network may have left one out; it stands empty before those that it has.
        let last = later.lastIndex { block.member([$0.name]) != nil } ?? -1
        for field in later.prefix(last + 1) {
            items.append(block.member([field.name]) == nil ? .bytes([]) : try item(field, of: block))
        }
        return items
    }

    private static func item(_ field: Field, of block: JSON) throws(ChainFault) -> RLP {
        switch field.form {
        case .number: .bytes(try block.quantity(field.name).bytes)
        case .bytes(let count): .bytes(try block.data(field.name, of: count))
        case .anyBytes: .bytes(try block.data(field.name))
        }
    }
}
