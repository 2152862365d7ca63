import Crypto
import Domain

extension Oracle {
    /// What must be so of one payment.
    struct Verdict: Hashable, Sendable {
        var state = State.created
        /// Of each output that is there: what it is to the payment, and whether it is confirmed.
        var shares: [Transfer.Key: Share] = [:]
        /// Base units by account and network.
        var books: [Account: Int128] = [:]
        /// The block of each confirmed output; empty for one that needed none.
        var confirmedIn: [Transfer.Key: Hash256?] = [:]
    }

    struct Share: Hashable, Sendable {
        var role: Assessment.Role
        var isConfirmed: Bool
    }

    /// An account of the books, of one network.
    enum Account: Hashable, Sendable {
        case wallet(Int), withdrawn(Int), payments(Int), excess(Int), unapplied(Int)
    }

    /// One way to read what cannot be known from outside.
    struct Reading: Sendable {
        var now: Int64
        /// All networks that could pay it were seen past the end.
        var isClosed: Bool
        /// What took another one's place is as old as that.
        var inherits: Bool
    }

    /// All that may be right of a payment at the moment `now`; one verdict, but for a few.
    func verdicts(of payment: Int, now: Int64) -> [Verdict] {
        let one = cases[payment]
        let networks = Set(one.offers.map(\.network))
        let end = one.offers.map(\.endsAt).max().map { $0 + one.agreement.grace } ?? one.expiresAt
        func closed(_ now: Int64, _ seen: (Int) -> Int64) -> Bool {
            now > end && networks.allSatisfy { seen($0) > end }
        }
        // How far a source that fails now had come counts for those payments that heard of it in time.
        let low = (now: now, isClosed: closed(now) { views[$0].isHealthy ? views[$0].scannedUntil : 0 })
        let latest = max(now, one.latest)
        let high = (
            now: latest,
            isClosed: closed(latest) { max(views[$0].scannedUntil, one.furthest[$0]) }
        )
        let hasHeirs = one.known.contains { !rivals(of: $0, in: one).isEmpty }
        var verdicts: [Verdict] = []
        for (now, isClosed) in low == high ? [low] : [low, high] {
            for inherits in hasHeirs ? [true, false] : [true] {
                let reading = Reading(now: now, isClosed: isClosed, inherits: inherits)
                let verdict = Judgement(self, one, reading).verdict()
                if !verdicts.contains(verdict) { verdicts.append(verdict) }
            }
        }
        return verdicts
    }

    /// Earlier outputs to the same address whose transactions exclude that of `known`.
    func rivals(of known: Known, in one: Case) -> [Known] {
        one.known.filter { other in
            other.transaction.id != known.transaction.id && other.network == known.network
                && other.offer == known.offer && other.look <= known.look
                && other.transaction.inputs.contains(where: known.transaction.inputs.contains)
        }
    }
}

/// The judgement of one payment under one reading.
private struct Judgement {
    private let oracle: Oracle
    private let one: Oracle.Case
    private let reading: Oracle.Reading
    private let agreement: Agreement

    /// An output that counts, or might.
    private struct Item {
        let known: Oracle.Known
        let standing: Oracle.Standing
        var isConfirmed: Bool
        /// The offer that says what it is worth.
        var offer: Int
        var isTimely: Bool
        let sight: Int64
        /// So many outputs had been heard of before it, or before what it stands for.
        let place: Int

        var mined: Oracle.Place? { if case .mined(let place) = standing { place } else { nil } }
    }

    init(_ oracle: Oracle, _ one: Oracle.Case, _ reading: Oracle.Reading) {
        self.oracle = oracle
        self.one = one
        self.reading = reading
        agreement = one.agreement
    }

    private var price: UInt128 { one.cents * Sum.parts }
    private var enough: UInt128 {
        price - agreement.waived(agreement.underBasisPoints, agreement.underCap, of: one.cents)
    }

    private var decisive: Oracle.Decided? {
        one.decided.last { decided in
            switch decided.kind {
            case .cancel, .accept, .reject: true
            case .topUp, .keep, .other: false
            }
        }
    }
    private var isAccepted: Bool { if case .accept = decisive?.kind { true } else { false } }
    private var isRefused: Bool {
        switch decisive?.kind {
        case .cancel, .reject: true
        case .accept, .topUp, .keep, .other, nil: false
        }
    }

