import Database
package import Domain
import JSON

extension Transaction {
    func insert(_ entry: Entry, of payment: Payment) throws {
        let merchant = payment.terms.merchant.text
        let method = entry.method.description
        try connection.execute(
            """
            INSERT INTO entry (id, payment, merchant, is_test, method, kind, business_key, at, body)
            VALUES (\(entry.id.text), \(payment.id.text), \(merchant), \(payment.terms.isTest), \(method),
                \(entry.kind.rawValue), \(entry.businessKey), \(entry.at.milliseconds),
                \(String(decoding: entry.storedBytes, as: UTF8.self)))
            """)
        for (leg, posting) in entry.postings.enumerated() {
            try connection.execute(
                """
                INSERT INTO posting (entry, leg, merchant, method, account, amount, reference)
                VALUES (\(entry.id.text), \(leg), \(merchant), \(method), \(posting.account.description),
                    \(String(posting.amount)), \(posting.reference.map(String.init)))
                """)
            try add(posting, merchant: merchant, method: method)
        }
    }

    private func add(_ posting: Posting, merchant: String, method: String) throws {
        let account = posting.account.description
        let row = try connection.first(
            """
            SELECT amount FROM balance
            WHERE merchant = \(merchant) AND method = \(method) AND account = \(account)
            """)
        let old = try row?.parsed(0) { Int128($0) } ?? 0
        let (sum, overflow) = old.addingReportingOverflow(posting.amount)
        guard !overflow else { throw Corruption("the balance of \(account) in \(method) is beyond 127 bits") }
        guard !(posting.account.isClaim && sum > 0) else {
            throw Corruption("the claim \(account) in \(method) would go below zero")
        }
        try connection.execute(
            """
            INSERT INTO balance (merchant, method, account, amount)
            VALUES (\(merchant), \(method), \(account), \(String(sum)))
            ON CONFLICT (merchant, method, account) DO UPDATE SET amount = excluded.amount
            """)
    }

    /// Each account of a merchant with its balance, debits positive.
    package func balances(of merchant: ID<Merchant>) throws -> [(
        method: Domain.Method, account: Account, amount: Int128
    )] {
        try connection.query(
            """
            SELECT method, account, amount FROM balance WHERE merchant = \(merchant.text) ORDER BY method,
            account
            """
        ).map { row in
            (
                try row.parsed(0, Domain.Method.init(parsing:)), try row.parsed(1, Account.init(parsing:)),
                try row.parsed(2) { Int128($0) }
            )
        }
    }

    /// The entries of a payment, oldest first.
    package func entries(of payment: ID<Payment>) throws -> [Entry] {
        let rows = try connection.query("SELECT body FROM entry WHERE payment = \(payment.text)")
        let entries = try rows.map { try Entry(stored: Array(try $0.text(0).utf8)) }
        return entries.sorted { ($0.id.text.utf8.count, $0.id) < ($1.id.text.utf8.count, $1.id) }
    }
}
