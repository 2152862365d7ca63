import Database
package import Domain

/// One page of a list, newest first, and whether there is more behind it.
package struct Page<Item: Sendable>: Sendable {
    package let items: [Item]
    package let hasMore: Bool
    /// The identity of the row that was read last, shown or not: where the part behind this one begins.
    package let edge: String?

    /// Out of up to `limit` + 1 rows.
    init(_ rows: [Item], limit: Int) {
        self.init(items: Array(rows.prefix(limit)), hasMore: rows.count > limit, edge: nil)
    }

    /// The same page of other values.
    package func map<Other>(_ transform: (Item) throws -> Other) rethrows -> Page<Other> {
        Page<Other>(items: try items.map(transform), hasMore: hasMore, edge: edge)
    }

    init(items: [Item], hasMore: Bool, edge: String?) {
        self.items = items
        self.hasMore = hasMore
        self.edge = edge
    }
}

/// Which part of a list is asked for.
package struct PageRequest: Hashable, Sendable {
    package let limit: Int
    /// Only what is older than this identity.
    package let after: String?
    /// Only what is newer than this identity; the page nearest to it.
    package let before: String?

    package init(limit: Int, after: String? = nil, before: String? = nil) {
        self.limit = limit
        self.after = after
        self.before = before
    }
}

/// What a list of payments is narrowed to.
package struct PaymentFilter: Hashable, Sendable {
    package var state: State?
    package var orderID: String?
    package var customer: String?
    package var script: String?
    package var transaction: String?
    package var exception: Exception.Kind?
    package var hasOpenException: Bool?
    /// May be fulfilled now; what is set aside may not.
    package var isFulfillable: Bool?
    /// Its fulfilment was reported complete.
    package var isFulfilled: Bool?
    package var createdFrom: Instant?
    package var createdBefore: Instant?
    package var isTest: Bool?

    package init() {}

    /// No index has what it is narrowed to: finding a page is a walk over all payments of the mode, or of the
    /// state.
    fileprivate var isWalk: Bool {
        // The questions that have an index of their own, or are of few payments.
        if orderID != nil || customer != nil || script != nil || transaction != nil || exception != nil {
            return false
        }
        if hasOpenException == true || isFulfillable == true && isFulfilled == false { return false }
        return createdFrom != nil || createdBefore != nil || hasOpenException != nil || isFulfillable != nil
            || isFulfilled != nil
    }
}

extension Payment {
    /// Whether its merchant may fulfil it, by its own evidence.
    func isFulfillable(_ assessment: Assessment) -> Bool { assessment.isFulfillable && state.isSettled }

    /// Whether its merchant reported the fulfilment complete.
    var isFulfilled: Bool { fulfilment?.reportedAt != nil }
}

extension Transaction {
    /// A payment as it was committed last; nil when there is none, or it belongs to another merchant.
    package func payment(_ id: ID<Payment>, of merchant: ID<Merchant>? = nil) throws -> Payment? {
        guard let body = try storedPayment(id) else { return nil }
        let payment = try Payment(stored: Array(body.utf8))
        return merchant == nil || payment.terms.merchant == merchant ? payment : nil
    }

    /// The text of a payment as it was committed last, for `Payment(stored:)`; nil when there is none.
    package func storedPayment(_ id: ID<Payment>) throws -> String? {
        try connection.first("SELECT body FROM payment WHERE id = \(id.text)").map { row in
            guard case .text(let body) = row.values[0] else {
                throw Corruption("the row of \(id) holds no text")
            }
            return body
        }
    }

    /// The number of the highest identity of each kind of thing that is listed by identity. Those that cannot
    /// be read, which stand above all others, are passed over.
    package func highestIdentities() throws -> [UInt128] {
        func highest<Kind: Identified>(_ table: String, _ kind: Kind.Type) throws -> UInt128? {
            let rows = try connection.query(
                "SELECT id FROM \(raw: table) ORDER BY id DESC LIMIT \(Limits.passedIdentities)")
            for row in rows {
                let id: ID<Kind>? = try legible(row, of: table) { try $0.id(0) }
                if let id { return id.number }
            }
            return nil
        }
        return [
            try highest("payment", Payment.self), try highest("wallet", Wallet.self),
            try highest("merchant", Merchant.self), try highest("api_key", APIKey.self),
            try highest("endpoint", Endpoint.self),
        ].compactMap { $0 }
    }

    /// What the merchant told of its customer; nil when it was erased.
    package func personal(of id: ID<Payment>) throws -> Personal? {
        try connection.first("SELECT salt, customer, body FROM personal WHERE payment = \(id.text)").map {
            row in
            Personal(salt: try row.blob(0), customer: try row.textOrNil(1), body: Array(try row.text(2).utf8))
        }
    }

    func salt(of id: ID<Payment>) throws -> [UInt8]? {
        try connection.first("SELECT salt FROM personal WHERE payment = \(id.text)")?.blob(0)
    }

