import Crypto
import Database
import Domain
import JSON
import Platform

extension Verifier {
    /// Folds a payment's records by the rules, and compares what follows with every row about it.
    mutating func check(payment chain: String) throws {
        guard let id = ID<Payment>(parsing: chain) else {
            return report.add("chain \(chain)", "is no payment's name")
        }
        report.payments += 1
        guard let told = try retell(id) else { return unfolded += 1 }
        try compare(told.payment, told.head)
        try compareWakes(of: told.payment)
        note(told.payment.evidence.quotes)
    }

    /// Folds a payment's records by the rules, and compares all rows that follow but the payment's own. Nil
    /// when its chain is damaged, which is reported.
    mutating func retell(_ id: ID<Payment>) throws -> (payment: Payment, head: Head)? {
        var story = PaymentStory(id)
        let head = try walk(id.text) { _, stored in story.take(stored.record) }
        guard let head, let payment = story.payment else { return nil }
        try compareEvidence(of: payment)
        try compareProofs(story.mined, of: payment)
        try compareExceptions(story.exceptions, of: payment)
        try compareBooks(story.entries, of: payment)
        try compareEvents(story.events, of: payment)
        try comparePersonal(of: payment)
        return (payment, head)
    }

    /// Compares a payment's own row.
    mutating func compare(_ payment: Payment, _ head: Head) throws {
        let terms = payment.terms
        try compare(
            "payment", payment.id.text, where: "id = \(payment.id.text)",
            [
                ("merchant", .text(terms.merchant.text)), ("is_test", .flag(terms.isTest)),
                ("state", .text(payment.state.rawValue)), ("order_id", .text(terms.orderID)),
                ("created_at", .time(terms.openedAt)), ("version", .integer(Int64(payment.version))),
                ("open_exceptions", .integer(Int64(payment.openExceptions.count))),
                ("is_fulfillable", .flag(payment.isFulfillable(payment.assessment))),
                ("is_fulfilled", .flag(payment.isFulfilled)),
                ("head_sequence", .integer(head.sequence)), ("head_hash", .blob(head.hash)),
                ("body", .text(String(decoding: payment.storedBytes, as: UTF8.self))),
            ])
    }

    private mutating func compareEvidence(of payment: Payment) throws {
        let id = Value.text(payment.id.text)
        let merchant = Value.text(payment.terms.merchant.text)
        for quote in payment.evidence.quotes {
            let script = quote.destination.script
            try compare(
                "destination", script, where: "script = \(script)",
                [
                    ("id", .text(quote.destination.id.text)), ("payment", id),
                    ("quote", .text(quote.id.text)),
                    ("merchant", merchant), ("network", .text(quote.method.network.text)),
                ])
        }
        for transfer in payment.evidence.transfers {
            let key = transfer.key
            let transaction = key.place.split(separator: ":").first.map(String.init) ?? key.place
            var spendHeight: Int64?
            if case .mined(let place) = payment.evidence.spends[key]?.claim.standing {
                spendHeight = Int64(clamping: place.height)
            }
            let script = payment.evidence.quote(transfer.quote)?.destination.script
            try compare(
                "transfer", "\(key)", where: "network = \(key.network.text) AND place = \(key.place)",
                [
                    ("transaction_id", .text(transaction)), ("id", .text(transfer.id.text)),
                    ("payment", id),
                    ("merchant", merchant), ("is_test", .flag(payment.terms.isTest)),
                    ("standing", .text(transfer.standingText)),
                    ("height", .optional(transfer.block.map { Int64(clamping: $0.height) })),
                    ("script", .optional(script)), ("spend_height", .optional(spendHeight)),
                ])
        }
    }

    private mutating func compareExceptions(
        _ told: [ID<Exception>: Exception], of payment: Payment
    ) throws {
        for (id, exception) in told.sorted(by: { $0.key < $1.key }) {
            if payment.exception(id) == nil { pastExceptions.insert(id.text) }
            try compare(
                "exception", id.text, where: "id = \(id.text)",
                [
                    ("payment", .text(payment.id.text)), ("merchant", .text(payment.terms.merchant.text)),
                    ("is_test", .flag(payment.terms.isTest)), ("kind", .text(exception.kind.rawValue)),
                    ("opened_at", .time(exception.openedAt)), ("is_open", .flag(exception.isOpen)),
                    ("body", .text(String(decoding: exception.storedBytes, as: UTF8.self))),
                ])
        }
    }

