import CSecp256k1

/// Why bytes are not a key, or a key cannot be moved.
package enum Secp256k1Error: Error, Equatable {
    /// Not the encoding of a point on the curve, or not a scalar in 1..<n.
    case invalidKey
    /// A tweak of 0 < n does not hold, or the sum is the point at infinity. Nobody finds such a tweak by
    /// chance.
    case invalidTweak
}

/// The curve secp256k1, by libsecp256k1.
package enum Secp256k1 {
    /// A point on the curve, parsed. Cheap to derive from; the encoding costs a little, parsing costs a
    /// square root.
    @safe package struct PublicKey: Sendable {
        fileprivate var point: secp256k1_pubkey

        fileprivate init(point: secp256k1_pubkey) { self.point = point }

        /// Parses a compressed (33 bytes) or uncompressed (65 bytes) point; hybrid encodings are refused.
        package init(_ bytes: [UInt8]) throws(Secp256k1Error) {
            let isCompressed = bytes.count == 33 && (bytes[0] == 2 || bytes[0] == 3)
            guard isCompressed || (bytes.count == 65 && bytes[0] == 4) else { throw .invalidKey }
            point = secp256k1_pubkey()
            guard unsafe secp256k1_ec_pubkey_parse(Context.shared.pointer, &point, bytes, bytes.count) == 1
            else { throw .invalidKey }
        }

        /// The 33-byte encoding.
        package var compressed: [UInt8] { encoded(33, UInt32(SECP256K1_EC_COMPRESSED)) }

        /// The 65-byte encoding: 4 and both coordinates.
        package var uncompressed: [UInt8] { encoded(65, UInt32(SECP256K1_EC_UNCOMPRESSED)) }

        private func encoded(_ count: Int, _ form: UInt32) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            var length = count
            var point = point
            unsafe secp256k1_ec_pubkey_serialize(Context.shared.pointer, &bytes, &length, &point, form)
            return bytes
        }

        /// The x coordinate, 32 bytes, as BIP 340 keys are written.
        package var xOnly: [UInt8] { Array(compressed.dropFirst()) }

        /// This point plus `tweak` (32 bytes, big-endian) times the generator.
        package func adding(tweak: [UInt8]) throws(Secp256k1Error) -> PublicKey {
            guard tweak.count == 32 else { throw .invalidTweak }
            var sum = point
            guard unsafe secp256k1_ec_pubkey_tweak_add(Context.shared.pointer, &sum, tweak) == 1
            else { throw .invalidTweak }
            return PublicKey(point: sum)
        }

        /// The x coordinate of the point with this x and an even y plus `tweak` times the generator (BIP
        /// 341).
        package func xOnlyAdding(tweak: [UInt8]) throws(Secp256k1Error) -> [UInt8] {
            guard tweak.count == 32 else { throw .invalidTweak }
            var even = secp256k1_xonly_pubkey()
            var source = point
            guard unsafe secp256k1_xonly_pubkey_from_pubkey(Context.shared.pointer, &even, nil, &source) == 1
            else { throw .invalidKey }
            var sum = secp256k1_pubkey()
            guard unsafe secp256k1_xonly_pubkey_tweak_add(Context.shared.pointer, &sum, &even, tweak) == 1
            else { throw .invalidTweak }
            return PublicKey(point: sum).xOnly
        }
    }

    /// The library's tables and blinding. Every function used here takes it as const, which the library
    /// declares safe from many threads at once.
    @safe fileprivate final class Context: @unchecked Sendable {  // never changed after init, see above
        static let shared = Context()
        let pointer: OpaquePointer

        private init() {
            guard let made = unsafe secp256k1_context_create(UInt32(SECP256K1_CONTEXT_NONE)) else {
                preconditionFailure("secp256k1_context_create: out of memory")
            }
            unsafe pointer = made
        }

        deinit { unsafe secp256k1_context_destroy(pointer) }
    }
}

extension Secp256k1.PublicKey: Equatable {
    package static func == (left: Self, right: Self) -> Bool { left.compressed == right.compressed }
}