    func head(of id: ID<Payment>) throws -> Head {
        guard
            let row = try connection.first(
                "SELECT head_sequence, head_hash FROM payment WHERE id = \(id.text)")
        else {
            throw Corruption("\(id) is not stored")
        }
        return try Head(row)
    }

    /// A merchant's payments, newest first. Where no index has what they are narrowed to, one page goes over
    /// so many at the most (`walking`): it may have fewer than its limit, or none, and there is more.
    package func payments(
        of merchant: ID<Merchant>, _ filter: PaymentFilter, _ page: PageRequest,
        walking most: Int = Limits.walkedRows
    ) throws -> Page<Payment> {
        var sql: SQL = "SELECT p.body, p.id FROM payment p WHERE p.merchant = \(merchant.text)"
        if let state = filter.state { sql += " AND p.state = \(state.rawValue)" }
        if let orderID = filter.orderID { sql += " AND p.order_id = \(orderID)" }
        if let isTest = filter.isTest { sql += " AND p.is_test = \(isTest)" }
        if let from = filter.createdFrom { sql += " AND p.created_at >= \(from.milliseconds)" }
        if let before = filter.createdBefore { sql += " AND p.created_at < \(before.milliseconds)" }
        if let hasOpen = filter.hasOpenException {
            sql += hasOpen ? " AND p.open_exceptions > 0" : " AND p.open_exceptions = 0"
        }
        if let isFulfillable = filter.isFulfillable {
            let aside: SQL = "(SELECT payment FROM quarantine)"
            sql +=
                isFulfillable
                ? " AND p.is_fulfillable = 1 AND p.id NOT IN \(aside)"
                : " AND (p.is_fulfillable = 0 OR p.id IN \(aside))"
        }
        if let isFulfilled = filter.isFulfilled {
            sql += isFulfilled ? " AND p.is_fulfilled = 1" : " AND p.is_fulfilled = 0"
        }
        if let customer = filter.customer {
            sql += """
                 AND p.id IN (SELECT payment FROM personal WHERE merchant = \(merchant.text)
                 AND customer = \(customer))
                """
        }
        if let script = filter.script {
            sql += " AND p.id IN (SELECT payment FROM destination WHERE script = \(script))"
        }
        if let transaction = filter.transaction {
            sql += " AND p.id IN (SELECT payment FROM transfer WHERE transaction_id = \(transaction))"
        }
        if let kind = filter.exception {
            sql += """
                 AND p.id IN (SELECT payment FROM exception WHERE merchant = \(merchant.text)
                    AND kind = \(kind.rawValue) AND is_open = 1
                """
            if let isTest = filter.isTest { sql += " AND is_test = \(isTest)" }
            sql += ")"
        }
        guard filter.isWalk, let end = try endOfWalk(of: merchant, filter, page, most) else {
            return try pageRows(sql, column: "p.id", at: 1, page) { try listed($0, body: 0) }
        }
        sql += page.before == nil ? " AND p.id >= \(end)" : " AND p.id <= \(end)"
        let part = try pageRows(sql, column: "p.id", at: 1, page) { try listed($0, body: 0) }
        return part.hasMore ? part : Page(items: part.items, hasMore: true, edge: end)
    }

    /// The last payment that one page goes over; nil when it comes to all that there are.
    private func endOfWalk(
        of merchant: ID<Merchant>, _ filter: PaymentFilter, _ page: PageRequest, _ most: Int
    ) throws -> String? {
        var sql: SQL = "SELECT p.id FROM payment p WHERE p.merchant = \(merchant.text)"
        if let isTest = filter.isTest { sql += " AND p.is_test = \(isTest)" }
        if let state = filter.state { sql += " AND p.state = \(state.rawValue)" }
        if let before = page.before {
            sql += " AND p.id > \(before) ORDER BY p.id"
        } else {
            if let after = page.after { sql += " AND p.id < \(after)" }
            sql += " ORDER BY p.id DESC"
        }
        return try connection.first(sql + " LIMIT 1 OFFSET \(most - 1)")?.text(0)
    }

    /// Appends the page's bounds and order to `sql`, newest first by `column`, whose value the rows have at
    /// `place`. A row that `read` gives nil for is left out; the page goes on behind it all the same.
    func pageRows<Item>(
        _ sql: SQL, column: String, at place: Int, _ page: PageRequest, _ read: (Row) throws -> Item?
    ) throws -> Page<Item> {
        var sql = sql
        if let before = page.before {
            sql += " AND \(raw: column) > \(before) ORDER BY \(raw: column) LIMIT \(page.limit + 1)"
        } else {
            if let after = page.after { sql += " AND \(raw: column) < \(after)" }
            sql += " ORDER BY \(raw: column) DESC LIMIT \(page.limit + 1)"
        }
        let rows = try connection.query(sql)
        let shown = rows.prefix(page.limit)
        let items = try shown.compactMap(read)
        return Page(
            items: page.before == nil ? items : items.reversed(), hasMore: rows.count > page.limit,
            edge: try shown.last?.text(place))
    }

