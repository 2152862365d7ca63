import Database
import Domain

extension Verifier {
    /// Compares the entries and postings of a payment, and adds them to the balances.
    mutating func compareBooks(_ entries: [Entry], of payment: Payment) throws {
        let merchant = payment.terms.merchant.text
        let rows = try tx.connection.query("SELECT id FROM entry WHERE payment = \(payment.id.text)")
        var rest = try Set(rows.map { try $0.text(0) })
        for entry in entries {
            rest.remove(entry.id.text)
            let method = entry.method.description
            try compare(
                "entry", entry.id.text, where: "id = \(entry.id.text)",
                [
                    ("payment", .text(payment.id.text)), ("merchant", .text(merchant)),
                    ("is_test", .flag(payment.terms.isTest)), ("method", .text(method)),
                    ("kind", .text(entry.kind.rawValue)), ("business_key", .text(entry.businessKey)),
                    ("at", .time(entry.at)),
                    ("body", .text(String(decoding: entry.storedBytes, as: UTF8.self))),
                ])
            try comparePostings(of: entry, merchant: merchant, method: method)
            for posting in entry.postings {
                let key = BalanceKey(
                    merchant: merchant, method: method, account: posting.account.description)
                let (sum, overflow) = (balances[key] ?? 0).addingReportingOverflow(posting.amount)
                balances[key] = sum
                if overflow {
                    report.add("entry \(entry.id)", "the balance of \(key.account) is beyond 127 bits")
                }
            }
        }
        for id in rest.sorted() { report.add("entry \(id)", "the log does not tell of it") }
    }

    private mutating func comparePostings(of entry: Entry, merchant: String, method: String) throws {
        let rows = try tx.connection.query(
            """
            SELECT leg, merchant, method, account, amount, reference FROM posting
            WHERE entry = \(entry.id.text) ORDER BY leg
            """)
        explained["posting", default: 0] += Int64(rows.count)
        if rows.count != entry.postings.count {
            report.add(
                "entry \(entry.id)", "it has \(rows.count) postings, the log says \(entry.postings.count)")
        }
        for (leg, (posting, row)) in zip(entry.postings, rows).enumerated() {
            compare(
                "posting \(leg) of \(entry.id)", row,
                [
                    ("leg", .integer(Int64(leg))), ("merchant", .text(merchant)), ("method", .text(method)),
                    ("account", .text(posting.account.description)),
                    ("amount", .text(String(posting.amount))),
                    ("reference", .optional(posting.reference.map { String($0) })),
                ])
        }
    }

    /// Compares the balances with the sum of all entries, where all entries are known.
    mutating func checkBalances() throws {
        if unfolded > 0 { return }
        for (key, amount) in balances.sorted(by: {
            ($0.key.merchant, $0.key.method, $0.key.account) < (
                $1.key.merchant, $1.key.method, $1.key.account
            )
        }) {
            try compare(
                "balance", "\(key.account) of \(key.merchant) in \(key.method)",
                where: "merchant = \(key.merchant) AND method = \(key.method) AND account = \(key.account)",
                [("amount", .text(String(amount)))])
        }
        guard try count("SELECT count(*) FROM balance") != explained["balance"] ?? 0 else { return }
        try tx.connection.forEach("SELECT merchant, method, account FROM balance") { row in
            let key = BalanceKey(
                merchant: try row.text(0), method: try row.text(1), account: try row.text(2))
            if balances[key] == nil {
                report.add(
                    "balance \(key.account) of \(key.merchant) in \(key.method)", "no entry leads to it")
            }
        }
    }

    /// A key's next index is right above what was issued or skipped: no destination is given twice, and none
    /// is taken away.
    mutating func checkIndices() throws {
        var keys: [String: Issued] = [:]
        for (wallet, issued) in issued.sorted(by: { $0.key < $1.key }) {
            guard let row = try tx.connection.first("SELECT fingerprint FROM wallet WHERE id = \(wallet)")
            else {
                report.add("wallet \(wallet)", "it has issued destinations, and there is no such row")
                continue
            }
            let key = try row.text(0)
            keys[key] = (keys[key] ?? Issued()) + issued
        }
        for key in advanced.keys where keys[key] == nil { keys[key] = Issued() }
        for (key, issued) in keys.sorted(by: { $0.key < $1.key }) {
            let row = try tx.connection.first("SELECT next FROM key_index WHERE fingerprint = \(key)")
            let next = try row?.integer(0) ?? 0
            let least = max(issued.count, issued.highest + 1, advanced[key] ?? 0)
            if next < least {
                report.add(
                    "key_index \(key)",
                    "next is \(next), but \(least) were issued: addresses would be given twice")
            } else if next > least, issued.isNumbered, unfolded == 0 {
                report.add("key_index \(key)", "next is \(next), the log says \(least)")
            }
        }
        try tx.connection.forEach("SELECT fingerprint FROM key_index ORDER BY fingerprint") { row in
            let key = try row.text(0)
            if keys[key] == nil, unfolded == 0 {
                report.add("key_index \(key)", "the log does not tell of it")
            }
        }
    }
}