    func verdict() -> Oracle.Verdict {
        var verdict = Oracle.Verdict()
        let (counted, mismatches) = sorted()
        for item in mismatches {
            verdict.shares[item.known.key] = Oracle.Share(
                role: role(of: item.known), isConfirmed: item.isConfirmed)
        }
        // Whoever comes in time goes first, then whoever was mined first.
        let order = counted.sorted(by: precedes)
        var sum = Sum(one.offers)
        var excesses: [Transfer.Key: UInt128] = [:]
        var excess: UInt128 = 0
        for item in order {
            let isAfter = isAccepted && !(decisive.map { wasKnown(item, at: $0) } ?? true)
            var role = item.isTimely ? Assessment.Role.counted : .late
            if isAfter || item.isConfirmed && sum.worth >= enough {
                role = .duplicate
            } else if item.isConfirmed, item.isTimely || isAccepted {
                let before = sum
                sum.add(item.known.units, under: item.offer)
                excess = sum.worth - min(price, sum.worth)
                if isTooMuch(excess) {
                    let missing = min(fewest(before, under: item.offer), item.known.units)
                    excesses[item.known.key] = item.known.units - missing
                }
            }
            verdict.shares[item.known.key] = Oracle.Share(role: role, isConfirmed: item.isConfirmed)
        }
        verdict.state = state(order, confirmed: sum.worth, excess: excess)
        for item in order + mismatches where item.isConfirmed {
            let share = verdict.shares[item.known.key]?.role ?? .counted
            book(item, as: share, isMet: isAccepted || sum.worth >= enough,
                 excess: excesses[item.known.key] ?? 0, &verdict)
            // What needed no block once needs none any more.
            let neededNone = item.known.confirmedIn == .some(nil) || item.mined == nil
            verdict.confirmedIn[item.known.key] = .some(neededNone ? nil : item.mined?.block)
        }
        verdict.books = verdict.books.filter { $0.value != 0 }
        return verdict
    }

    // MARK: What counts

    private func role(of known: Oracle.Known) -> Assessment.Role {
        if known.network != one.offers[known.offer].network { return .wrongNetwork }
        let worth = Sum.worth(known.units, under: one.offers[known.offer])
        return worth < agreement.dust * Sum.parts ? .dust : .counted
    }

    private func sorted() -> (counted: [Item], mismatches: [Item]) {
        let live = one.known.enumerated().filter { oracle.standing($0.element) != .gone }
        var whole = Sum(one.offers)
        for (_, known) in live where role(of: known) == .counted {
            whole.add(known.units, under: known.offer)
        }
        let value = max(price, whole.worth)
        var (counted, mismatches) = ([Item](), [Item]())
        for (place, known) in live {
            var item = item(known, place, value: value)
            if role(of: known) != .counted {
                mismatches.append(item)
            } else {
                let offer = timely(item)
                item.isTimely = offer != nil
                item.offer = offer ?? item.offer
                counted.append(item)
            }
        }
        return (counted, mismatches)
    }

    private func item(_ known: Oracle.Known, _ place: Int, value: UInt128) -> Item {
        let standing = oracle.standing(known)
        let view = oracle.views[known.network]
        let asked = agreement.confirmations(on: known.network, value: value)
        // What a block makes itself can be spent by the hundredth block on it, and may vanish until then.
        let need = known.transaction.inputs.isEmpty ? max(asked, Limits.maturity) : asked
        let isConfirmed: Bool
        switch (known.confirmedIn, standing) {
        case (.some(nil), _): isConfirmed = true
        case (.some(let block?), .mined(let at)) where at.block == block: isConfirmed = true
        case (_, .mined(let at)): isConfirmed = view.isHealthy && view.height - at.height + 1 >= need
        case (_, .pooled): isConfirmed = view.isHealthy && need == 0
        case (_, .gone): isConfirmed = false
        }
        let (sight, first) = sight(of: known, place)
        return Item(
            known: known, standing: standing, isConfirmed: isConfirmed, offer: known.offer, isTimely: false,
            sight: sight, place: first)
    }

    /// When it was first seen, or what it stands for: a raised fee is no new payment. Of several that it may
    /// stand for, the reading says.
    private func sight(of known: Oracle.Known, _ place: Int) -> (at: Int64, place: Int) {
        let own = seen(known)
        let rivals = oracle.rivals(of: known, in: one)
        guard reading.inherits, !rivals.isEmpty else { return (own, place) }
        let names = Set(rivals.map(\.transaction.id))
        func paid(_ id: Hash256) -> UInt128 {
            one.known.filter { $0.transaction.id == id && $0.offer == known.offer }
                .reduce(0) { $0 + $1.units }
        }
        let offer = one.offers[known.offer]
        if names.count == 1, let name = names.first {
            let (before, after) = (paid(name), paid(known.transaction.id))
            guard before == after || before < after && Sum.worth(before, under: offer) >= enough else {
                return (own, place)
            }
        }
        let first = one.known.firstIndex { names.contains($0.transaction.id) && $0.offer == known.offer }
        return (min(own, rivals.map(seen).min() ?? own), min(place, first ?? place))
    }

    /// By the gateway's clock; of what it missed, by the block's.
    private func seen(_ known: Oracle.Known) -> Int64 {
        guard known.isFromGap, case .mined(let at) = oracle.standing(known) else {
            return known.sight
        }
        return min(known.sight, at.median)
    }

