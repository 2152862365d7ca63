/// How many more transfers of each kind a payment follows.
///
/// What costs its sender next to nothing has room of its own and takes none from money: a token that anybody
/// can make, a call that moves nothing, a hundred payments of the least size. What a payment has no room for
/// is not followed; where that could be money, `too_many_transfers` asks a person once.
package struct Room: Hashable, Sendable {
    /// What a transfer is, as far as its room goes.
    package enum Kind: Int, CaseIterable, Sendable {
        /// At least a hundredth of what its quote asked for, in its asset.
        case money
        /// Less than that.
        case small
        /// Another asset that this gateway knows, or an amount that nobody has.
        case mismatch
        /// An asset that this gateway does not know.
        case unlisted
        /// First heard of when it had failed.
        case failed

        /// Transfers of this kind that one payment follows.
        package var limit: Int {
            switch self {
            case .money: 250
            case .small: 100
            case .mismatch: 50
            case .unlisted, .failed: 20
            }
        }

        /// Those after which one that no block holds is not taken: it is heard again with its block.
        package var limitOutsideBlocks: Int { self == .failed ? limit : limit * 2 / 5 }

        /// Whether a person is asked when there is no room left.
        var isAskedAbout: Bool {
            switch self {
            case .money, .small, .mismatch: true
            case .unlisted, .failed: false
            }
        }
    }

    /// By kind.
    private var taken: [Int]

    /// What a payment has room for beside so many transfers of which nothing is known.
    package init(beside count: Int) {
        taken = Kind.allCases.map { $0 == .money ? count : 0 }
    }

    /// What a payment has room for beside the transfers that it follows.
    package init(_ evidence: Evidence) {
        self.init(beside: 0)
        for transfer in evidence.transfers {
            let kind = Self.kind(
                transfer.claim.standing, transfer.method, transfer.amount,
                under: evidence.quote(transfer.quote))
            taken[kind.rawValue] += 1
        }
    }

    /// What something is that moves `amount` to the destination of `quote`; an amount of nil is beyond
    /// `Transfer.amountLimit`.
    package static func kind(
        _ standing: Transfer.Standing, _ method: Method?, _ amount: UInt128?, under quote: Quote?
    ) -> Kind {
        if standing == .gone(.failed) { return .failed }
        guard let method, let quote else { return .unlisted }
        guard method == quote.method, let amount else { return .mismatch }
        return amount < quote.amountDue / 100 ? .small : .money
    }

    /// Whether there is room for one more, which is taken then.
    package mutating func take(_ kind: Kind, _ standing: Transfer.Standing) -> Bool {
        let limit: Int
        switch standing {
        case .mined: limit = kind.limit
        case .pooled, .gone: limit = kind.limitOutsideBlocks
        }
        guard taken[kind.rawValue] < limit else { return false }
        taken[kind.rawValue] += 1
        return true
    }

    /// Whether a person has to look for what is not followed any more.
    var isFull: Bool {
        Kind.allCases.contains { $0.isAskedAbout && taken[$0.rawValue] >= $0.limit }
    }

    /// Transfers below which there is room for anything in a block.
    static let least = Kind.allCases.filter(\.isAskedAbout).map(\.limit).min() ?? 0

    /// Outputs of one transaction from which on their order decides which of them are taken.
    package static let leastOutsideBlocks = Kind.allCases.map(\.limitOutsideBlocks).min() ?? 0
}
