import Domain
import JSON
import Platform
import Storage

/// Addresses are never issued twice, also not after a backup came back: decision 7.
extension Gateway {
    /// Binds the counts of addresses to the file at `path`. To be called before anything is issued, and after
    /// `keepRoots`.
    ///
    /// Where the file is ahead of the store, the store has gone back or a process has ended hard: what lies
    /// between is skipped, and recorded. Throws `IndexFile.Doubt` where nobody can know what was issued: then
    /// a person has to say it (`restored`).
    package func keepIndices(in path: String) async throws {
        let (known, identity, issued, floor) = try await store.read { tx in
            (
                try tx.setting(Self.databaseSetting), try tx.databaseIdentity(), try tx.keyIndices(),
                try self.storedFloor(tx)
            )
        }
        if let known, known != identity { throw IndexFile.Doubt.otherDatabase }
        guard let floor else { throw IndexFile.Doubt.numbers }
        let now = world.now
        let indices = issued.next
        let file = try indexFile(path, isUnused: issued.isWhole && indices.values.allSatisfy { $0 == 0 })
        // After a hard end the file is ahead by what it covered. If it is further, the store has gone back,
        // or many writes were waiting: numbers that begin higher for nothing do no harm. The same where a
        // root is missing.
        let isFar = file.covered.contains { key, covered in
            indices[key].map { covered - $0 > EngineLimits.coveredIndices.upperBound } ?? false
        }
        let lacksRoot = try await lacksKeptRoot()
        let mayHaveGoneBack = isFar || lacksRoot
        let (skipped, raised) = try await store.write { tx in
            var raised = floor
            if mayHaveGoneBack {
                raised = try self.raiseFloor(at: now, tx)
                var writer = JSONWriter()
                writer.object { $0.member("floor", raised) }
                try tx.record(
                    chain: Storage.Transaction.instanceChain, at: now, kind: "numbers_raised", subject: "",
                    cause: "start", actor: .operatorAtMachine, body: writer.bytes)
            }
            var skipped: [Int64] = []
            for (key, covered) in file.covered where indices[key] != nil {
                let before = try tx.advance(
                    key, to: covered, at: now, reason: "index_file", cause: "start", by: .operatorAtMachine)
                if let before { skipped.append(covered - before) }
            }
            if known == nil, let identity { try tx.set(Self.databaseSetting, identity) }
            return (skipped, raised)
        }
        self.floor.withLock { $0 = raised }
        self.indices.keep(file)
        guard !skipped.isEmpty else { return }
        let reason = "the last process ended hard, or this database is older than its folder"
        world.log.warning(
            """
            \("addresses", Int(skipped.reduce(0, +))) addresses of \("wallets", skipped.count) wallet keys \
            are skipped: \("reason", reason)
            """)
    }

    private func indexFile(_ path: String, isUnused: Bool) throws -> IndexFile {
        do {
            return try IndexFile(reading: path, in: world.files)
        } catch IndexFile.Doubt.missing where isUnused {
            // Nothing was issued.
            return try IndexFile(path, covering: [:], in: world.files)
        }
    }

    /// Records that a program of this version works on the store, where the last one was another. Throws
    /// `IndexFile.Doubt.numbers` where nobody can know how to number what merchants are told.
    package func recordStart(version: String) async throws {
        _ = try await store.read { try self.floor($0) }
        let text = "\(version), schema \(Schema.migrations.count)"
        let now = world.now
        guard try await store.read({ try self.lastStart($0) }) != text else { return }
        try await store.write { tx in
            var writer = JSONWriter()
            writer.object { writer in
                writer.member("version", version)
                writer.member("schema", Schema.migrations.count)
            }
            try tx.record(
                chain: Storage.Transaction.instanceChain, at: now, kind: "started", subject: "",
                cause: "start", actor: .operatorAtMachine, body: writer.bytes)
            try tx.set(Self.startSetting, text)
        }
    }

