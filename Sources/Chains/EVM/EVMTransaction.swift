package import Crypto
internal import JSON

/// A transaction (Yellow Paper, 4.3; EIP-2718, 2930, 1559, 4844, 7702; those that the OP Stack and Arbitrum
/// make themselves).
package struct EVMTransaction: Hashable, Sendable {
    package let hash: Hash256
    /// Its type, below 128; 0 for the oldest one, which is not written.
    package let kind: UInt8
    /// Nil for one that makes a contract, and for what a network does to itself.
    package let recipient: EVMAddress?
    /// Base units of the coin that go to `recipient`, if it succeeds.
    package let value: UInt256
    /// What the recipient's contract is called with.
    package let input: [UInt8]
    /// As the block's transactions root commits to it, and as the hash is of. Nil while it is not known.
    package let encoded: [UInt8]?
    /// Whether this program cannot read such bytes: recipient, value and input are a node's word then, which
    /// the hash does not cover, even where the bytes are known.
    package let isOpaque: Bool

    /// Why bytes are no transaction.
    package enum Flaw: Error, Hashable, Sendable {
        /// More of them than any transaction has.
        case tooLong
        /// A type that this program cannot read.
        case kind
        /// No list of the fields that a transaction of its type has.
        case form
    }

    /// Reads an encoded transaction. Never traps.
    package init(_ encoded: [UInt8]) throws(Flaw) {
        guard encoded.count <= EVMLimits.encodedBytes else { throw .tooLong }
        guard let first = encoded.first, first >= 0xc0 || (1..<0x80).contains(first) else { throw .form }
        kind = first < 0x80 ? first : 0
        guard let form = Self.forms[kind] else { throw .kind }
        let read: [RLP]?
        do throws(RLP.Flaw) {
            read = try RLP(first < 0x80 ? Array(encoded[1...]) : encoded).asList
        } catch {
            throw .form
        }
        guard let items = read, items.count == form.count, zip(form, items).allSatisfy({ $0.fits($1) }) else {
            throw .form
        }
        func item(_ field: Field) -> RLP? { form.firstIndex(of: field).map { items[$0] } }
        recipient = item(.recipient)?.asBytes.flatMap { EVMAddress($0) }
        value = item(.value)?.asUInt256 ?? .zero
        input = item(.input)?.asBytes ?? []
        (hash, self.encoded, isOpaque) = (Hash256(keccakOf: encoded), encoded, false)
    }

    /// Reads a transaction that a node tells of, and checks that its bytes have its name. One of a type that
    /// this program cannot read is opaque.
    ///
    /// - Parameter chain: the network's chain id, for nodes that leave it out.
    init(_ transaction: JSON, on chain: UInt64) throws(ChainFault) {
        let (name, kind) = (try transaction.hash("hash"), try transaction.kind())
        guard let form = Self.forms[kind] else {
            try self.init(opaque: transaction, name, kind)
            return
        }
        var items: [RLP] = []
        for field in form { items.append(try field.item(of: transaction, on: chain)) }
        let body = RLP.list(items).encoded
        let bytes = kind == 0 ? body : [kind] + body
        guard Hash256(keccakOf: bytes) == name else {
            // Polygon shows what its other chain did, and Optimism what was done before its second start, as
            // transactions of type 0 that nobody has signed.
            let isUnsigned = kind == 0 && items.suffix(3).allSatisfy { $0 == .bytes([]) }
            guard isUnsigned else { throw .malformed("a transaction under another name") }
            try self.init(opaque: transaction, name, kind)
            return
        }
        do throws(Flaw) {
            try self.init(bytes)
        } catch {
            throw .malformed("a transaction that is none: \(error)")
        }
    }

    private init(opaque transaction: JSON, _ name: Hash256, _ kind: UInt8) throws(ChainFault) {
        (hash, self.kind) = (name, kind)
        recipient = try transaction.optionalAddress("to")
        value = try transaction.optionalQuantity("value") ?? .zero
        input = try transaction.optionalData(["input", "data"]) ?? []
        (encoded, isOpaque) = (nil, true)
    }

    private init(_ opaque: EVMTransaction, encoded: [UInt8]) {
        (hash, kind, recipient) = (opaque.hash, opaque.kind, opaque.recipient)
        (value, input) = (opaque.value, opaque.input)
        (self.encoded, isOpaque) = (encoded, true)
    }

    /// The same by the bytes that a node shows for it (`eth_getRawTransactionByBlockHashAndIndex`), with
    /// which the block's root can be computed. Bytes that can be read are believed in everything: whoever
    /// told of the transaction may have called it another type, so that what it pays would be his word.
    /// Others leave it opaque. Throws for bytes of another name or type.
    package func encoded(as bytes: [UInt8]) throws(ChainFault) -> EVMTransaction {
        guard bytes.count <= EVMLimits.encodedBytes else {
            throw .malformed("a transaction without end")
        }
        guard let first = bytes.first, Hash256(keccakOf: bytes) == hash else {
            throw .malformed("a transaction under another name")
        }
        if let read = try? EVMTransaction(bytes) { return read }
        guard kind == (first < 0x80 ? first : 0) else {
            throw .malformed("a transaction of another type")
        }
        return EVMTransaction(self, encoded: bytes)
    }
}
