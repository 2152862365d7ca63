/// Why a text is not an extended public key, or a child of one cannot be had.
package enum ExtendedKeyError: Error, Equatable {
    /// An extended *private* key. Nothing of it is kept; its owner should move the funds if it was sent
    /// anywhere.
    case privateKey
    /// Not Base58Check.
    case encoding(Base58Error)
    /// Not the 78 bytes of an extended key.
    case length(Int)
    /// Four first bytes that no registry knows.
    case unknownVersion(UInt32)
    /// A master key (depth 0) with a parent fingerprint or a child number.
    case inconsistentDepth
    /// The key bytes are not a compressed point on the curve.
    case invalidPoint
    /// A hardened child needs the private key.
    case hardened
    /// The parent has the greatest depth there is.
    case tooDeep
    /// One index in 2¹²⁷ has no key. Take the next index.
    case noChild
}

/// A BIP 32 extended public key: a point and the chain code that its children are derived with.
package struct ExtendedPublicKey: Sendable {
    /// First child number that only the private key can derive.
    package static let hardenedOffset: UInt32 = 1 << 31

    /// The prefix and what it says.
    package let version: ExtendedKeyVersion

    /// Steps from the master key, 3 for an account of BIP 44.
    package let depth: UInt8

    /// The parent's fingerprint, four bytes as a big-endian number; 0 for a master key.
    package let parentFingerprint: UInt32

    /// The child number within the parent, hardened from `hardenedOffset` on.
    package let childNumber: UInt32

    /// 32 bytes.
    package let chainCode: [UInt8]

    /// The point.
    package let publicKey: Secp256k1.PublicKey

    /// The parent's chain code as an absorbed HMAC key, so that children cost one hash less each.
    private let code: HMAC<SHA512>

    private init(
        version: ExtendedKeyVersion, depth: UInt8, parentFingerprint: UInt32, childNumber: UInt32,
        chainCode: [UInt8], publicKey: Secp256k1.PublicKey
    ) {
        (self.version, self.depth) = (version, depth)
        (self.parentFingerprint, self.childNumber) = (parentFingerprint, childNumber)
        (self.chainCode, self.publicKey) = (chainCode, publicKey)
        code = HMAC(key: chainCode)
    }

    /// Parses `xpub…`, `zpub…`, `tpub…` and the like. Its whole form is checked, as BIP 32 demands.
    package init(parsing text: String) throws(ExtendedKeyError) {
        var payload: [UInt8]
        do { payload = try Base58Check.decode(text) } catch { throw .encoding(error) }
        defer { wipe(&payload) }  // it may have been a private key
        guard payload.count == 78 else { throw .length(payload.count) }
        let number = Self.number(payload[0..<4])
        if ExtendedKeyVersion.isPrivate(number) { throw .privateKey }
        guard let version = ExtendedKeyVersion(publicVersion: number) else { throw .unknownVersion(number) }
        let depth = payload[4]
        let parentFingerprint = Self.number(payload[5..<9])
        let childNumber = Self.number(payload[9..<13])
        guard depth > 0 || (parentFingerprint == 0 && childNumber == 0) else { throw .inconsistentDepth }
        let publicKey: Secp256k1.PublicKey
        do { publicKey = try Secp256k1.PublicKey(Array(payload[45..<78])) } catch { throw .invalidPoint }
        self.init(
            version: version, depth: depth, parentFingerprint: parentFingerprint, childNumber: childNumber,
            chainCode: Array(payload[13..<45]), publicKey: publicKey)
    }

    /// The child with number `index` (CKDpub of BIP 32).
    package func child(_ index: UInt32) throws(ExtendedKeyError) -> ExtendedPublicKey {
        guard depth < UInt8.max else { throw .tooDeep }
        let compressed = publicKey.compressed
        let (tweak, chainCode) = try step(index, compressed: compressed)
        return ExtendedPublicKey(
            version: version, depth: depth + 1, parentFingerprint: Self.fingerprint(of: compressed),
            childNumber: index, chainCode: chainCode, publicKey: try moved(by: tweak))
    }

    /// Only the point of the child with number `index`: what an address needs, at half the price.
    package func childPublicKey(_ index: UInt32) throws(ExtendedKeyError) -> Secp256k1.PublicKey {
        try moved(by: try step(index, compressed: publicKey.compressed).tweak)
    }

    /// The first four bytes of the key's hash160, as a big-endian number.
    package var fingerprint: UInt32 { Self.fingerprint(of: publicKey.compressed) }

    /// The text with the key's own prefix.
    package var text: String { text(as: version) }

    /// The text with another prefix, such as the `xpub` that descriptors want.
    package func text(as version: ExtendedKeyVersion) -> String {
        var payload = Self.bytes(version.publicVersion)
        payload.append(depth)
        payload += Self.bytes(parentFingerprint) + Self.bytes(childNumber)
        payload += chainCode + publicKey.compressed
        return Base58Check.encode(payload)
    }

    private func step(
        _ index: UInt32, compressed: [UInt8]
    ) throws(ExtendedKeyError) -> (tweak: [UInt8], chainCode: [UInt8]) {
        guard index < Self.hardenedOffset else { throw .hardened }
        var state = code
        state.update(compressed)
        state.update(Self.bytes(index))
        let sum = state.finalize()
        return (Array(sum[..<32]), Array(sum[32...]))
    }

    private func moved(by tweak: [UInt8]) throws(ExtendedKeyError) -> Secp256k1.PublicKey {
        do { return try publicKey.adding(tweak: tweak) } catch { throw .noChild }
    }

    private static func fingerprint(of compressed: [UInt8]) -> UInt32 { number(hash160(compressed)[..<4]) }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func bytes(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}

extension ExtendedPublicKey: Equatable {
    package static func == (left: Self, right: Self) -> Bool { left.text == right.text }
}
