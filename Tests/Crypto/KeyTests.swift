import Platform
import Testing

@testable import Crypto

@Suite("Keys and signatures")
struct KeyTests {
    @Test("extended public keys read, print and know their depth", arguments: extendedKeyVectors)
    func roundTrip(vector: Int, path: String, text: String) throws {
        let key = try ExtendedPublicKey(parsing: text)
        let steps = path.split(separator: "/").dropFirst()
        #expect(key.text == text)
        #expect(key.version == .xpub)
        #expect(Int(key.depth) == steps.count)
        if let last = steps.last {
            let number = try #require(UInt32(last.prefix { $0 != "h" }))
            #expect(key.childNumber == number + (last.hasSuffix("h") ? ExtendedPublicKey.hardenedOffset : 0))
        }
    }

    @Test("public derivation gives the vectors' children, hardened ones are refused")
    func children() throws {
        var derived = 0
        for (parent, child) in zip(extendedKeyVectors, extendedKeyVectors.dropFirst())
        where parent.vector == child.vector {
            let key = try ExtendedPublicKey(parsing: parent.text)
            let expected = try ExtendedPublicKey(parsing: child.text)
            #expect(expected.parentFingerprint == key.fingerprint)
            if expected.childNumber >= ExtendedPublicKey.hardenedOffset {
                #expect(throws: ExtendedKeyError.hardened) { try key.child(expected.childNumber) }
                #expect(throws: ExtendedKeyError.hardened) { try key.childPublicKey(expected.childNumber) }
            } else {
                #expect(try key.child(expected.childNumber) == expected)
                #expect(try key.childPublicKey(expected.childNumber) == expected.publicKey)
                derived += 1
            }
        }
        #expect(derived == 6)
    }

    @Test("an extended private key is told apart and refused", arguments: extendedPrivateKeys)
    func privateKeys(text: String) {
        #expect(throws: ExtendedKeyError.privateKey) { try ExtendedPublicKey(parsing: text) }
    }

    @Test("malformed extended keys are refused for what they are", arguments: malformedExtendedKeys)
    func malformed(fault: String, error: ExtendedKeyError, text: String) {
        #expect(throws: error, "\(fault)") { try ExtendedPublicKey(parsing: text) }
    }

    @Test("every registered prefix is read and can be changed", arguments: prefixedKeys)
    func prefixes(version: ExtendedKeyVersion, text: String) throws {
        let key = try ExtendedPublicKey(parsing: text)
        #expect(key.version == version)
        #expect(text.hasPrefix(version.rawValue))
        for (other, otherText) in prefixedKeys { #expect(key.text(as: other) == otherText) }
    }

    @Test("a key at depth 255 has no children")
    func deepest() throws {
        var payload = try Base58Check.decode(prefixedKeys[0].text)
        payload[4] = 255
        let key = try ExtendedPublicKey(parsing: Base58Check.encode(payload))
        #expect(throws: ExtendedKeyError.tooDeep) { try key.child(0) }
    }

    @Test("points parse strictly, add and encode")
    func points() throws {
        // The generator, and twice the generator (SEC 2, 2.4.1).
        let uncompressed = try bytes(
            "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
                + "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8")
        let one = try Secp256k1.PublicKey(uncompressed)
        let two = try Secp256k1.PublicKey(
            bytes("02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"))
        let scalarOne = [UInt8](repeating: 0, count: 31) + [1]
        #expect(
            Hex.encode(one.compressed) == "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
        )
        #expect(try one.adding(tweak: scalarOne) == two)
        #expect(try Secp256k1.PublicKey(one.compressed) == one)
        var hybrid = uncompressed
        hybrid[0] = 6 + (hybrid[64] & 1)
        #expect(throws: Secp256k1Error.invalidKey) { try Secp256k1.PublicKey(hybrid) }
        #expect(throws: Secp256k1Error.invalidKey) { try Secp256k1.PublicKey([]) }
        #expect(throws: Secp256k1Error.invalidTweak) { try one.adding(tweak: [1]) }
        #expect(throws: Secp256k1Error.invalidTweak) {
            try one.adding(tweak: [UInt8](repeating: 255, count: 32))
        }
        // BIP 86, first receiving address.
        let point = try Secp256k1.PublicKey(
            [2] + bytes("cc8a4bc64d897bddc5fbc2f670f7a8ba0b386779106cf1223c6fc5d7cd6fc115"))
        #expect(
            try Hex.encode(point.xOnlyAdding(tweak: taggedHash("TapTweak", point.xOnly)))
                == "a60869f0dbcf1dc659c9cecbaf8050135ea9e8cdc487053f1dc6880949dc684c")
    }

    @Test("Ed25519 signatures are those of RFC 8032", arguments: signatureVectors)
    func ed25519(seed: String, publicKey: String, message: String, signature: String) throws {
        let pair = try #require(Ed25519.KeyPair(seed: Secret(bytes(seed))))
        let message = try bytes(message)
        var made = pair.sign(message)
        #expect(Hex.encode(pair.publicKey.bytes) == publicKey)
        #expect(Hex.encode(made) == signature)
        #expect(pair.publicKey.isValid(made, of: message))
        #expect(!pair.publicKey.isValid(made, of: message + [0]))
        #expect(!pair.publicKey.isValid(Array(made.dropLast()), of: message))
        made[63] ^= 1
        #expect(!pair.publicKey.isValid(made, of: message))
    }
}
