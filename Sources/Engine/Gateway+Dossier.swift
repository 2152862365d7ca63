import Chains
import Crypto
package import Domain
import Dossier
import Platform
import Storage

extension Gateway {
    /// The file that shows what happened to a payment, as its bytes: docs/DOSSIER.md. It needs the log and
    /// no row of the payment.
    ///
    /// One file at a time is made, for each holds all that is known of a payment.
    ///
    /// Throws `CommandError.notFound` for a payment of somebody else, `tooMany` for one with more records
    /// than a file takes, and `dossierBusy` where too many wait for theirs.
    ///
    /// - Parameters:
    ///   - showsPersonal: whether what the merchant told of its customer, and what people wrote, is in it.
    ///   - caller: nil for the operator.
    package func dossier(
        of id: ID<Payment>, showsPersonal: Bool, by caller: Caller?
    ) async throws -> [UInt8] {
        try await dossiers.pass(for: caller?.merchant) {
            try await self.makeDossier(of: id, showsPersonal, by: caller)
        }
    }

    private func makeDossier(
        of id: ID<Payment>, _ showsPersonal: Bool, by caller: Caller?
    ) async throws -> [UInt8] {
        let now = world.now
        var file = try await store.read { tx in
            try self.checkKey(tx)
            guard let owner = tx.owner(of: id),
                caller.map({ owner == ($0.merchant, $0.isTest) }) ?? true
            else { throw CommandError.notFound("payment") }
            let records = try self.records(of: id, tx)
            var story = PaymentStory(id)
            let isWhole = records.allSatisfy { story.take($0.record) == nil }
            var file = DossierFile(
                payment: id.text, merchant: owner.merchant.text,
                records: records.map { DossierFile.Line(record: $0.record, hash: $0.hash) },
                networks: isWhole ? try self.networks(of: story, tx) : [], madeAt: now,
                key: self.keys.signing.publicKey.bytes)
            file.successions = try tx.keySuccessions().map {
                DossierFile.Succession(old: $0.old, new: $0.new, signature: $0.signature)
            }
            file.seal = try self.seal(of: id, under: file.key, tx)
            if showsPersonal { file.personal = try self.personalPart(of: id, tx) }
            return file
        }
        file.signature = keys.signing.sign(DossierFile.message(SHA256.hash(file.unsignedBytes)))
        return file.storedBytes
    }

    private func records(of id: ID<Payment>, _ tx: Storage.Transaction) throws -> [StoredRecord] {
        var records: [StoredRecord] = []
        var bytes = 0
        while true {
            let page = try tx.records(
                chain: id.text, from: Int64(records.count), limit: EngineLimits.dossierPage)
            records += page
            bytes += page.reduce(0) { $0 + $1.record.body.count }
            guard records.count <= DossierLimits.records, bytes <= DossierLimits.recordBytes else {
                throw CommandError.tooMany("records for one file")
            }
            if page.count < EngineLimits.dossierPage { return records }
        }
    }

    /// What leads from the payment's records to a signed root; nil while no root holds any. Rows that cannot
    /// be read take the file away from nobody: without them it shows less, and `verify` finds them.
    private func seal(
        of id: ID<Payment>, under key: [UInt8], _ tx: Storage.Transaction
    ) throws -> DossierFile.Seal? {
        do {
            guard let (stored, place) = try tx.seal(of: id.text) else { return nil }
            let leaves = try tx.leaves(of: stored.root.number, in: stored.root.scope)
            let tree = MerkleTree(leaves.map(\.preimage))
            let later = try later(than: stored, under: key, tx)
            guard leaves.indices.contains(place), leaves[place].chain == id.text,
                tree.head.bytes == stored.root.tree,
                ([stored] + later).allSatisfy({ $0.isSound && $0.isSigned })
            else { throw Corruption("root \(stored.root.number) is not the one that held it") }
            return DossierFile.Seal(
                record: leaves[place].sequence, place: UInt64(place), path: tree.path(of: place).map(\.bytes),
                root: DossierFile.SealedRoot(stored), later: later.map { DossierFile.SealedRoot($0) })
        } catch where error is Corruption || Store.isAboutRows(error) {
            let reason = String(describing: error)
            world.log.error("a seal cannot be read \("payment", id.text) \("reason", reason)")
            return nil
        }
    }

