import Database
package import Domain

/// How far a network was absorbed, and how its source is.
package struct SourceRow: Hashable, Sendable {
    package var sequence: UInt64
    /// The last block absorbed; nil before the first.
    package var height: UInt64?
    package var block: BlockID?
    package var safe: UInt64?
    package var finalized: UInt64?
    package var isHealthy: Bool
    /// Why it is not healthy, for people.
    package var fault: String?
    package var scannedUntil: Instant
    package var seenAt: Instant

    package init(
        sequence: UInt64, height: UInt64?, block: BlockID?, safe: UInt64?, finalized: UInt64?,
        isHealthy: Bool,
        fault: String?, scannedUntil: Instant, seenAt: Instant
    ) {
        self.sequence = sequence
        self.height = height
        self.block = block
        self.safe = safe
        self.finalized = finalized
        self.isHealthy = isHealthy
        self.fault = fault
        self.scannedUntil = scannedUntil
        self.seenAt = seenAt
    }

    /// As the rules see it.
    package var source: Source {
        Source(
            sequence: sequence, tip: height ?? 0, safe: safe, finalized: finalized, isHealthy: isHealthy,
            scannedUntil: scannedUntil)
    }
}

/// Who follows a network.
package struct WatchRow: Hashable, Sendable {
    /// The process; nil when nobody does.
    package var owner: String?
    /// Grows with each owner.
    package var fence: UInt64
    /// Grows with each word of the owner: while it does, the owner is alive.
    package var beat: UInt64

    package init(owner: String?, fence: UInt64, beat: UInt64) {
        self.owner = owner
        self.fence = fence
        self.beat = beat
    }
}

/// A block that was absorbed.
package struct HeaderRow: Hashable, Sendable {
    package let height: UInt64
    package let block: BlockID
    package let parent: BlockID
    package let medianTime: Instant
    /// The 80 bytes of it; none in the sandbox, nor for the block that a network was first heard at.
    package let raw: [UInt8]

    package init(
        height: UInt64, block: BlockID, parent: BlockID, medianTime: Instant, raw: [UInt8] = []
    ) {
        self.height = height
        self.block = block
        self.parent = parent
        self.medianTime = medianTime
        self.raw = raw
    }

    init(_ row: Row) throws {
        self.init(
            height: try row.unsigned(0), block: BlockID(try row.text(1)), parent: BlockID(try row.text(2)),
            medianTime: try row.instant(3), raw: try row.blob(4))
    }
}

/// Whom a script belongs to.
package struct Attribution: Hashable, Sendable {
    package let payment: ID<Payment>
    package let quote: ID<Quote>
    /// The network on which the payment was asked for. The same script may be one of another network.
    package let network: NetworkName
}

extension Transaction {
    /// How a network was last heard; nil before the first time.
    package func source(of network: NetworkName) throws -> SourceRow? {
        guard
            let row = try connection.first(
                """
                SELECT sequence, height, block, safe, finalized, is_healthy, fault, scanned_until, seen_at
                FROM source WHERE network = \(network.text)
                """)
        else { return nil }
        return SourceRow(
            sequence: try row.unsigned(0), height: try row.unsignedOrNil(1),
            block: try row.textOrNil(2).map { BlockID($0) }, safe: try row.unsignedOrNil(3),
            finalized: try row.unsignedOrNil(4), isHealthy: try row.bool(5), fault: try row.textOrNil(6),
            scannedUntil: try row.instant(7), seenAt: try row.instant(8))
    }

    /// Writes how a network was heard.
    package func save(_ source: SourceRow, of network: NetworkName) throws {
        try connection.execute(
            """
            INSERT INTO source (network, sequence, height, block, safe, finalized, is_healthy, fault,
                scanned_until,
                seen_at)
            VALUES (\(network.text), \(source.sequence), \(source.height), \(source.block?.text),
                \(source.safe),
                \(source.finalized), \(source.isHealthy), \(source.fault),
                \(source.scannedUntil.milliseconds),
                \(source.seenAt.milliseconds))
            ON CONFLICT (network) DO UPDATE SET sequence = excluded.sequence, height = excluded.height,
                block = excluded.block, safe = excluded.safe, finalized = excluded.finalized,
                is_healthy = excluded.is_healthy, fault = excluded.fault,
                scanned_until = excluded.scanned_until,
                seen_at = excluded.seen_at
            """)
    }

