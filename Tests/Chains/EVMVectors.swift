import Crypto
import Foundation
import JSON
import Platform
import Testing

@testable import Chains

/// What other people's code makes of the same things: `Vectors/evm.json`, by `Vectors/evm.py` beside it.
enum EVMVectors {
    private static let all = Result {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors/evm.json")
        return try JSON.parse(Array(Data(contentsOf: file)))
    }

    /// One part of it. Throws where the file or the part is missing.
    static func part(_ name: String) throws -> JSON { try #require(try all.get()[name]) }

    /// The elements of a part.
    static func rows(_ name: String) throws -> [JSON] { try #require(part(name).asArray) }
}

extension JSON {
    /// The bytes of hexadecimal text, with or without `0x`.
    func hexadecimal() throws -> [UInt8] {
        let text = try #require(asString)
        return try #require(Hex.decode(text.hasPrefix("0x") ? text.dropFirst(2) : text[...]))
    }

    func member(_ name: String) throws -> JSON { try #require(self[name]) }
    func element(_ place: Int) throws -> JSON { try #require(self[place]) }
    func elements() throws -> [JSON] { try #require(asArray) }
    func text() throws -> String { try #require(asString) }
    func count() throws -> Int { Int(try #require(asInt64)) }

    /// The same object with another member.
    func with(_ name: String, _ value: JSON?) throws -> JSON {
        var object = try #require(asObject)
        object[name] = value
        return .object(object)
    }
}
