import Database
package import Domain

/// The first answer to a keyed request, replayed byte for byte.
package struct StoredAnswer: Hashable, Sendable {
    package let fingerprint: String
    package let status: Int
    /// `Name: value` lines.
    package let headers: String
    package let body: [UInt8]

    package init(fingerprint: String, status: Int, headers: String, body: [UInt8]) {
        self.fingerprint = fingerprint
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Where an answer is kept.
package struct AnswerPlace: Hashable, Sendable {
    package let merchant: ID<Merchant>
    package let operation: String
    package let key: String
}

extension Transaction {
    /// Answers in the order of their places.
    package func answers(
        after last: AnswerPlace?, limit: Int
    ) throws -> [(place: AnswerPlace, answer: StoredAnswer)] {
        try connection.query(
            """
            SELECT merchant, operation, key, fingerprint, status, headers, body FROM idempotency
            WHERE (merchant, operation, key)
                > (\(last?.merchant.text ?? ""), \(last?.operation ?? ""), \(last?.key ?? ""))
            ORDER BY merchant, operation, key LIMIT \(limit)
            """
        ).map { row in
            let place = AnswerPlace(
                merchant: try row.id(0), operation: try row.text(1), key: try row.text(2))
            let answer = StoredAnswer(
                fingerprint: try row.text(3), status: Int(try row.integer(4)), headers: try row.text(5),
                body: try row.blob(6))
            return (place, answer)
        }
    }

    /// Keeps an answer in another form.
    package func replaceAnswer(at place: AnswerPlace, body: [UInt8]) throws {
        try connection.execute(
            """
            UPDATE idempotency SET body = \(body) WHERE merchant = \(place.merchant.text)
                AND operation = \(place.operation) AND key = \(place.key)
            """)
    }

    /// The answer kept under a merchant's key for an operation; nil when there is none, or it was forgotten.
    /// While it is there it counts: a clock that is ahead for a moment must not make two orders of one.
    package func answer(
        merchant: ID<Merchant>, operation: String, key: String
    ) throws -> StoredAnswer? {
        try connection.first(
            """
            SELECT fingerprint, status, headers, body FROM idempotency
            WHERE merchant = \(merchant.text) AND operation = \(operation) AND key = \(key)
            """
        ).map { row in
            StoredAnswer(
                fingerprint: try row.text(0), status: Int(try row.integer(1)), headers: try row.text(2),
                body: try row.blob(3))
        }
    }

    /// Keeps an answer, in the transaction of what it answers for.
    package func keep(
        _ answer: StoredAnswer, merchant: ID<Merchant>, operation: String, key: String, until: Instant
    ) throws {
        try connection.execute(
            """
            INSERT INTO idempotency (merchant, operation, key, fingerprint, status, headers, body, expires_at)
            VALUES (\(merchant.text), \(operation), \(key), \(answer.fingerprint), \(answer.status),
                \(answer.headers), \(answer.body), \(until.milliseconds))
            ON CONFLICT (merchant, operation, key) DO UPDATE SET fingerprint = excluded.fingerprint,
                status = excluded.status, headers = excluded.headers, body = excluded.body,
                expires_at = excluded.expires_at
            """)
    }

    /// Whether kept answers have outlived their time.
    package func hasAnswers(before now: Instant) throws -> Bool {
        try connection.first(
            "SELECT 1 FROM idempotency WHERE expires_at <= \(now.milliseconds) LIMIT 1") != nil
    }

    /// Forgets answers whose time is over, the oldest first. Gives how many it forgot.
    package func deleteAnswers(before now: Instant, limit: Int) throws -> Int {
        try connection.execute(
            """
            DELETE FROM idempotency WHERE (merchant, operation, key) IN (
                SELECT merchant, operation, key FROM idempotency WHERE expires_at <= \(now.milliseconds)
                ORDER BY expires_at LIMIT \(limit))
            """)
    }
}
