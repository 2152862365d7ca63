import Crypto
import Database
package import Domain

/// How proofs are read: this module knows no network.
package struct ProofCheck: Sendable {
    /// Whether each transfer in a block of this network has a proof.
    package let isKept: @Sendable (NetworkName) -> Bool
    /// What is wrong with one; nil for nothing. Not asked of a transaction that was too long to be kept.
    package let flaw: @Sendable (NetworkName, ProofRow) -> String?

    package init(
        isKept: @escaping @Sendable (NetworkName) -> Bool,
        flaw: @escaping @Sendable (NetworkName, ProofRow) -> String?
    ) {
        self.isKept = isKept
        self.flaw = flaw
    }
}

extension Verifier {
    /// Compares the proofs of a payment's transactions with what its records tell of blocks and bytes.
    mutating func compareProofs(_ mined: Set<PaymentStory.MinedClaim>, of payment: Payment) throws {
        var observed: [Transfer.Key: Set<Commitment>] = [:]
        for transfer in payment.evidence.transfers {
            let key = Transfer.Key(network: transfer.key.network, place: String(transfer.key.transaction))
            observed[key, default: []].formUnion(transfer.observations)
        }
        let kept = observed.isEmpty ? [] : try self.kept(of: payment)
        for sighting in kept {
            let key = Transfer.Key(network: sighting.key.network, place: String(sighting.key.transaction))
            if let bytes = sighting.observation { observed[key]?.insert(bytes) }
        }
        for (key, observations) in observed.sorted(by: { $0.key < $1.key }) {
            var claims = mined.filter { $0.network == key.network && $0.transaction == key.place }
            for row in try tx.proofs(of: key.network, transaction: key.place) {
                let place = "proof \(key) in \(row.block.text)"
                if let claim = claims.first(where: { $0.place.block == row.block }) {
                    claims.remove(claim)
                    explained["proof", default: 0] += 1
                    if claim.place.height != row.height {
                        report.add(place, "height is not what the log says")
                    }
                    if claim.place.index != row.index { report.add(place, "place is not what the log says") }
                } else if try !isTold(row, of: key, by: kept, besides: payment) {
                    report.add(place, "the log does not tell of it")
                }
                compare(row, key.network, observations, place)
            }
            guard proofs?.isKept(key.network) ?? false else { continue }
            for claim in claims.sorted(by: { $0.place.block.text < $1.place.block.text }) {
                report.add("proof \(key) in \(claim.place.block.text)", "the row is missing")
            }
        }
    }

    /// What was said of a payment while it is set aside.
    private func kept(of payment: Payment) throws -> [Sighting] {
        try tx.quarantinedFacts(of: payment.id).flatMap { fact -> [Sighting] in
            guard case .sighted(let sightings, _) = fact.news else { return [] }
            return sightings
        }
    }

    /// Whether the block is told of elsewhere: in facts that wait, or by the records of another payment that
    /// the transaction pays.
    private func isTold(
        _ row: ProofRow, of key: Transfer.Key, by kept: [Sighting], besides payment: Payment
    ) throws -> Bool {
        let waits = kept.contains { sighting in
            guard case .mined(let place) = sighting.claim.standing else { return false }
            return sighting.key.network == key.network && sighting.key.transaction == key.place
                && place.block == row.block
        }
        if waits { return true }
        return try tx.connection.first(
            """
            SELECT 1 FROM transfer WHERE transaction_id = \(key.place) AND network = \(key.network.text)
                AND payment <> \(payment.id.text) LIMIT 1
            """) != nil
    }

    private mutating func compare(
        _ row: ProofRow, _ network: NetworkName, _ observations: Set<Commitment>, _ place: String
    ) {
        if row.raw.isEmpty, row.size > 0 { return longTransactions += 1 }
        if row.size != row.raw.count { report.add(place, "size is not that of its bytes") }
        if !observations.contains(where: { $0.bytes == SHA256.hash(row.raw) }) {
            report.add(place, "its bytes are not those that the log names")
        }
        if let flaw = proofs?.flaw(network, row) { report.add(place, flaw) }
    }

    /// Proofs of transactions that nobody was paid by. What a payment that is set aside was told of waits
    /// with its facts.
    mutating func checkStrayProofs() throws {
        try report(
            strays: """
                SELECT x.network || '/' || x.transaction_id FROM proof x WHERE NOT EXISTS (
                    SELECT 1 FROM transfer t
                    WHERE t.transaction_id = x.transaction_id AND t.network = x.network)
                AND NOT EXISTS (
                    SELECT 1 FROM quarantined_place q WHERE q.network = x.network
                    AND q.place >= x.transaction_id || ':' AND q.place < x.transaction_id || ';')
                ORDER BY x.network, x.transaction_id
                """, "proof", "the log does not tell of it")
    }
}
