import Chains
import Crypto
import Domain

/// A slow model of what the gateway must believe and book, worked out from what its nodes really showed it,
/// what was offered, and what people ruled. It shares no rule with the gateway: it is written from
/// docs/DOMAIN.md alone, asks everything anew each time, and keeps as little as it can.
///
/// Where what can be known from outside leaves two answers open (a clock that was put back between two looks,
/// say), it gives both, and either is right. How often that happens is counted.
struct Oracle: Sendable {
    /// What the gateway has been shown of one network.
    struct View: Sendable {
        /// The node's chain when the gateway last took something in, and how far it took it.
        var chain: TrueChain
        var height: UInt64
        /// The transactions that it believes to wait.
        var pool: Set<Hash256> = []
        var isHealthy = false
        /// The gateway's number for its last word, and how far it says to have seen.
        var sequence: UInt64 = 0
        var scannedUntil: Int64 = 0
        /// What is told of transactions, in a story that has no chain to look at; nil where there is one.
        var told: Told?
    }

    /// What a network without a chain says of transactions.
    struct Told: Sendable {
        var standings: [Hash256: Standing] = [:]
        /// Places that something in a block spends.
        var spent: Set<TrueTransaction.Place> = []
    }

    /// An output to one of our addresses that the gateway has heard of.
    struct Known: Sendable {
        let key: Transfer.Key
        let network: Int
        let transaction: TrueTransaction
        let index: Int
        /// The offer whose address it pays.
        let offer: Int
        let units: UInt128
        /// When the gateway was first shown it, and in which look.
        let sight: Int64
        let look: Int
        /// Whether the gateway had looked away for too long before, so that the block's time says more.
        let isFromGap: Bool
        /// The block in which it was deep enough, with a healthy source; empty for the pool.
        var confirmedIn: Hash256??

        /// The output that it is.
        var place: TrueTransaction.Place {
            TrueTransaction.Place(transaction: transaction.id, index: UInt32(index))
        }
    }

    /// What was decided about a payment.
    struct Decided: Sendable {
        enum Kind: Sendable {
            case cancel, accept, reject
            case topUp
            /// What was in question: a transfer, and of which kind.
            case keep(Transfer.Key?, Exception.Kind)
            case other
        }

        let kind: Kind
        /// The mismatch that is accepted with it.
        let transfer: Transfer.Key?
        let at: Int64
        /// So many transfers were known then.
        let known: Int
        /// The offer that came with it.
        let offer: Int?
    }

    /// One payment.
    struct Case: Sendable {
        let cents: UInt128
        var agreement: Agreement
        var offers: [Offer] = []
        /// In the order in which they were heard of.
        var known: [Known] = []
        var decided: [Decided] = []
        let expiresAt: Int64
        /// What is booked of it, when it was compared last.
        var books: [Account: Int128] = [:]
        /// The latest the clock has shown, and the furthest that each network was seen, since the last offer:
        /// both may have been put back since.
        var latest: Int64 = 0
        var furthest: [Int64] = []
    }

    let networks: [NetworkName]
    var views: [View]
    var cases: [Case] = []
    /// Which payment and which of its offers an address belongs to.
    var owners: [[UInt8]: (payment: Int, offer: Int)] = [:]
    /// Looks that brought something.
    private(set) var looks = 0
    /// After how much silence a first sight is doubtful.
    let gap: Int64

    init(_ networks: [NetworkName], _ chains: [TrueChain], gap: Int64) {
        self.networks = networks
        self.gap = gap
        views = chains.map { View(chain: $0, height: 0) }
    }

    mutating func nextLook() { looks += 1 }

    /// An address that nobody had before. False: somebody had it.
    mutating func issue(_ offer: Offer, of payment: Int) -> Bool {
        guard owners[offer.script] == nil else { return false }
        owners[offer.script] = (payment, cases[payment].offers.count)
        cases[payment].offers.append(offer)
        return true
    }

    /// The clock is about to be put back, or an offer was made: what was seen until now is remembered, or
    /// forgotten.
    mutating func remember(now: Int64) {
        for index in cases.indices {
            cases[index].latest = max(cases[index].latest, now)
            for (network, view) in views.enumerated() {
                cases[index].furthest[network] = max(cases[index].furthest[network], view.scannedUntil)
            }
        }
    }

    mutating func lock(_ payment: Int, now: Int64) {
        cases[payment].latest = now
        cases[payment].furthest = views.map { min($0.scannedUntil, now) }
    }
}
