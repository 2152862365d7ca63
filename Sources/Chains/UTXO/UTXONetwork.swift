package import Crypto

/// The chains of Bitcoin's kind that the gateway knows, with the parameters that tell them apart.
package enum UTXONetwork: String, CaseIterable, Sendable {
    case bitcoin
    case bitcoinTestnet3 = "bitcoin-testnet3"
    case bitcoinTestnet4 = "bitcoin-testnet4"
    case bitcoinSignet = "bitcoin-signet"
    case bitcoinRegtest = "bitcoin-regtest"
    case litecoin
    case litecoinTestnet = "litecoin-testnet"
    case litecoinRegtest = "litecoin-regtest"

    /// Which hash has to be small.
    package enum ProofOfWork: Sendable {
        /// Bitcoin's.
        case sha256d
        /// Litecoin's.
        case scrypt
    }

    /// The block hash at height 0. A node that answers another one is on another network.
    package var genesis: Hash256 { row.genesis }

    /// What tells it from the chains that have split from it; nil where none is known.
    package var landmark: Landmark? { row.landmark }

    /// The human-readable part of its witness addresses.
    package var witnessPrefix: String { row.witnessPrefix }

    /// The version byte of its P2PKH addresses.
    package var keyHashVersion: UInt8 { row.keyHashVersion }

    /// The version bytes of its P2SH addresses: the first one is written, all are read.
    package var scriptHashVersions: [UInt8] { row.scriptHashVersions }

    /// Whether value on it is real.
    package var isTest: Bool { self != .bitcoin && self != .litecoin }

    /// Whether it is one of Litecoin's.
    package var isLitecoin: Bool {
        switch self {
        case .litecoin, .litecoinTestnet, .litecoinRegtest: true
        case .bitcoin, .bitcoinTestnet3, .bitcoinTestnet4, .bitcoinSignet, .bitcoinRegtest: false
        }
    }

    /// Whether its blocks can be followed by a Mimblewimble extension block.
    package var hasExtensionBlocks: Bool { isLitecoin }

    /// Which hash proves work on it.
    package var proofOfWork: ProofOfWork { isLitecoin ? .scrypt : .sha256d }

    /// The easiest target that it allows, in compact form.
    package var easiestBits: UInt32 { row.easiestBits }

    /// Blocks on top of a coinbase before its outputs can be spent.
    package var coinbaseMaturity: Int { 100 }

    /// Confirmations below which Litecoin's nodes let no output be spent that left the extension block.
    package var pegOutMaturity: Int { 6 }

    /// The greatest amount that a node accepts, in base units.
    package var greatestAmount: UInt64 { isLitecoin ? 84_000_000 * 100_000_000 : 21_000_000 * 100_000_000 }

    /// Base units below which nodes call an output of the dearest common kind (P2PKH) dust and pass it on to
    /// nobody: 182 bytes at the dust relay fee, 3,000 units for 1,000 bytes, and ten times that on Litecoin.
    package var leastPayable: UInt128 { isLitecoin ? 5_460 : 546 }

    /// The scheme of its payment URIs (BIP 21).
    package var uriScheme: String { isLitecoin ? "litecoin" : "bitcoin" }

    /// Whether an extended key with this prefix is meant for it. Litecoin wallets use Bitcoin's prefixes too.
    package func accepts(_ version: ExtendedKeyVersion) -> Bool {
        switch version.family {
        case .main: !isTest
        case .test: isTest
        case .litecoinMain: self == .litecoin
        case .litecoinTest: isLitecoin && isTest
        }
    }

    /// The prefix under which descriptors of this network write their keys.
    package var descriptorKeyVersion: ExtendedKeyVersion { isTest ? .tpub : .xpub }

    /// A block of this network that no chain has that shares its first ones.
    package struct Landmark: Hashable, Sendable {
        package let height: UInt64
        package let block: Hash256
    }

    private struct Row {
        let genesis: Hash256
        let witnessPrefix: String
        let keyHashVersion: UInt8
        let scriptHashVersions: [UInt8]
        let easiestBits: UInt32
        let landmark: Landmark?

        init(
            _ genesis: String, _ prefix: String, _ key: UInt8, _ script: [UInt8], _ bits: UInt32,
            landmark: (height: UInt64, block: String)? = nil
        ) {
            self.genesis = Self.hash(genesis)
            (witnessPrefix, keyHashVersion, scriptHashVersions) = (prefix, key, script)
            easiestBits = bits
            self.landmark = landmark.map { Landmark(height: $0.height, block: Self.hash($0.block)) }
        }

        private static func hash(_ text: String) -> Hash256 {
            guard let hash = Hash256(displayText: text) else {
                preconditionFailure("a block's hash is hexadecimal")
            }
            return hash
        }
    }

    private var row: Row {
        switch self {
        case .bitcoin: Self.bitcoinRow
        case .bitcoinTestnet3: Self.testnet3Row
        case .bitcoinTestnet4: Self.testnet4Row
        case .bitcoinSignet: Self.signetRow
        case .bitcoinRegtest: Self.bitcoinRegtestRow
        case .litecoin: Self.litecoinRow
        case .litecoinTestnet: Self.litecoinTestnetRow
        case .litecoinRegtest: Self.litecoinRegtestRow
        }
    }

    private static let bitcoinRow = Row(
        "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f", "bc", 0, [5], 0x1d00_ffff,
        // The first one that Bitcoin Cash has not.
        landmark: (478_559, "00000000000000000019f112ec0a9982926f1258cdcc558dd7c3b7e5dc7fa148"))
    private static let testnet3Row = Row(
        "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943", "tb", 111, [196], 0x1d00_ffff)
    private static let testnet4Row = Row(
        "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043", "tb", 111, [196], 0x1d00_ffff)
    private static let signetRow = Row(
        "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6", "tb", 111, [196], 0x1e03_77ae)
    private static let bitcoinRegtestRow = Row(
        "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206", "bcrt", 111, [196], 0x207f_ffff)
    private static let litecoinRow = Row(
        "12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2", "ltc", 48, [50, 5], 0x1e0f_ffff,
        // Far behind block 1,371,111, where Litecoin Cash left.
        landmark: (2_772_730, "80cdb35c080484df5bf384b311fde3c4694d3405765bc0f596e9eb369ff286e5"))
    private static let litecoinTestnetRow = Row(
        "4966625a4b2851d9fdee139e56211a0d88575f59ed816ff5e6a63deb4e3e29a0", "tltc", 111, [58, 196],
        0x1e0f_ffff)
    private static let litecoinRegtestRow = Row(
        "530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9", "rltc", 111, [58, 196],
        0x207f_ffff)
}
