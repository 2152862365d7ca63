import Database
import Domain

extension Verifier {
    /// Rows that no chain begins, and chains without a beginning.
    mutating func checkStrays() throws {
        try report(
            strays: """
                SELECT r.chain FROM record r GROUP BY r.chain HAVING min(r.sequence) <> 0 ORDER BY r.chain
                """, "chain", "its first record is missing")
        for (table, name, owner) in [
            ("payment", "id", "id"), ("entry", "id", "payment"), ("event", "id", "subject"),
            ("merchant", "id", "id"), ("api_key", "id", "merchant"), ("wallet", "id", "merchant"),
            ("endpoint", "id", "merchant"),
        ] {
            // Notices are their own subject, and looked for in `checkNotices`.
            let isOwned: SQL = table == "event" ? "x.subject <> x.id AND " : ""
            try report(
                strays: """
                    SELECT x.\(raw: name) FROM \(raw: table) x WHERE \(isOwned)NOT EXISTS (
                        SELECT 1 FROM record r WHERE r.chain = x.\(raw: owner) AND r.sequence = 0)
                    ORDER BY x.\(raw: name)
                    """, table, "the log does not tell of it")
        }
        try report(
            strays: """
                SELECT x.entry FROM posting x WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.id = x.entry)
                ORDER BY x.entry
                """, "posting of", "its entry does not exist")
        for table in ["personal", "note"] {
            try report(
                strays: """
                    SELECT x.payment FROM \(raw: table) x WHERE NOT EXISTS (
                        SELECT 1 FROM payment p WHERE p.id = x.payment) ORDER BY x.payment
                    """, table, "its payment does not exist")
        }
    }

    mutating func report(strays sql: SQL, _ table: String, _ problem: String) throws {
        for row in try tx.connection.query(sql + " LIMIT \(Limits.findings)") {
            report.add("\(table) \(try row.text(0))", problem)
        }
    }

    /// Rows found by their keys are all there are; where there are more, the others are looked for.
    mutating func checkTotals() throws {
        try checkTotal("destination", name: "script", payment: "payment", "x.script") { payment, row in
            payment.evidence.quotes.contains { $0.destination.script == row }
        }
        try checkTotal("transfer", name: "place", payment: "payment", "x.network || '/' || x.place") {
            payment, row in
            payment.evidence.transfers.contains { "\($0.key)" == row }
        }
        let past = pastExceptions
        try checkTotal("exception", name: "id", payment: "payment", "x.id") { payment, row in
            past.contains(row) || payment.exceptions.contains { $0.id.text == row }
        }
    }

    private mutating func checkTotal(
        _ table: String, name: String, payment: String, _ key: String, _ isKnown: (Payment, String) -> Bool
    ) throws {
        guard try count("SELECT count(*) FROM \(raw: table)") != explained[table] ?? 0 else { return }
        var last = ""
        while true {
            let rows = try tx.connection.query(
                """
                SELECT \(raw: key), x.payment FROM \(raw: table) x WHERE \(raw: key) > \(last)
                ORDER BY \(raw: key) LIMIT \(Limits.verifiedChains)
                """)
            for row in rows {
                last = try row.text(0)
                let owner = try row.text(1)
                let payment = try ID<Payment>(parsing: owner).flatMap { id in
                    try tx.connection.first("SELECT body FROM payment WHERE id = \(id.text)").map {
                        try $0.text(0)
                    }
                }
                guard let payment, let read = try? Payment(stored: Array(payment.utf8)), isKnown(read, last)
                else {
                    report.add("\(table) \(last)", "the log of \(owner) does not tell of it")
                    continue
                }
            }
            if rows.count < Limits.verifiedChains { return }
        }
    }

    /// Numbers that are given in order and never taken back.
    mutating func checkSequences() throws {
        let kept = try tx.keptSandboxSequence()
        for (table, column, base) in [("event", "position", 0), ("sandbox_journal", "sequence", kept)] {
            let row = try tx.connection.first(
                "SELECT count(*), min(\(raw: column)), max(\(raw: column)) FROM \(raw: table)")
            guard let row, try row.integer(0) > 0 else { continue }
            let (first, last) = (base + 1, base + (try row.integer(0)))
            if try row.integer(1) != first || row.integer(2) != last {
                report.add("\(table) \(column)", "the numbers do not go from \(first) to \(last)")
            }
        }
    }
}