    /// Payments whose look is due by the clock, the longest due first. `isTest` chooses the sandbox's clock.
    package func dueLooks(isTest: Bool, by time: Instant, limit: Int) throws -> [ID<Payment>] {
        try connection.query(
            """
            SELECT payment FROM wake WHERE clock = \(isTest ? 1 : 0) AND at <= \(time.milliseconds)
            ORDER BY at LIMIT \(limit)
            """
        ).compactMap { try legible($0, of: "wake") { try $0.id(0) } }
    }

    /// Payments that may change when a network's mark is at `height`.
    package func dueLooks(at mark: Source.Mark, _ height: UInt64, limit: Int) throws -> [ID<Payment>] {
        try connection.query(
            """
            SELECT payment FROM wake_height WHERE network = \(mark.network.text)
                AND mark = \(mark.kind.rawValue) AND height <= \(Int64(clamping: height))
            ORDER BY height LIMIT \(limit)
            """
        ).compactMap { try legible($0, of: "wake_height") { try $0.id(0) } }
    }

    /// Payments that wait until a network was seen beyond a moment, which `scannedUntil` is.
    package func dueLooks(
        network: NetworkName, scannedUntil: Instant, limit: Int
    ) throws -> [ID<Payment>] {
        try connection.query(
            """
            SELECT payment FROM wake_scan WHERE network = \(network.text)
                AND at < \(scannedUntil.milliseconds)
            ORDER BY at LIMIT \(limit)
            """
        ).compactMap { try legible($0, of: "wake_scan") { try $0.id(0) } }
    }

    /// When the next look is due by the clock; nil when none is. One that cannot be read stands before all
    /// others, so it is due: the look writes it anew.
    package func nextLook(isTest: Bool) throws -> Instant? {
        let first = try connection.first(
            "SELECT at FROM wake WHERE clock = \(isTest ? 1 : 0) ORDER BY at LIMIT 1")
        return try first.map {
            try legible($0, of: "wake") { try $0.instant(0) } ?? Instant(milliseconds: .min)
        }
    }

    /// A merchant's exceptions, the latest first; open ones only unless `isOpen` is nil or false. What cannot
    /// be read is left out: `verify` finds it.
    package func exceptions(
        of merchant: ID<Merchant>, isOpen: Bool?, kind: Exception.Kind?, isTest: Bool?, _ page: PageRequest
    ) throws -> Page<(Payment, Exception)> {
        var sql: SQL = """
            SELECT e.id, p.body, p.id, e.body FROM exception e JOIN payment p ON p.id = e.payment
            WHERE e.merchant = \(merchant.text)
            """
        // In words, not as a parameter: so the index of what is open is found.
        if let isOpen { sql += isOpen ? " AND e.is_open = 1" : " AND e.is_open = 0" }
        if let kind { sql += " AND e.kind = \(kind.rawValue)" }
        if let isTest { sql += " AND e.is_test = \(isTest)" }
        return try pageRows(sql, column: "e.id", at: 0, page) { row in
            guard let payment = try listed(row, body: 1) else { return nil }
            return try legible(row, of: "exception") {
                (payment, try Exception(stored: Array(try $0.text(3).utf8)))
            }
        }
    }

    /// The payment that an exception belongs to.
    package func paymentID(of exception: ID<Exception>) throws -> ID<Payment>? {
        try connection.first("SELECT payment FROM exception WHERE id = \(exception.text)")?.id(0)
    }

    /// An exception, also one that its payment does not need any more, and the payment that it belongs to.
    package func exception(
        _ id: ID<Exception>, of merchant: ID<Merchant>
    ) throws -> (payment: Payment, exception: Exception)? {
        let row = try connection.first(
            "SELECT payment, body FROM exception WHERE id = \(id.text) AND merchant = \(merchant.text)")
        guard let row, let payment = try payment(try row.id(0), of: merchant) else { return nil }
        return (payment, try Exception(stored: Array(try row.text(1).utf8)))
    }

    /// A merchant's transfers, the latest payment's first.
    package func transfers(
        of merchant: ID<Merchant>, transaction: String?, isTest: Bool?, _ page: PageRequest
    ) throws -> Page<(Payment, Transfer)> {
        var sql: SQL = """
            SELECT t.id, p.body, p.id FROM transfer t JOIN payment p ON p.id = t.payment
            WHERE t.merchant = \(merchant.text)
            """
        if let transaction { sql += " AND t.transaction_id = \(transaction)" }
        if let isTest { sql += " AND t.is_test = \(isTest)" }
        return try pageRows(sql, column: "t.id", at: 0, page) { row in
            guard let payment = try listed(row, body: 1) else { return nil }
            let id: ID<Transfer> = try row.id(0)
            return payment.evidence.transfers.first { $0.id == id }.map { (payment, $0) }
        }
    }
}
