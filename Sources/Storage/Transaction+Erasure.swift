package import Crypto
import Database
package import Domain

extension Transaction {
    /// Erases what a merchant told of its customer with one payment, what people wrote about it, and what
    /// events hold of the former. Gives false, and does nothing, where there is nothing to erase.
    ///
    /// What stands there afterwards is bound by the erasure, which is recorded in the merchant's chain: no
    /// hash breaks. Kept answers are the caller's to find: see `erase(_:fromAnswerAt:)`.
    ///
    /// - Parameter salt: a new one; with the old one goes all that could be guessed.
    ///
    /// *Atomicity*: with the transaction. *Replay*: safe.
    package func erase(
        _ payment: Payment, salt: [UInt8], at: Instant, cause: String, signedBy key: Ed25519.KeyPair
    ) throws -> Bool {
        let id = payment.id
        guard let before = try personal(of: id) else { throw Corruption("\(id) has no personal part") }
        let notes = try connection.query(
            "SELECT ruling FROM note WHERE payment = \(id.text) ORDER BY ruling"
        ).map { try $0.integer(0) }
        let nothing = Personal.nothing(salt: salt)
        guard before.customer != nil || before.body != nothing.body || !notes.isEmpty else { return false }
        return try forGood {
            let body = String(decoding: nothing.body, as: UTF8.self)
            try connection.execute(
                """
                UPDATE personal SET salt = \(salt), customer = NULL, body = \(body)
                WHERE payment = \(id.text)
                """)
            try connection.execute("DELETE FROM note WHERE payment = \(id.text)")
            // What was erased before stays so.
            let past = try erasures(of: id, in: payment.terms.merchant)
            let erasure = Erasure(
                of: id, at: at, personal: nothing.commitment,
                notes: Set(past.flatMap(\.notes) + notes).sorted(),
                events: try eraseEvents(of: id, salt: salt), signedBy: key)
            try record(
                chain: payment.terms.merchant.text, at: at, kind: Erasure.kind, subject: id.text,
                cause: cause, actor: .operatorAtMachine, body: erasure.storedBytes)
            return true
        }
    }

    /// Takes what is personal out of a payment's events. Gives what binds each of them under the new salt.
    private func eraseEvents(of id: ID<Payment>, salt: [UInt8]) throws -> [Erasure.Told] {
        try connection.query("SELECT id, body FROM event WHERE subject = \(id.text) ORDER BY sequence").map {
            row in
            let event: ID<Event> = try row.id(0)
            let bytes = Array(try row.text(1).utf8)
            let erased = Personal.erased(from: bytes, of: id)
            if let erased {
                let body = String(decoding: erased, as: UTF8.self)
                try connection.execute("UPDATE event SET body = \(body) WHERE id = \(event.text)")
            }
            return Erasure.Told(event: event, code: Self.eventCode(erased ?? bytes, salt: salt))
        }
    }

    /// Runs `body` so that what it writes over is gone from the pages of the file too. (PostgreSQL keeps old
    /// rows until they are vacuumed.)
    private func forGood<T>(_ body: () throws -> T) throws -> T {
        guard connection.dialect == .sqlite else { return try body() }
        _ = try connection.query("PRAGMA secure_delete = ON")
        let result = Result { try body() }
        _ = try connection.query("PRAGMA secure_delete = OFF")
        return try result.get()
    }

    /// What the log says was erased of one payment, in order. Goes over its merchant's chain.
    package func erasures(of id: ID<Payment>, in merchant: ID<Merchant>) throws -> [Erasure] {
        try connection.query(
            """
            SELECT body FROM record WHERE chain = \(merchant.text) AND kind = \(Erasure.kind)
                AND subject = \(id.text) ORDER BY sequence
            """
        ).map { try Erasure(stored: try $0.blob(0)) }
    }

    /// Payments behind `last` and opened before a moment that something can be erased of and that are
    /// settled: nothing is expected, and no person is asked.
    package func erasable(behind last: String, before end: Instant, limit: Int) throws -> [ID<Payment>] {
        let bound = ID<Payment>(at: end, chance: [UInt8](repeating: 0, count: 10)).text
        return try connection.query(
            """
            SELECT p.payment FROM personal p JOIN payment y ON y.id = p.payment
            WHERE p.payment > \(last) AND p.payment < \(bound) AND y.open_exceptions = 0
                AND y.state IN ('paid', 'overpaid', 'expired', 'failed', 'refunded')
                AND (p.customer IS NOT NULL OR p.body <> \(Personal.nothingBody)
                    OR EXISTS (SELECT 1 FROM note n WHERE n.payment = p.payment))
                AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.payment = p.payment)
            ORDER BY p.payment LIMIT \(limit)
            """
        ).compactMap { try legible($0, of: "personal") { try $0.id(0) } }
    }

    /// Takes what is personal of one payment out of an answer that is kept, where there is something.
    package func erase(_ id: ID<Payment>, fromAnswerAt place: AnswerPlace) throws -> Bool {
        let kept = try answer(merchant: place.merchant, operation: place.operation, key: place.key)
        guard let kept, let erased = Personal.erased(from: kept.body, of: id) else { return false }
        try forGood { try replaceAnswer(at: place, body: erased) }
        return true
    }
}
