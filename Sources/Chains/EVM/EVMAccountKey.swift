package import Crypto
internal import Platform

/// A merchant's receiving account on networks of Ethereum's kind, watch-only: address after address of its
/// external chain, by index (BIP 44: `m/44'/60'/account'/0/index`). The same on all of these networks.
package struct EVMAccountKey: Sendable {
    private let account: ExtendedPublicKey
    /// The parent of all receiving keys, derived once.
    private let branch: ExtendedPublicKey

    /// - Parameter account: at `m/44'/60'/account'`. Throws where it is too deep to have children.
    package init(_ account: ExtendedPublicKey) throws(ExtendedKeyError) {
        self.account = account
        branch = try account.child(0)
    }

    /// Reads what a merchant gives: the account's extended public key, `xpub…`. Throws what is wrong with it
    /// in words that can be shown; nothing of a private key is kept.
    package init(parsing text: String) throws(KeyRefusal) {
        let text = String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        if SpendingKey.isIn(text) || Self.isSpendingKey(text) { throw .privateKey }
        if (try? EVMAddress(parsing: text)) != nil {
            throw KeyRefusal(
                .unsupportedKey,
                "This is one address. Every payment needs one of its own: send the account's extended public"
                    + " key (xpub, at m/44h/60h/0h).")
        }
        guard let key = try? ExtendedPublicKey(parsing: text) else {
            throw KeyRefusal(
                .invalidKey, "This is no extended public key (xpub), or it is mistyped or cut.")
        }
        // Wallets of Bitcoin say by the prefix which scripts they mean; all others write “xpub”.
        guard key.version.hint == .any else {
            throw KeyRefusal(
                .wrongNetwork, "This is the key of an account in Bitcoin or Litecoin: its prefix says so.")
        }
        do throws(ExtendedKeyError) { try self.init(key) } catch {
            throw KeyRefusal(.invalidKey, "This key lies too deep to have addresses.")
        }
    }

    /// 32 bytes as wallets of Ethereum write a private key.
    private static func isSpendingKey(_ text: String) -> Bool {
        let digits = text.hasPrefix("0x") || text.hasPrefix("0X") ? String(text.dropFirst(2)) : text
        return digits.utf8.count == 64 && Hex.decode(digits.lowercased()) != nil
    }

    /// The address with number `index`, below 2³¹. An index without a key (one in 2¹²⁷) throws `noChild`:
    /// take the next one.
    package func address(at index: UInt32) throws(ExtendedKeyError) -> EVMAddress {
        EVMAddress(try branch.childPublicKey(index))
    }

    /// The steps to an address: from the master key where the account lies as deep as accounts do, else from
    /// the key that was given.
    package func path(of index: UInt32) -> String {
        guard account.depth == 3, account.childNumber >= ExtendedPublicKey.hardenedOffset else {
            return "0/\(index)"
        }
        return "m/44h/60h/\(account.childNumber - ExtendedPublicKey.hardenedOffset)h/0/\(index)"
    }

    /// Names the chain of keys. Destination indices are counted by it, so that no key is handed out twice: it
    /// is the same on all networks of this kind.
    package var branchID: String { AccountKey.branchID(of: branch) }

    /// The account's key as `xpub…`, whichever prefix it came with.
    package var canonicalText: String { account.text }

    /// What its owner should look at.
    package var warnings: [String] {
        guard account.depth != 3 else { return [] }
        return [
            "The key is at depth \(account.depth); accounts usually lie at depth 3 (m/44h/60h/0h)."
                + " Make sure that your wallet shows \(firstAddress) among its addresses."
        ]
    }

    private var firstAddress: String { (try? address(at: 0).text) ?? "the first address" }
}
