import Database
package import Domain

extension Transaction {
    /// A merchant's ledger entries with their payments, the latest payment's first.
    package func entries(
        of merchant: ID<Merchant>, method: Domain.Method?, isTest: Bool, _ page: PageRequest
    ) throws -> Page<(payment: ID<Payment>, entry: Entry)> {
        var sql: SQL = """
            SELECT e.payment, e.body, e.id FROM entry e JOIN payment p ON p.id = e.payment
            WHERE e.merchant = \(merchant.text) AND p.is_test = \(isTest)
            """
        if let method { sql += " AND e.method = \(method.description)" }
        return try pageRows(sql, column: "e.id", at: 2, page) { row in
            (payment: try row.id(0), entry: try Entry(stored: Array(try row.text(1).utf8)))
        }
    }
}