    /// Who follows a network; nil when nobody ever did.
    package func watch(of network: NetworkName) throws -> WatchRow? {
        try connection.first("SELECT owner, fence, beat FROM watch WHERE network = \(network.text)").map {
            WatchRow(owner: try $0.textOrNil(0), fence: try $0.unsigned(1), beat: try $0.unsigned(2))
        }
    }

    /// Writes who watches a network.
    package func save(_ watch: WatchRow, of network: NetworkName) throws {
        try connection.execute(
            """
            INSERT INTO watch (network, owner, fence, beat)
            VALUES (\(network.text), \(watch.owner), \(watch.fence), \(watch.beat))
            ON CONFLICT (network) DO UPDATE SET owner = excluded.owner, fence = excluded.fence,
                beat = excluded.beat
            """)
    }

    /// The absorbed block at a height; nil where no header is kept.
    package func block(of network: NetworkName, at height: UInt64) throws -> BlockID? {
        try connection.first(
            "SELECT block FROM header WHERE network = \(network.text) AND height = \(height)"
        ).map { BlockID(try $0.text(0)) }
    }

    /// The lowest height whose header is kept.
    package func lowestHeader(of network: NetworkName) throws -> UInt64? {
        try connection.first(
            "SELECT height FROM header WHERE network = \(network.text) ORDER BY height LIMIT 1")?.unsigned(0)
    }

    /// The last block that was absorbed, as the headers know it.
    package func highestHeader(of network: NetworkName) throws -> HeaderRow? {
        try connection.first(
            """
            SELECT height, block, parent, median_time, raw FROM header WHERE network = \(network.text)
            ORDER BY height DESC LIMIT 1
            """
        ).map(HeaderRow.init)
    }

    /// The headers from `first` up to `last`, in order; those that are kept.
    package func headers(of network: NetworkName, from first: UInt64, to last: UInt64) throws -> [HeaderRow] {
        try connection.query(
            """
            SELECT height, block, parent, median_time, raw FROM header
            WHERE network = \(network.text) AND height >= \(first) AND height <= \(last) ORDER BY height
            """
        ).map(HeaderRow.init)
    }

    /// Keeps the header of an absorbed block.
    package func insert(_ header: HeaderRow, of network: NetworkName) throws {
        try connection.execute(
            """
            INSERT INTO header (network, height, block, parent, median_time, raw)
            VALUES (\(network.text), \(header.height), \(header.block.text), \(header.parent.text),
                \(header.medianTime.milliseconds), \(header.raw))
            """)
    }

    /// Forgets the headers above a fork.
    package func deleteHeaders(of network: NetworkName, above height: UInt64) throws {
        try connection.execute("DELETE FROM header WHERE network = \(network.text) AND height > \(height)")
    }

    /// Forgets the headers far below the tip.
    package func deleteHeaders(of network: NetworkName, below height: UInt64) throws {
        try connection.execute("DELETE FROM header WHERE network = \(network.text) AND height < \(height)")
    }

    /// Which of `scripts` are issued destinations. Through the index: the cost is one look-up a script.
    package func attributions(of scripts: [String]) throws -> [String: Attribution] {
        var found: [String: Attribution] = [:]
        for chunk in chunks(scripts) {
            for row in try connection.query(
                "SELECT script, payment, quote, network FROM destination WHERE script IN \(list: chunk)")
            {
                let read = try legible(row, of: "destination") { row in
                    (
                        script: try row.text(0),
                        owner: Attribution(
                            payment: try row.id(1), quote: try row.id(2),
                            network: try row.parsed(3, NetworkName.init(parsing:)))
                    )
                }
                if let read { found[read.script] = read.owner }
            }
        }
        return found
    }

