package import Crypto

/// A merchant's receiving account on networks of Ethereum's kind, watch-only: address after address of its
/// external chain, by index (BIP 44: `m/44'/60'/account'/0/index`).
package struct EVMAccountKey: Sendable {
    /// The parent of all receiving keys, derived once.
    private let branch: ExtendedPublicKey

    /// - Parameter account: at `m/44'/60'/account'`. Throws where it is too deep to have children.
    package init(_ account: ExtendedPublicKey) throws(ExtendedKeyError) { branch = try account.child(0) }

    /// The address with number `index`, below 2³¹. An index without a key (one in 2¹²⁷) throws `noChild`:
    /// take the next one.
    package func address(at index: UInt32) throws(ExtendedKeyError) -> EVMAddress {
        EVMAddress(try branch.childPublicKey(index))
    }
}