    /// What it worked as last; nil also where that cannot be read.
    private func lastStart(_ tx: Storage.Transaction) throws -> String? {
        do {
            return try tx.setting(Self.startSetting)
        } catch where Store.isAboutRows(error) {
            return nil
        }
    }

    private static let startSetting = "started_as"

    /// Writes down exactly what was handed out. For the end of a process that nothing is issued after.
    package func settleIndices() throws { try indices.settle() }

    /// Says that this store is, from here on, the one to go on with, and skips `count` addresses of every
    /// wallet: as many as may have been issued since the backup that it came from.
    ///
    /// *Atomicity*: all wallets and the record in one transaction, then the file. *On failure* of the file,
    /// say it again. Gives each key with its count before and after.
    package func restored(
        skipping count: Int64, indexFile path: String, cause: String
    ) async throws -> [(key: String, from: Int64, next: Int64)] {
        let known = try IndexFile.lastKnown(path, in: world.files)
        let now = world.now
        defer { floor.withLock { $0 = nil } }
        let moved = try await store.write { tx in
            let floor = try self.raiseFloor(at: now, tx)
            var writer = JSONWriter()
            writer.object { writer in
                writer.member("skipped", count)
                writer.member("floor", floor)
            }
            try tx.record(
                chain: Storage.Transaction.instanceChain, at: now, kind: "restored", subject: "",
                cause: cause, actor: .operatorAtMachine, body: writer.bytes)
            var moved: [(key: String, from: Int64, next: Int64)] = []
            for (key, from) in try tx.keyIndices().next.sorted(by: { $0.key < $1.key }) {
                let next = min(max(from, known[key] ?? 0) + count, 1 << 31)
                try tx.advance(
                    key, to: next, at: now, reason: "restored", cause: cause, by: .operatorAtMachine)
                moved.append((key, from, next))
            }
            if let identity = try tx.databaseIdentity() { try tx.set(Self.databaseSetting, identity) }
            return moved
        }
        // What nothing was issued of needs no line.
        let next = Dictionary(
            moved.filter { $0.next > 0 }.map { ($0.key, $0.next) }, uniquingKeysWith: max)
        _ = try IndexFile(
            path, covering: known.merging(next, uniquingKeysWith: max), in: world.files)
        // The roots that are not there are lost, and those that come have higher numbers.
        try rootFile.withLock { $0 }?.forget()
        return moved
    }

    private static let databaseSetting = "database_identity"

    /// What the parts of payments (events, versions, entries, exceptions, transfers) are numbered above. Read
    /// once, at the start: only `restored` raises it, and that a gateway runs beside is to be ended before.
    ///
    /// Throws `IndexFile.Doubt.numbers`, which is no payment's fault.
    func floor(_ tx: Storage.Transaction) throws -> Int {
        if let known = floor.withLock({ $0 }) { return known }
        guard let read = try storedFloor(tx) else { throw IndexFile.Doubt.numbers }
        floor.withLock { $0 = read }
        return read
    }

    /// As it is stored: 0 where nothing ever raised it, nil where it cannot be read.
    private func storedFloor(_ tx: Storage.Transaction) throws -> Int? {
        do {
            guard let text = try tx.setting(Storage.Transaction.floorSetting) else { return 0 }
            return Int(text).flatMap { (0...Fact.highestFloor).contains($0) ? $0 : nil }
        } catch where Store.isAboutRows(error) {
            return nil
        }
    }

    /// Raises the floor to the seconds that have passed since 2025: no payment has so many parts, and a
    /// second restore from the same backup comes out higher than the first.
    private func raiseFloor(at now: Instant, _ tx: Storage.Transaction) throws -> Int {
        let before = try storedFloor(tx) ?? 0
        let seconds = (now.milliseconds - Self.floorEpoch) / 1_000
        let floor = min(max(before + 1, Int(clamping: seconds)), Fact.highestFloor)
        try tx.set(Storage.Transaction.floorSetting, String(floor))
        return floor
    }

    /// 2025-01-01T00:00:00Z.
    private static let floorEpoch: Int64 = 1_735_689_600_000
}