    /// The offer under which it came in time; nil when it did not.
    private func timely(_ item: Item) -> Int? {
        let needsNone = item.isConfirmed && item.mined == nil || item.known.confirmedIn == .some(nil)
        let block = item.mined?.median ?? reading.now
        func isInBlock(_ offer: Int) -> Bool {
            needsNone || block <= one.offers[offer].endsAt + agreement.confirmBy
        }
        func takes(_ offer: Int) -> Bool {
            item.sight <= one.offers[offer].endsAt + agreement.grace && isInBlock(offer)
        }
        let own = item.known.offer
        if takes(own) { return own }
        for decided in one.decided {
            guard case .topUp = decided.kind, let offer = decided.offer else { continue }
            if isInBlock(offer), wasKnown(item, at: decided) { return own }
        }
        let others = one.offers.indices.filter {
            one.offers[$0].isTopUp && one.offers[$0].network == one.offers[own].network && takes($0)
        }
        guard !others.isEmpty else { return nil }
        return others.reduce(own) { best, next in
            Sum.worth(item.known.units, under: one.offers[next])
                < Sum.worth(item.known.units, under: one.offers[best]) ? next : best
        }
    }

    private func wasKnown(_ item: Item, at decided: Oracle.Decided) -> Bool {
        if item.place < decided.known { return true }
        guard item.known.isFromGap, let mined = item.mined else { return false }
        return mined.median <= decided.at
    }

    private func precedes(_ left: Item, _ right: Item) -> Bool {
        if left.isTimely != right.isTimely { return left.isTimely }
        switch (left.mined, right.mined) {
        case (let one?, let other?):
            if one.median != other.median { return one.median < other.median }
            let (first, second) = (oracle.networks[left.known.network], oracle.networks[right.known.network])
            if first != second { return first < second }
            if (one.height, one.index) != (other.height, other.index) {
                return (one.height, one.index) < (other.height, other.index)
            }
        case (_?, nil): return true
        case (nil, _?): return false
        case (nil, nil): if left.sight != right.sight { return left.sight < right.sight }
        }
        return left.known.key < right.known.key
    }

    // MARK: What follows

    /// The fewest units under an offer that bring a sum to the price: tried out, not solved for.
    private func fewest(_ sum: Sum, under offer: Int) -> UInt128 {
        func isEnough(_ units: UInt128) -> Bool {
            var more = sum
            more.add(units, under: offer)
            return more.worth >= price
        }
        var (low, high) = (UInt128(0), one.offers[offer].due * 2 + price)
        guard !isEnough(0) else { return 0 }
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if isEnough(middle) { high = middle } else { low = middle }
        }
        return high
    }

    private func isTooMuch(_ excess: UInt128) -> Bool {
        excess > agreement.waived(agreement.overBasisPoints, agreement.overCap, of: one.cents)
            && excess >= Sum.parts
    }

    private func worth(_ items: some Sequence<Item>) -> UInt128 {
        var sum = Sum(one.offers)
        for item in items { sum.add(item.known.units, under: item.offer) }
        return sum.worth
    }

    private func state(_ items: [Item], confirmed: UInt128, excess: UInt128) -> State {
        if isRefused { return .failed }
        if isAccepted { return .paid }
        if confirmed >= enough { return isTooMuch(excess) ? .overpaid : .paid }
        let timely = items.filter(\.isTimely)
        let received = worth(items)
        if worth(timely) >= enough { return timely.contains { $0.mined != nil } ? .confirming : .detected }
        if received >= enough {
            if worth(items.filter(\.isConfirmed)) >= enough { return .latePaid }
            return items.contains { $0.mined != nil } ? .confirming : .detected
        }
        if received > 0 {
            return reading.isClosed || items.allSatisfy(\.isConfirmed) ? .underpaid : .detected
        }
        if reading.isClosed { return .expired }
        return one.offers.isEmpty ? .created : .awaitingPayment
    }

    private func book(
        _ item: Item, as role: Assessment.Role, isMet: Bool, excess: UInt128, _ verdict: inout Oracle.Verdict
    ) {
        let (units, network) = (Int128(item.known.units), item.known.network)
        let excess = Int128(excess)
        func add(_ amount: Int128, to account: Oracle.Account) {
            verdict.books[account, default: 0] += amount
        }
        add(units, to: oracle.isSpent(item.known) ? .withdrawn(network) : .wallet(network))
        if !isRefused, role == .counted || isAccepted && role == .late {
            guard isMet else { return add(-units, to: .unapplied(network)) }
            add(excess - units, to: .payments(network))
            return add(-excess, to: .excess(network))
        }
        if isKept(item.known.key, as: role) { return add(-units, to: .excess(network)) }
        if isRefused { return add(-units, to: .unapplied(network)) }
        switch role {
        case .counted, .late, .dust: add(-units, to: .unapplied(network))
        case .duplicate: add(-units, to: agreement.keepsDuplicates ? .excess(network) : .unapplied(network))
        case .wrongNetwork, .wrongAsset:
            if one.decided.contains(where: { $0.transfer == item.known.key }) {
                add(-units, to: .payments(network))
            } else {
                add(-units, to: agreement.keepsMismatches ? .excess(network) : .unapplied(network))
            }
        }
    }

    private func isKept(_ key: Transfer.Key, as role: Assessment.Role) -> Bool {
        one.decided.contains { decided in
            guard case .keep(let kept, let kind) = decided.kind else { return false }
            return kind == .dust ? role == .dust : kept == key && kind != .overpaid
        }
    }
}