    private mutating func compareEvents(_ told: [PaymentStory.Told], of payment: Payment) throws {
        let salt = try tx.salt(of: payment.id)
        let rows = try tx.connection.query(
            """
            SELECT id, type, sequence, merchant, at, is_test, body, position FROM event
            WHERE subject = \(payment.id.text) ORDER BY sequence
            """)
        var rest = Dictionary(rows.map { ($0.values[2], $0) }) { first, _ in first }
        let erased = try erasure(of: payment)?.events ?? []
        let codes = Dictionary(erased.map { ($0.event, $0.code) }) { first, _ in first }
        var last: Int64 = 0
        for told in told {
            let place = "event \(told.event.id)"
            guard let row = rest.removeValue(forKey: .integer(Int64(told.event.sequence))) else {
                report.add(place, "the row is missing")
                continue
            }
            explained["event", default: 0] += 1
            compare(
                place, row,
                [
                    ("id", .text(told.event.id.text)), ("type", .text(told.event.type)),
                    ("sequence", .integer(Int64(told.event.sequence))),
                    ("merchant", .text(payment.terms.merchant.text)),
                    ("at", .time(told.at)), ("is_test", .flag(payment.terms.isTest)),
                ])
            guard case .integer(let position) = row.values[7], case .text(let body) = row.values[6] else {
                report.add(place, "position or body cannot be read")
                continue
            }
            if position <= last { report.add(place, "it stands before an earlier event of its payment") }
            last = position
            try compareRoot(namedIn: body, of: payment.terms.merchant.text, place)
            guard let salt else { continue }
            if Transaction.eventCode(Array(body.utf8), salt: salt) != codes[told.event.id] ?? told.code {
                report.add(place, "body is not what the log binds")
            }
        }
        for row in rest.values { report.add("event \(try row.text(0))", "the log does not tell of it") }
    }

    private mutating func comparePersonal(of payment: Payment) throws {
        let place = "personal \(payment.id)"
        guard let personal = try tx.personal(of: payment.id) else {
            // Erasing leaves the row: what is gone was taken, and with its salt all that it binds.
            return report.add(place, "the row is missing")
        }
        let erasure = try erasure(of: payment)
        if personal.commitment != erasure?.personal ?? payment.terms.personal {
            report.add(place, "salt, customer or body is not what the log binds")
        }
        let merchant = try tx.connection.first(
            "SELECT merchant FROM personal WHERE payment = \(payment.id.text)")
        if try merchant?.text(0) != payment.terms.merchant.text {
            report.add(place, "merchant is not what the log says")
        }
        let erased = Set(erasure?.notes ?? [])
        let notes = try tx.connection.query(
            """
            SELECT ruling, salt, text FROM note WHERE payment = \(payment.id.text) AND ruling >= 0
            ORDER BY ruling
            """)
        var missing = Set(payment.evidence.rulings.filter { $0.reason != nil }.map { Int64($0.number) })
            .subtracting(erased)
        for row in notes {
            let number = try row.integer(0)
            missing.remove(number)
            let reason = payment.evidence.rulings.first { Int64($0.number) == number }?.reason
            let code = HMAC<SHA256>.code(Array(try row.text(2).utf8), key: try row.blob(1))
            if reason == nil || reason != Commitment(code) {
                report.add("note \(number) of \(payment.id)", "the log does not bind it")
            } else if erased.contains(number) {
                report.add("note \(number) of \(payment.id)", "it was erased")
            }
        }
        for number in missing.sorted() {
            report.add("note \(number) of \(payment.id)", "the row is missing")
        }
    }

    /// What was erased of a payment last; nil where nothing was.
    private func erasure(of payment: Payment) throws -> Erasure? {
        if isWhole { return erasures[payment.id.text]?.last }
        let personal = try tx.personal(of: payment.id)
        guard personal?.commitment != payment.terms.personal else { return nil }
        return try tx.erasures(of: payment.id, in: payment.terms.merchant).last { $0.isSigned }
    }

    /// Remembers which indices of wallets were issued.
    private mutating func note(_ quotes: [Quote]) {
        for quote in quotes {
            let index = quote.destination.path?.split(separator: "/").last.flatMap { UInt32($0) }
                .map { Int64($0) }
            let wallet = quote.destination.wallet.text
            issued[wallet] =
                (issued[wallet] ?? Issued())
                + Issued(count: 1, highest: index ?? -1, isNumbered: index != nil)
        }
    }
}
