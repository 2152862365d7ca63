import Database
package import Domain

extension Transaction {
    /// A merchant's ledger entries with their payments, the latest payment's first. A payment that cannot be
    /// read takes no entry away.
    package func entries(
        of merchant: ID<Merchant>, method: Domain.Method?, isTest: Bool, _ page: PageRequest
    ) throws -> Page<(id: ID<Payment>, payment: Payment?, entry: Entry)> {
        var sql: SQL = """
            SELECT e.payment, e.body, e.id, p.body FROM entry e JOIN payment p ON p.id = e.payment
            WHERE e.merchant = \(merchant.text) AND e.is_test = \(isTest)
            """
        if let method { sql += " AND e.method = \(method.description)" }
        return try pageRows(sql, column: "e.id", at: 2, page) { row in
            (
                id: try row.id(0), payment: try listed(row, body: 3),
                entry: try Entry(stored: Array(try row.text(1).utf8))
            )
        }
    }
}
