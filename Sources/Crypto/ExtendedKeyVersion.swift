/// The first four bytes of an extended key (BIP 32, SLIP 132): whose chain it is meant for and what its
/// scripts are.
package enum ExtendedKeyVersion: String, CaseIterable, Sendable {
    case xpub, ypub, zpub
    case sharedYpub = "Ypub"
    case sharedZpub = "Zpub"
    case tpub, upub, vpub
    case sharedUpub = "Upub"
    case sharedVpub = "Vpub"
    case ltub = "Ltub"
    case mtub = "Mtub"
    case ttub

    /// What the registry says the key's scripts are. Plain `xpub`-like prefixes are used with every script by
    /// now.
    package enum Hint: Sendable {
        /// P2PKH, or whatever the owner says.
        case any
        /// P2WPKH inside P2SH (BIP 49).
        case nestedWitness
        /// P2WPKH (BIP 84).
        case witness
        /// A cosigner's key of a shared wallet; alone it gives no address.
        case shared
    }

    /// The family of networks that the prefix was registered for.
    package enum Family: Sendable {
        /// Real money. Bitcoin's own prefixes; other coins use them as well.
        case main
        /// Test networks, the same remark.
        case test
        /// Only Litecoin, real money.
        case litecoinMain
        /// Only Litecoin, test networks.
        case litecoinTest
    }

    /// The version of the public key, as a big-endian number.
    package var publicVersion: UInt32 { row.publicVersion }

    /// The version of the private key that belongs to it, as a big-endian number.
    package var privateVersion: UInt32 { row.privateVersion }

    /// What scripts its children stand for.
    package var hint: Hint { row.hint }

    /// Which networks it is for.
    package var family: Family { row.family }

    /// Looks up the version of a public key.
    package init?(publicVersion: UInt32) {
        guard let found = Self.allCases.first(where: { $0.publicVersion == publicVersion }) else {
            return nil
        }
        self = found
    }

    /// Whether some private key has this version.
    package static func isPrivate(_ version: UInt32) -> Bool {
        allCases.contains { $0.privateVersion == version }
    }

    private struct Row {
        let publicVersion: UInt32
        let privateVersion: UInt32
        let family: Family
        let hint: Hint

        init(_ publicVersion: UInt32, _ privateVersion: UInt32, _ family: Family, _ hint: Hint) {
            (self.publicVersion, self.privateVersion) = (publicVersion, privateVersion)
            (self.family, self.hint) = (family, hint)
        }
    }

    private var row: Row {
        switch self {
        case .xpub: Row(0x0488_b21e, 0x0488_ade4, .main, .any)
        case .ypub: Row(0x049d_7cb2, 0x049d_7878, .main, .nestedWitness)
        case .zpub: Row(0x04b2_4746, 0x04b2_430c, .main, .witness)
        case .sharedYpub: Row(0x0295_b43f, 0x0295_b005, .main, .shared)
        case .sharedZpub: Row(0x02aa_7ed3, 0x02aa_7a99, .main, .shared)
        case .tpub: Row(0x0435_87cf, 0x0435_8394, .test, .any)
        case .upub: Row(0x044a_5262, 0x044a_4e28, .test, .nestedWitness)
        case .vpub: Row(0x045f_1cf6, 0x045f_18bc, .test, .witness)
        case .sharedUpub: Row(0x0242_89ef, 0x0242_85b5, .test, .shared)
        case .sharedVpub: Row(0x0257_5483, 0x0257_5048, .test, .shared)
        case .ltub: Row(0x019d_a462, 0x019d_9cfe, .litecoinMain, .any)
        case .mtub: Row(0x01b2_6ef6, 0x01b2_6792, .litecoinMain, .nestedWitness)
        case .ttub: Row(0x0436_f6e1, 0x0436_ef7d, .litecoinTest, .any)
        }
    }
}
