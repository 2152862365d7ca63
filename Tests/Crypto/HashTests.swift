import Crypto
import Platform
import Testing

/// The bytes of hexadecimal text in a vector table.
func bytes(_ hex: String) throws -> [UInt8] { try #require(Hex.decode(hex)) }

@Suite("Hashes and codes")
struct HashTests {
    @Test("digests are those of another implementation", arguments: hashVectors)
    func digests(message: String, sha256: String, sha512: String, ripemd160: String) throws {
        let message = try bytes(message)
        #expect(Hex.encode(SHA256.hash(message)) == sha256)
        #expect(Hex.encode(SHA512.hash(message)) == sha512)
        #expect(Hex.encode(RIPEMD160.hash(message)) == ripemd160)
        #expect(sha256d(message) == SHA256.hash(SHA256.hash(message)))
        #expect(hash160(message) == RIPEMD160.hash(SHA256.hash(message)))
        #expect(Hash256(sha256Of: message.span).bytes == SHA256.hash(message))
        #expect(Hash256(sha256dOf: message.span).bytes == sha256d(message))
    }

    @Test(
        "input in pieces gives the digest of the whole",
        arguments: [0, 1, 55, 63, 64, 65, 127, 128, 199, 200])
    func pieces(cut: Int) {
        let message = (0..<200).map { UInt8($0) }
        var state = SHA256()
        state.update(message[..<cut])
        let fork = state
        state.update(message[cut...])
        #expect(state.finalize() == SHA256.hash(message))
        #expect(fork.finalize() == SHA256.hash(message[..<cut]), "a copy of the state goes its own way")
        var twice = SHA256()
        twice.update(message)
        #expect(twice.finalizeTwice().bytes == sha256d(message))
    }

    @Test("codes are those of RFC 4231", arguments: codeVectors)
    func codes(key: String, message: String, sha256: String, sha512: String) throws {
        let (key, message) = (try bytes(key), try bytes(message))
        #expect(Hex.encode(HMAC<SHA256>.code(message, key: key)) == sha256)
        #expect(Hex.encode(HMAC<SHA512>.code(message, key: Secret(key))) == sha512)
        let cached = HMAC<SHA512>(key: key)
        #expect(cached.code([1]) != cached.code([2]))
        #expect(Hex.encode(cached.code(message)) == sha512, "an absorbed key can be used again")
    }

    @Test("Keccak-256 pads as its authors did, and is not SHA3-256", arguments: keccakVectors)
    func keccak(message: [UInt8], digest: String) {
        #expect(Hex.encode(Keccak256.hash(message)) == digest)
        #expect(Hex.encode(Hash256(keccakOf: message).bytes) == digest)
        for cut in [0, 1, 7, 8, 9, 135, 136, 137] where cut < message.count {
            var state = Keccak256()
            state.update(message[..<cut])
            state.update(message[cut...])
            #expect(Hex.encode(state.finalize()) == digest, "cut at \(cut)")
        }
    }

    @Test("a tagged hash is the one that BIP 340 spells out")
    func tagged() {
        let tag = SHA256.hash(Array("TapTweak".utf8))
        #expect(taggedHash("TapTweak", [1, 2, 3]) == SHA256.hash(tag + tag + [1, 2, 3]))
    }

    @Test("Litecoin's proof of work is scrypt, checked on its genesis block")
    func scrypt() throws {
        let header = try bytes(
            "010000000000000000000000000000000000000000000000000000000000000000000000"
                + "d9ced4ed1130f7b7faad9be25323ffafa33232a17c3edf6cfd97bee6bafbdd97b9aa8e4ef0ff0f1ecd513f7c")
        let proof = try #require(Scrypt.litecoinProof(of: header))
        #expect(
            Hex.encode(proof.bytes.reversed()).hasPrefix(
                "0000050c34a64b415b6b15b37f2216634b5b1669cb9a2e38d76f7213"))
        #expect(
            Hex.encode(Hash256(sha256dOf: header.span).bytes.reversed())
                == "12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2")
        #expect(
            Scrypt.derive(password: [], salt: [], cost: 3, blockSize: 1, parallelism: 1, count: 32) == nil)
    }

    @Test("32-byte values compare as their bytes do")
    func order() throws {
        let low = try #require(Hash256([UInt8](repeating: 0, count: 31) + [9]))
        let high = try #require(Hash256([1] + [UInt8](repeating: 0, count: 31)))
        #expect(low < high)
        #expect(!(high < low))
        #expect(!(low < low))
        #expect(Hash256([1, 2, 3]) == nil)
        #expect(Hash256(low.bytes.span, at: 1) == nil)
        #expect(Hash256(low.bytes.span, at: -1) == nil)
        #expect(Hash256(low.bytes.span, at: Int.max) == nil)
        #expect(Hash256(([7] + low.bytes).span, at: 1) == low)
    }
}
