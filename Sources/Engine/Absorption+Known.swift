import Chains
import Domain
import Storage

extension Absorption {
    /// A payment as it was stored before this batch.
    struct Known {
        let payment: Payment
        private let places: [Transfer.Key: Int]

        init(_ payment: Payment) {
            self.payment = payment
            places = payment.evidence.places
        }

        func transfer(_ key: Transfer.Key) -> Transfer? {
            places[key].map { payment.evidence.transfers[$0] }
        }
    }

    /// A payment, read once however much is said of it in this batch: somebody can pay it with thousands of
    /// outputs. Nil when it is set aside.
    mutating func known(_ id: ID<Payment>) throws -> Known? {
        if let known = read[id] { return known }
        let known = try gateway.legible(id, work).map(Known.init)
        read[id] = .some(known)
        return known
    }

    /// What is kept of a payment that is set aside, read once.
    private mutating func places(keptOf id: ID<Payment>) throws -> Set<String> {
        if let places = kept[id] { return places }
        let places = try work.tx.keptPlaces(of: id, on: network)
        kept[id] = places
        return places
    }

    /// The outputs of a transaction that pay us, and whom. Of more than a payment takes, the largest.
    mutating func payments(
        by transaction: ChainTransaction, _ standing: Transfer.Standing, _ owners: [String: Attribution]
    ) throws -> [(output: ChainOutput, owner: Attribution)] {
        var paying = transaction.outputs.compactMap { output in
            owners[output.script].flatMap { isPaid(here: $0) ? (output: output, owner: $0) : nil }
        }
        if paying.count > Room.leastOutsideBlocks {
            paying.sort { UInt128($0.output.amountText) ?? 0 > UInt128($1.output.amountText) ?? 0 }
        }
        return try paying.filter { output, owner in
            let key = Transfer.Key(network: network, place: output.place)
            let known = try known(owner.payment)
            if known?.transfer(key) != nil || news[owner.payment]?.sightings[key] != nil { return true }
            let kept = known == nil ? try places(keptOf: owner.payment) : []
            if kept.contains(key.place) { return true }
            var room =
                rooms[owner.payment] ?? known.map { Room($0.payment.evidence) } ?? Room(beside: kept.count)
            defer { rooms[owner.payment] = room }
            let kind = known.map { known in
                Room.kind(
                    standing, method(of: output), Transfer.amount(output.amountText),
                    under: known.payment.evidence.quote(owner.quote))
            }
            return room.take(kind ?? .money, standing)
        }
    }

    /// What an output moves here; nil for an asset that is not on the list.
    func method(of output: ChainOutput) -> Domain.Method? {
        output.asset.map { Domain.Method(asset: $0, network: network) }
    }

    /// Keeps what shows that a block holds a transaction that pays us.
    func keepProof(of transaction: ChainTransaction, _ claim: Transfer.Claim) throws {
        guard case .mined(let place) = claim.standing, let inclusion = transaction.inclusion?() else {
            return
        }
        let isKept = inclusion.raw.count <= EngineLimits.provenBytes
        try work.tx.insert(
            ProofRow(
                transaction: transaction.id, block: place.block, height: place.height, index: place.index,
                header: header, branch: inclusion.branch, size: inclusion.raw.count,
                raw: isKept ? inclusion.raw : []),
            of: network)
    }

    /// Forgets what buried transactions spent, and headers where not all of them are to be kept.
    func forget(_ known: SourceRow?) throws {
        let tip = batch.cursor.height
        let kept = gateway.settings.keptHeaders
        if let kept, tip > kept { try work.tx.deleteHeaders(of: network, below: tip - kept) }
        let buried = min(kept ?? .max, EngineLimits.buriedBlocks)
        guard tip > buried else { return }
        let before = known?.height ?? 0
        try work.tx.deletePoolInputs(
            of: network, minedFrom: before - min(before, buried), below: tip - buried)
    }

    /// The same script belongs to its owner on every network. What a test network moves is worth nothing: it
    /// is none of a live payment's business.
    private func isPaid(here owner: Attribution) -> Bool {
        guard let asked = gateway.networks[owner.network], let here = gateway.networks[network] else {
            return true
        }
        return asked.isTest == here.isTest
    }
}
