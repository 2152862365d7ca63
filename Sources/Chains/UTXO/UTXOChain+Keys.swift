internal import Crypto

extension UTXOChain {
    /// See `Chain`. Takes an output descriptor, or an extended key whose prefix says what its addresses are
    /// (`ypub`, `zpub`, …).
    package func receivingKey(parsing text: String) throws -> ReceivingKey {
        let text = AccountKey.trimmed(text)
        do throws(AccountKeyError) {
            let account = try AccountKey(parsing: text, on: place)
            return ReceivingKey(
                key: WalletKey(account.canonicalText), fingerprint: account.branchID,
                warnings: account.warnings.map(Self.sentence))
        } catch {
            throw refusal(error, text)
        }
    }

    private static func sentence(_ warning: AccountKey.Warning) -> String {
        switch warning {
        case .unusualDepth(let depth):
            "The key is at depth \(depth); accounts usually lie at depth 3 (m/84h/0h/0h)."
                + " Make sure that your wallet watches the addresses behind it."
        case .noChecksum:
            "There was no checksum (# and eight characters), so a mistyped or cut text could go unnoticed."
        case .originDepth(let steps, let depth):
            "The origin has \(steps) steps and the key says it is at depth \(depth): one of the two is wrong."
        case .unusualBranch(let path):
            "Addresses are made on \(path.map(OutputDescriptor.text(ofStep:)).joined(separator: "/"))/*"
                + " and not on 0/*, where wallets usually receive."
        }
    }

    private func refusal(_ error: AccountKeyError, _ text: String) -> KeyRefusal {
        switch error {
        case .privateKey: .privateKey
        case .wrongNetwork(let version):
            KeyRefusal(.wrongNetwork, "This is a key of \(Self.owner(version.family)), not of \(network).")
        case .scriptTypeNeeded:
            KeyRefusal(
                .unsupportedKey,
                "This key does not say which kind of addresses it is for. Send the descriptor of your wallet:"
                    + " wpkh(\(text)/0/*) for addresses that begin with \(place.witnessPrefix)1q,"
                    + " tr(…/0/*) for \(place.witnessPrefix)1p,"
                    + " sh(wpkh(…/0/*)) or pkh(…/0/*) for older ones.")
        case .scriptTypeConflict(let type):
            KeyRefusal(
                .invalidKey,
                "The key's prefix says \(type.rawValue), and the descriptor around it something else.")
        case .sharedWallet:
            KeyRefusal(
                .unsupportedKey, "This is one cosigner's key of a shared wallet; alone it has no addresses."
            )
        case .unsupportedDescriptor(let kind):
            KeyRefusal(
                .unsupportedKey,
                "Descriptors of this kind (\(kind.prefix(32))) are not supported: pkh, wpkh,"
                    + " sh(wpkh) and tr over one extended key are.")
        case .notRanged:
            KeyRefusal(
                .unsupportedKey,
                "Every payment needs an address of its own: the descriptor must end in /* behind an extended"
                    + " key."
            )
        case .hardened:
            KeyRefusal(.unsupportedKey, "A hardened step (h) behind the key would need the private key.")
        case .multipath:
            KeyRefusal(.unsupportedKey, "Of several paths one pair is understood, such as <0;1>.")
        case .tooLong, .tooDeep: KeyRefusal(.invalidKey, "This is too long for the key of an account.")
        case .syntax:
            KeyRefusal(.invalidKey, "This is neither an extended public key nor an output descriptor.")
        case .checksum:
            KeyRefusal(.invalidKey, "The checksum of the descriptor is wrong: it is mistyped or cut.")
        case .key:
            KeyRefusal(.invalidKey, "The extended key is mistyped, cut, or of a kind that is not known.")
        }
    }

    private static func owner(_ family: ExtendedKeyVersion.Family) -> String {
        switch family {
        case .main: "a main network (xpub and the like)"
        case .test: "a test network (tpub and the like)"
        case .litecoinMain: "Litecoin"
        case .litecoinTest: "Litecoin's test networks"
        }
    }
}

extension AccountKey {
    /// Whether the text is or holds a key that can spend, for whichever network it is meant.
    package static func isPrivate(_ text: String) -> Bool {
        do throws(AccountKeyError) {
            _ = try AccountKey(parsing: trimmed(text), on: .bitcoin)
            return false
        } catch {
            return error == .privateKey
        }
    }

    /// Without the space and the line ends that come with copying.
    fileprivate static func trimmed(_ text: String) -> String {
        String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