    /// Which of `places` are outputs that paid us, and to which payment.
    package func transfers(of network: NetworkName, at places: [String]) throws -> [String: ID<Payment>] {
        var found: [String: ID<Payment>] = [:]
        for chunk in chunks(places) {
            for row in try connection.query(
                """
                SELECT place, payment, script FROM transfer WHERE network = \(network.text)
                    AND place IN \(list: chunk)
                """)
            {
                found[try row.text(0)] = try payer(row, payment: 1, script: 2)
            }
        }
        return found
    }

    /// The payment of a transfer's row; where that is damaged, whose script it was paid to. Nil when nobody
    /// can say.
    private func payer(_ row: Row, payment: Int, script: Int) throws -> ID<Payment>? {
        if let id: ID<Payment> = try legible(row, of: "transfer", { try $0.id(payment) }) { return id }
        guard let script = try legible(row, of: "transfer", { try $0.text(script) }) else { return nil }
        return try attributions(of: [script])[script]?.payment
    }

    /// Lists of one length have one text, so that their statements are prepared once; the last is filled up.
    func chunks(_ values: [String]) -> [[String]] {
        stride(from: 0, to: values.count, by: Limits.lookups).map { start in
            var chunk = Array(values[start..<min(start + Limits.lookups, values.count)])
            if let last = chunk.last, values.count > Limits.lookups {
                chunk += repeatElement(last, count: Limits.lookups - chunk.count)
            }
            return chunk
        }
    }

    /// The transactions that pay us and are not buried, by an output that they spend. One that cannot be read
    /// is left to the pool, which will not hold it any more.
    package func poolSpenders(of network: NetworkName, places: [String]) throws -> [String: [String]] {
        var found: [String: [String]] = [:]
        for chunk in chunks(places) {
            for row in try connection.query(
                """
                SELECT place, transaction_id FROM pool_input
                WHERE network = \(network.text) AND place IN \(list: chunk)
                """)
            {
                let read = try legible(row, of: "pool_input") { (place: try $0.text(0), id: try $0.text(1)) }
                if let read { found[read.place, default: []].append(read.id) }
            }
        }
        return found
    }

    package var hasPoolInputs: Bool {
        get throws { try connection.first("SELECT 1 FROM pool_input LIMIT 1") != nil }
    }

    /// Remembers what a transaction that pays us spends, so that what takes its place is known: in the pool,
    /// or after a reorg.
    package func insertPoolInputs(of network: NetworkName, transaction: String, places: [String]) throws {
        for place in places {
            try connection.execute(
                """
                INSERT INTO pool_input (network, place, transaction_id)
                VALUES (\(network.text), \(place), \(transaction)) ON CONFLICT DO NOTHING
                """)
        }
    }

    /// Forgets what a transaction that left the pool spends.
    package func deletePoolInputs(of network: NetworkName, transaction: String) throws {
        try connection.execute(
            "DELETE FROM pool_input WHERE network = \(network.text) AND transaction_id = \(transaction)")
    }

    /// Forgets what was spent by transactions of buried blocks.
    package func deletePoolInputs(
        of network: NetworkName, minedFrom height: UInt64, below end: UInt64
    ) throws {
        try connection.execute(
            """
            DELETE FROM pool_input WHERE network = \(network.text) AND transaction_id IN (
                SELECT transaction_id FROM transfer WHERE network = \(network.text) AND standing = 'mined'
                    AND height >= \(height) AND height < \(end))
            """)
    }

    /// What is known of the transfers of a transaction.
    package func transfers(of network: NetworkName, transaction: String) throws -> [KnownTransfer] {
        try known(
            "WHERE network = \(network.text) AND transaction_id = \(transaction)")
    }

    /// The transfers that no block holds, and that the network claimed last.
    package func pooledTransfers(of network: NetworkName) throws -> [KnownTransfer] {
        try known("WHERE network = \(network.text) AND standing = 'pooled'")
    }

    /// The transfers whose block is above `height`.
    package func minedTransfers(of network: NetworkName, above height: UInt64) throws -> [KnownTransfer] {
        try known("WHERE network = \(network.text) AND standing = 'mined' AND height > \(height)")
    }

    /// The transfers whose spend is in a block above `height`.
    package func spentTransfers(of network: NetworkName, above height: UInt64) throws -> [KnownTransfer] {
        try known("WHERE network = \(network.text) AND spend_height > \(height)")
    }

