internal import Crypto
internal import JSON
internal import Platform

/// Reads values of Ethereum's JSON-RPC out of a node's answer: quantities, and data of known and unknown
/// length. What is missing or in another form is a fault of the node. A member that is `null` is absent.
extension JSON {
    /// The first of those members that is there.
    func member(_ names: [String]) -> JSON? {
        for name in names {
            if let member = self[name], !member.isNull { return member }
        }
        return nil
    }

    /// A quantity; throws where there is none.
    func quantity(_ names: String...) throws(ChainFault) -> UInt256 {
        guard let value = try optionalQuantity(names) else { throw .malformed("no \(names[0])") }
        return value
    }

    /// A quantity; nil where the member is absent.
    func optionalQuantity(_ name: String) throws(ChainFault) -> UInt256? { try optionalQuantity([name]) }

    func optionalQuantity(_ names: [String]) throws(ChainFault) -> UInt256? {
        guard let text = member(names)?.asString else {
            guard member(names) == nil else { throw .malformed("a \(names[0]) that is no quantity") }
            return nil
        }
        // No digits at all, for 0: old nodes write it so. What is read here is hashed, or its node's word.
        if text == "0x" { return .zero }
        guard let value = UInt256(quantity: text) else {
            throw .malformed("a \(names[0]) that is no quantity")
        }
        return value
    }

    /// A quantity below 2⁶⁴.
    func number(_ name: String) throws(ChainFault) -> UInt64 {
        guard let number = try quantity(name).asUInt64 else {
            throw .malformed("a \(name) beyond all others")
        }
        return number
    }

    /// The type of a transaction or of its receipt (EIP-2718), 0 where none is said.
    func kind() throws(ChainFault) -> UInt8 {
        guard let kind = try optionalQuantity("type") else { return 0 }
        guard let kind = kind.asUInt64, kind < 0x80 else { throw .malformed("a type that is none") }
        return UInt8(kind)
    }

    /// Data of any length up to what an answer has.
    func data(_ names: String...) throws(ChainFault) -> [UInt8] {
        guard let data = try optionalData(names) else { throw .malformed("no \(names[0])") }
        return data
    }

    /// Data; nil where the member is absent.
    func optionalData(_ names: [String]) throws(ChainFault) -> [UInt8]? {
        guard let member = member(names) else { return nil }
        guard let data = member.asData else { throw .malformed("a \(names[0]) that is no data") }
        return data
    }

    /// Data of `count` bytes.
    func data(_ name: String, of count: Int) throws(ChainFault) -> [UInt8] {
        let data = try data(name)
        guard data.count == count else { throw .malformed("a \(name) of another length") }
        return data
    }

    func hash(_ name: String) throws(ChainFault) -> Hash256 {
        guard let hash = Hash256(try data(name)) else { throw .malformed("a \(name) that is no hash") }
        return hash
    }

    func address(_ name: String) throws(ChainFault) -> EVMAddress {
        guard let address = try optionalAddress(name) else { throw .malformed("no \(name)") }
        return address
    }

    /// An address; nil where the member is absent.
    func optionalAddress(_ name: String) throws(ChainFault) -> EVMAddress? {
        guard let data = try optionalData([name]) else { return nil }
        guard let address = EVMAddress(data) else { throw .malformed("a \(name) that is no address") }
        return address
    }

    /// The elements of a list; throws where there is none, or a longer one than `most`.
    func list(_ name: String, most: Int) throws(ChainFault) -> [JSON] {
        guard let list = try optionalList(name, most: most) else { throw .malformed("no \(name)") }
        return list
    }

    /// The elements of a list; nil where the member is absent. Throws for a longer one than `most`.
    func optionalList(_ name: String, most: Int) throws(ChainFault) -> [JSON]? {
        guard let member = member([name]) else { return nil }
        guard let list = member.asArray else { throw .malformed("a \(name) that is no list") }
        guard list.count <= most else { throw .malformed("\(name) without end") }
        return list
    }

    /// `0x` and two hexadecimal digits a byte.
    var asData: [UInt8]? {
        guard let text = asString, text.utf8.starts(with: "0x".utf8) else { return nil }
        return Hex.decode(utf8: Array(text.utf8.dropFirst(2))[...])
    }
}
