import Database
package import Domain

/// Wake-ups that were lost or damaged: nothing makes one again but the payment's own next news, so that a
/// payment without one would lie for ever.
extension Transaction {
    /// Payments of one mode that wait for something, and that nothing wakes by itself.
    ///
    /// Some wait for news alone, after all moments have passed: a look at them changes nothing.
    package func sleepers(isTest: Bool, at now: Instant, limit: Int) throws -> [ID<Payment>] {
        var found: [ID<Payment>] = []
        for state in [State.created, .awaitingPayment, .detected, .confirming] where found.count < limit {
            // A height is what a confirming one waits for, whatever the clock has for it.
            let isAwake: SQL =
                state == .confirming
                ? "SELECT 1 FROM wake_height h WHERE h.payment = p.id"
                : """
                    SELECT 1 FROM wake w WHERE w.payment = p.id
                    UNION ALL SELECT 1 FROM wake_scan s WHERE s.payment = p.id
                    """
            // Text stands behind all numbers.
            let damaged: SQL = "SELECT 1 FROM wake w WHERE w.payment = p.id AND w.at >= \(Int64.max)"
            // CROSS: of each merchant those of one state are found on their index.
            found += try connection.query(
                """
                SELECT p.id FROM merchant m CROSS JOIN payment p
                WHERE p.merchant = m.id AND p.is_test = \(isTest) AND p.state = \(state.rawValue)
                    AND (NOT EXISTS (\(isAwake)) OR EXISTS (\(damaged)))
                    AND NOT EXISTS (
                        SELECT 1 FROM wake w WHERE w.payment = p.id AND w.at <= \(now.milliseconds))
                    AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.payment = p.id)
                LIMIT \(limit - found.count)
                """
            ).compactMap { try legible($0, of: "payment") { try $0.id(0) } }
        }
        return found
    }

    /// Makes payments of one mode due for a look now.
    package func wake(_ ids: [ID<Payment>], isTest: Bool, at now: Instant) throws {
        for id in ids {
            try connection.execute(
                """
                INSERT INTO wake (payment, clock, at)
                VALUES (\(id.text), \(isTest ? 1 : 0), \(now.milliseconds))
                ON CONFLICT (payment) DO UPDATE SET clock = excluded.clock, at = excluded.at
                """)
        }
    }

    /// Forgets wake-ups of payments that do not exist. Gives how many there were.
    package func deleteStrayWakes() throws -> Int {
        var count = 0
        for table in Self.wakeTables.keys.sorted() {
            count += try connection.execute(
                """
                DELETE FROM \(raw: table) WHERE NOT EXISTS (
                    SELECT 1 FROM payment p WHERE p.id = \(raw: table).payment)
                """)
        }
        return count
    }

    /// Whether there are wake-ups of payments that do not exist.
    package func hasStrayWakes() throws -> Bool {
        try Self.wakeTables.keys.contains { table in
            try connection.first(
                """
                SELECT 1 FROM \(raw: table) w
                WHERE NOT EXISTS (SELECT 1 FROM payment p WHERE p.id = w.payment) LIMIT 1
                """) != nil
        }
    }

    /// The tables of wake-ups, and the column that says what each waits for.
    static let wakeTables = ["wake": "at", "wake_height": "height", "wake_scan": "at"]
}

extension Verifier {
    /// Whether a payment that waits has what wakes it. Looks that change nothing move what its log does not
    /// tell: which moment, mark or height it is. That there is one they leave as it is.
    mutating func compareWakes(of payment: Payment) throws {
        guard try !tx.isQuarantined(payment.id) else { return }
        let id = payment.id.text
        func isThere(_ sql: SQL) throws -> Bool { try tx.connection.first(sql + " LIMIT 1") != nil }
        switch payment.state {
        case .created, .awaitingPayment:
            let isAwake = try isThere(
                """
                SELECT 1 FROM wake WHERE payment = \(id)
                UNION ALL SELECT 1 FROM wake_scan WHERE payment = \(id)
                """)
            if !isAwake {
                report.add("wake \(id)", "the row is missing, and nothing looks at the payment")
            }
        case .detected, .confirming, .paid, .overpaid, .underpaid, .latePaid, .expired, .failed,
            .refunded: break
        }
        guard payment.evidence.transfers.contains(where: { $0.confirmedIn == nil && $0.block != nil })
        else { return }
        for network in Set(payment.assessment.nextHeights.keys.map(\.network)).sorted() {
            let isAwake = try isThere(
                "SELECT 1 FROM wake_height WHERE payment = \(id) AND network = \(network.text)")
            if !isAwake {
                report.add(
                    "wake_height \(id) on \(network)", "the row is missing, and no block is waited for")
            }
        }
    }

    /// Wake-ups that wake nothing.
    mutating func checkWakes() throws {
        for (table, column) in Transaction.wakeTables.sorted(by: { $0.key < $1.key }) {
            try tx.connection.forEach(
                """
                SELECT w.payment, w.\(raw: column), p.id FROM \(raw: table) w
                LEFT JOIN payment p ON p.id = w.payment ORDER BY w.payment
                """
            ) { row in
                let read = try tx.legible(row, of: table) { row in
                    (
                        payment: try row.text(0), moment: try row.integer(1),
                        isKnown: try row.textOrNil(2) != nil
                    )
                }
                guard let read else { return report.add(table, "a row of it cannot be read") }
                if !read.isKnown { report.add("\(table) \(read.payment)", "its payment does not exist") }
            }
        }
    }
}