    /// In the order of their places. Sorted here: for an index that has this order SQLite would rather go
    /// over all transfers of the network.
    private func known(_ condition: SQL) throws -> [KnownTransfer] {
        try connection.query(
            "SELECT network, place, transaction_id, payment, script FROM transfer \(condition)"
        ).compactMap { row -> KnownTransfer? in
            guard let payment = try payer(row, payment: 3, script: 4) else { return nil }
            return try legible(row, of: "transfer") { row in
                KnownTransfer(
                    key: Transfer.Key(
                        network: try row.parsed(0, NetworkName.init(parsing:)), place: try row.text(1)),
                    transaction: try row.text(2), payment: payment)
            }
        }.sorted { $0.key.place < $1.key.place }
    }

    /// The sandbox as it was last kept whole; nil while its commands tell all. Throws `Corruption` for what
    /// is no text.
    package func keptSandbox() throws -> String? {
        try connection.first("SELECT state FROM sandbox_state").map { row in
            try ofSandbox("sandbox_state") { try row.text(0) }
        }
    }

    /// What a row of the sandbox holds. Play money must not stop anything: a value that is none is
    /// `Corruption`, for which there is a way on.
    private func ofSandbox<Value>(_ table: String, _ read: () throws -> Value) throws -> Value {
        do {
            return try read()
        } catch {
            guard Store.isAboutRows(error) else { throw error }
            throw Corruption("\(table) has a row that is none: \(error)")
        }
    }

    /// The number of the last command in what was kept whole; 0 while nothing is. Throws `Corruption` for
    /// what is no number of a command.
    package func keptSandboxSequence() throws -> Int64 {
        guard let row = try connection.first("SELECT sequence FROM sandbox_state") else { return 0 }
        let sequence = try ofSandbox("sandbox_state") { try row.integer(0) }
        guard Limits.sandboxCommands.contains(sequence) else {
            throw Corruption("sandbox_state has the number \(sequence)")
        }
        return sequence
    }

    /// The number of the sandbox's last command; 0 before the first. Throws `Corruption` for what is none.
    package func sandboxSequence() throws -> Int64 {
        let row = try connection.first("SELECT max(sequence) FROM sandbox_journal")
        let last = try ofSandbox("sandbox_journal") { try row?.integerOrNil(0) }
        return try last ?? keptSandboxSequence()
    }

    /// Keeps the sandbox whole instead of the commands up to `sequence`.
    package func keepSandbox(_ state: String, sequence: Int64) throws {
        try connection.execute("DELETE FROM sandbox_state")
        try connection.execute("INSERT INTO sandbox_state (sequence, state) VALUES (\(sequence), \(state))")
        try connection.execute("DELETE FROM sandbox_journal WHERE sequence <= \(sequence)")
    }

    /// The sandbox's commands after one, in order. Throws `Corruption` for a line that is none.
    package func journal(after sequence: Int64, limit: Int) throws -> [(sequence: Int64, command: String)] {
        try connection.query(
            """
            SELECT sequence, command FROM sandbox_journal WHERE sequence > \(sequence)
            ORDER BY sequence LIMIT \(limit)
            """
        ).map { row in try ofSandbox("sandbox_journal") { (try row.integer(0), try row.text(1)) } }
    }

    /// Writes the sandbox's next command.
    package func appendJournal(_ command: String, sequence: Int64) throws {
        try connection.execute(
            "INSERT INTO sandbox_journal (sequence, command) VALUES (\(sequence), \(command))")
    }
}

/// Where to find a transfer's payment.
package struct KnownTransfer: Hashable, Sendable {
    package let key: Transfer.Key
    package let transaction: String
    package let payment: ID<Payment>

    package init(key: Transfer.Key, transaction: String, payment: ID<Payment>) {
        self.key = key
        self.transaction = transaction
        self.payment = payment
    }
}

extension Row {
    func unsigned(_ column: Int) throws -> UInt64 { try read(column) }
    func unsignedOrNil(_ column: Int) throws -> UInt64? { try read(column) }
}
