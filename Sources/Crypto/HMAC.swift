/// HMAC (RFC 2104) with its key already absorbed: keep one and copy it for each message.
///
/// Copying it costs a memcpy instead of two hash blocks, which matters to BIP 32, where one chain code keys
/// every child.
package struct HMAC<Hash: HashFunction>: Sendable {
    private var inner = Hash()
    private var outer = Hash()

    /// Absorbs a key of any length.
    package init(key: Span<UInt8>) {
        var block = [UInt8](repeating: 0, count: Hash.blockSize)
        defer { wipe(&block) }
        if key.count > Hash.blockSize {
            var short = Hash.hash(key)
            defer { wipe(&short) }
            for index in short.indices { block[index] = short[index] }
        } else {
            for index in key.indices { block[index] = key[index] }
        }
        for index in block.indices { block[index] ^= 0x36 }
        inner.update(block)
        for index in block.indices { block[index] ^= 0x36 ^ 0x5c }
        outer.update(block)
    }

    /// Absorbs a key of any length.
    package init(key: [UInt8]) { self.init(key: key.span) }

    /// Absorbs a secret key.
    package init(key: Secret) { self = key.withSpan { HMAC(key: $0) } }

    /// Appends to the message.
    package mutating func update(_ bytes: Span<UInt8>) { inner.update(bytes) }

    /// Appends to the message.
    package mutating func update(_ bytes: [UInt8]) { inner.update(bytes.span) }

    /// The code of the message so far, `Hash.digestSize` bytes.
    package consuming func finalize() -> [UInt8] {
        outer.update(inner.finalize())
        return outer.finalize()
    }

    /// The code of `message` under the absorbed key, which stays usable.
    package func code(_ message: [UInt8]) -> [UInt8] {
        var copy = self
        copy.update(message)
        return copy.finalize()
    }

    /// The code of `message` under `key`.
    package static func code(_ message: [UInt8], key: [UInt8]) -> [UInt8] { HMAC(key: key).code(message) }

    /// The code of `message` under `key`.
    package static func code(_ message: [UInt8], key: Secret) -> [UInt8] { HMAC(key: key).code(message) }
}