    /// The roots that lead from one by an older key to the first one by `key`; none where they are too many.
    private func later(
        than sealed: StoredRoot, under key: [UInt8], _ tx: Storage.Transaction
    ) throws -> [StoredRoot] {
        guard sealed.root.key != key else { return [] }
        let roots = try tx.roots(
            of: sealed.root.scope, from: sealed.root.number + 1, limit: DossierLimits.roots)
        guard let end = roots.firstIndex(where: { $0.root.key == key }) else { return [] }
        return Array(roots[...end])
    }

    private func personalPart(
        of id: ID<Payment>, _ tx: Storage.Transaction
    ) throws -> DossierFile.PersonalPart? {
        guard let personal = try tx.personal(of: id) else { return nil }
        return DossierFile.PersonalPart(
            salt: personal.salt, customer: personal.customer, body: personal.body,
            notes: try tx.notes(on: id).map {
                DossierFile.Note(ruling: $0.ruling, salt: $0.salt, text: $0.text)
            })
    }

    // MARK: Networks

    /// What is kept of the blocks that hold the payment's transfers.
    private func networks(
        of story: PaymentStory, _ tx: Storage.Transaction
    ) throws -> [DossierFile.Network] {
        guard let payment = story.payment else { return [] }
        var room = DossierLimits.transactionBytes
        var parts: [NetworkName: (transactions: [DossierFile.Mined], heights: Set<UInt64>)] = [:]
        let shares = payment.assessment.shares
        let mined = payment.evidence.transfers.filter { $0.isLive && UTXONetwork($0.key.network) != nil }
        // What is confirmed first: it has the better right to the room.
        let ranked =
            mined.filter { shares[$0.key]?.isConfirmed ?? false }
            + mined.filter { !(shares[$0.key]?.isConfirmed ?? false) }
        for transfer in ranked {
            guard let place = transfer.block else { continue }
            let (network, id) = (transfer.key.network, String(transfer.key.transaction))
            var part = parts[network] ?? ([], [])
            part.heights.formUnion(heights(from: place, of: transfer, payment, part.heights.count))
            let isThere = part.transactions.contains { $0.transaction == id && $0.block == place.block.text }
            if !isThere, let proof = try tx.proof(of: network, transaction: id, block: place.block) {
                let isKept = !proof.raw.isEmpty && proof.raw.count <= room
                if isKept { room -= proof.raw.count }
                part.transactions.append(Self.mined(proof, isKept: isKept))
            }
            parts[network] = part
        }
        return try parts.sorted { $0.key < $1.key }.map { network, part in
            DossierFile.Network(
                name: network.text, transactions: part.transactions,
                headers: try runs(of: network, part.heights.sorted(), tx))
        }
    }

    private func heights(
        from place: BlockPlace, of transfer: Transfer, _ payment: Payment, _ count: Int
    ) -> Range<UInt64> {
        let asked = payment.blocksAsked(of: transfer) ?? 1
        let room = UInt64(max(0, DossierLimits.headers - count))
        let (end, overflows) = place.height.addingReportingOverflow(min(asked, room))
        return overflows ? place.height..<place.height : place.height..<end
    }

    private static func mined(_ proof: ProofRow, isKept: Bool) -> DossierFile.Mined {
        DossierFile.Mined(
            transaction: proof.transaction, block: proof.block.text, height: proof.height, place: proof.index,
            branch: stride(from: 0, to: proof.branch.count, by: 32).map { Array(proof.branch[$0..<$0 + 32]) },
            raw: isKept ? proof.raw : nil)
    }

    /// The headers at these heights, as far as there are any yet.
    private func runs(
        of network: NetworkName, _ heights: [UInt64], _ tx: Storage.Transaction
    ) throws -> [DossierFile.Run] {
        var runs: [DossierFile.Run] = []
        var rest = heights[...]
        while let first = rest.first {
            var last = first
            while rest.first == last || rest.first == last + 1 { last = rest.removeFirst() }
            for row in try tx.headers(of: network, from: first, to: last) where !row.raw.isEmpty {
                if let run = runs.last, run.height + UInt64(run.headers.count) == row.height {
                    runs[runs.count - 1].headers.append(row.raw)
                } else {
                    runs.append(DossierFile.Run(height: row.height, headers: [row.raw]))
                }
            }
        }
        return runs
    }
}
