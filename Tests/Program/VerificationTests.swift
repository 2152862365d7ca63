import Database
import Engine
import Storage
import TestKit
import Testing

@Suite("Verification finds what was changed behind the log's back")
struct VerificationTests {
    @Test("A store that only the gateway wrote is clean", arguments: Engine.allCases)
    func clean(engine: Engine) async throws {
        let store = try await FilledStore(engine)
        try await store.fill()
        let outcome = try await store.verify()
        #expect(outcome.findings.isEmpty, "\(outcome.findings)")
        #expect(outcome.payments == 8)
        #expect(outcome.rows > 50)
        #expect(!outcome.unchecked.isEmpty)
        await store.close()
    }

    /// What is done to a store, and the words that a finding must have.
    static let deeds: [(deed: SQL, found: String)] = [
        ("UPDATE payment SET state = 'paid' WHERE order_id = 'unpaid'", "state"),
        ("UPDATE payment SET order_id = 'other' WHERE order_id = 'unpaid'", "order_id"),
        ("UPDATE payment SET is_fulfillable = 1 - is_fulfillable WHERE order_id = 'paid'", "is_fulfillable"),
        ("UPDATE payment SET is_fulfilled = 1 - is_fulfilled WHERE order_id = 'paid'", "is_fulfilled"),
        ("UPDATE payment SET body = replace(body, '\"epoch\":1', '\"epoch\":2') WHERE order_id = 'paid'", "body"),
        ("UPDATE payment SET head_sequence = head_sequence + 1 WHERE order_id = 'paid'", "head_sequence"),
        ("DELETE FROM payment WHERE order_id = 'unpaid'", "missing"),
        ("UPDATE transfer SET standing = 'pooled' WHERE standing = 'mined'", "standing"),
        ("UPDATE transfer SET place = 'ff:0' WHERE place IN (SELECT place FROM transfer LIMIT 1)", "missing"),
        (
            """
            INSERT INTO transfer (network, place, transaction_id, id, payment, merchant, is_test, standing, script)
            SELECT network, 'ee:0', 'ee', id, payment, merchant, is_test, standing, script FROM transfer LIMIT 1
            """, "does not tell"
        ),
        (
            """
            INSERT INTO destination (script, id, payment, quote, merchant, network)
            SELECT 'ab', id, payment, quote, merchant, network FROM destination LIMIT 1
            """, "does not tell"
        ),
        ("DELETE FROM destination WHERE script IN (SELECT script FROM destination LIMIT 1)", "missing"),
        ("UPDATE exception SET is_open = 1 - is_open", "is_open"),
        ("DELETE FROM exception", "missing"),
        ("UPDATE exception SET body = replace(body, '\"severe\":false', '\"severe\":true')", "body"),
        (
            """
            INSERT INTO exception (id, payment, merchant, is_test, kind, opened_at, is_open, body)
            SELECT id || '_x', payment, merchant, is_test, kind, opened_at, is_open, body FROM exception LIMIT 1
            """, "does not tell"
        ),
        ("UPDATE entry SET kind = 'withdrawn' WHERE kind = 'received'", "kind"),
        ("UPDATE posting SET amount = amount || '0' WHERE leg = 0", "amount"),
        ("DELETE FROM posting WHERE leg = 1", "postings"),
        ("UPDATE balance SET amount = '1' WHERE account = 'payments'", "amount"),
        (
            "INSERT INTO balance (merchant, method, account, amount) VALUES ('m', 'SBX@sandbox', 'excess', '-5')",
            "no entry"
        ),
        ("UPDATE event SET body = replace(body, '10.00', '11.00') WHERE type = 'payment.paid'", "binds"),
        ("UPDATE event SET type = 'payment.paid' WHERE type = 'payment.created'", "type"),
        ("DELETE FROM event WHERE position IN (SELECT max(position) FROM event)", "missing"),
        (
            """
            INSERT INTO event (position, id, merchant, type, subject, sequence, at, is_test, body)
            SELECT position + 1000, id || '_x', merchant, type, subject, sequence + 1000, at, is_test, body FROM event
            WHERE position = 1
            """, "does not tell"
        ),
        ("UPDATE personal SET customer = 'somebody'", "binds"),
        ("UPDATE note SET text = 'another reason'", "bind"),
        ("UPDATE note SET text = 'x' WHERE ruling < 0", "bind"),
        ("UPDATE note SET ruling = 0 WHERE ruling < 0", "bind"),
        ("DELETE FROM quarantine", "missing"),
        ("UPDATE quarantine SET reason = 'other'", "reason"),
        ("UPDATE quarantine SET at = at + 1", "at is"),
        (
            "INSERT INTO quarantine (payment, at, reason) SELECT id, 1, 'x' FROM payment WHERE order_id = 'paid'",
            "does not tell"
        ),
        ("DELETE FROM quarantined_fact", "missing"),
        ("UPDATE quarantined_fact SET fact = replace(fact, 'sandbox', 'elsewhere')", "fact"),
        ("UPDATE quarantined_fact SET number = 2", "does not tell"),
        ("DELETE FROM quarantined_place", "missing"),
        ("UPDATE transfer SET is_test = 1 - is_test", "is_test"),
        ("UPDATE exception SET is_test = 1 - is_test", "is_test"),
        ("UPDATE entry SET is_test = 1 - is_test", "is_test"),
        ("UPDATE quarantined_place SET payment = 'pay_'", "does not tell"),
        ("UPDATE quarantined_place SET place = 'elsewhere'", "does not tell"),
        ("DELETE FROM record WHERE kind = 'payment_fact_kept'", "missing"),
        ("DELETE FROM record WHERE kind = 'payment_released'", "missing"),
        ("UPDATE record SET body = previous WHERE kind = 'payment_set_aside'", "hash"),
        ("UPDATE event SET body = replace(body, 'pay_', 'qay_') WHERE type = 'payment.set_aside'", "binds"),
        ("UPDATE event SET is_test = 0 WHERE type = 'payment.released'", "is_test"),
        ("UPDATE event SET body = replace(body, 'webhook', 'nothing') WHERE type = 'webhook.test'", "binds"),
        ("UPDATE event SET at = 1 WHERE type = 'webhook.test'", "at is"),
        ("UPDATE attempt SET status = 200 WHERE status IS NULL", "status"),
        ("UPDATE attempt SET fault = 'other' WHERE fault IS NOT NULL", "fault"),
        ("UPDATE attempt SET excerpt = 'x' WHERE status = 200", "excerpt"),
        ("UPDATE attempt SET at = at + 1", "at is"),
        ("UPDATE attempt SET milliseconds = milliseconds + 1", "milliseconds"),
        ("UPDATE attempt SET is_stale = 1", "is_stale"),
        ("DELETE FROM attempt WHERE status = 200", "missing"),
        (
            """
            INSERT INTO attempt (delivery, number, at, milliseconds, status, fault, excerpt, is_stale)
            SELECT delivery, number + 7, at, milliseconds, 200, fault, excerpt, is_stale FROM attempt
            """, "the log tells of"
        ),
        ("UPDATE delivery SET tries = tries + 1 WHERE tries > 0", "number of its attempts"),
        ("UPDATE delivery SET state = 'delivered' WHERE tries = 0", "no try of it"),
        ("UPDATE delivery SET state = 'delivered' WHERE state = 'dead'", "the log says dead"),
        ("UPDATE delivery SET state = 'dead' WHERE state = 'delivered'", "the log says delivered"),
        ("UPDATE delivery SET state = 'waiting' WHERE state = 'delivered'", "the log says delivered"),
        ("UPDATE delivery SET state = 'held' WHERE state = 'waiting'", "no try of it"),
        ("UPDATE delivery SET due_at = due_at + 1 WHERE state = 'delivered'", "the log says delivered"),
        ("UPDATE delivery SET attempts = 9 WHERE state = 'delivered'", "the log says delivered"),
        ("UPDATE delivery SET subject = 'x'", "subject"),
        ("DELETE FROM delivery WHERE tries = 0", "missing"),
        ("DELETE FROM delivery WHERE tries > 0", "missing"),
        (
            """
            INSERT INTO delivery (id, event, position, endpoint, merchant, subject, sequence, state,
                attempts, tries, due_at, fence, created_at)
            SELECT v.id || '-x', v.id, v.position, e.id, v.merchant, v.subject, v.sequence, 'delivered',
                1, 0, 1, 0, 1
            FROM event v, endpoint e WHERE v.position = 2 AND e.url LIKE '%late'
            """, "that it was owed"
        ),
        ("DELETE FROM record WHERE kind = 'attempted'", "the log tells of"),
        ("UPDATE record SET body = previous WHERE kind = 'attempted'", "hash"),
        ("DELETE FROM record WHERE kind = 'endpoint_replayed'", "missing"),
        ("UPDATE rate SET rate = '1'", "rate is"), ("UPDATE rate SET is_test = 1 - is_test", "is_test is"),
        ("UPDATE rate SET at = at + 1 WHERE source = 'merchant'", "at is"),
        ("UPDATE rate SET at = at + 1 WHERE source = 'fixed'", "at is"),
        ("DELETE FROM rate", "missing"),
        (
            """
            INSERT INTO rate (merchant, asset, currency, source, rate, at, is_test)
            VALUES ('', 'SBX', 'CHF', 'fixed', '1', 1, 0)
            """, "does not tell"
        ),
        (
            """
            UPDATE payment SET body = replace(body, '"observations":["', '"observations":["0')
            WHERE order_id = 'paid'
            """, "body"
        ),
        (
            """
            INSERT INTO event (position, id, merchant, type, subject, sequence, at, is_test, body)
            SELECT position + 1, 'evt_forged', merchant, 'payment.paid', merchant, 1, at, 1, '{}' FROM event
            WHERE position = (SELECT max(position) FROM event)
            """, "event evt_forged"
        ),
        ("DELETE FROM personal", "missing"),
        ("DELETE FROM note WHERE ruling > 0", "missing"),
        ("DELETE FROM note WHERE ruling < 0", "missing"),
        ("UPDATE merchant SET name = 'Cafe\u{301}' WHERE name = 'Caf\u{e9}'", "name"),
        ("UPDATE merchant SET name = 'Thief'", "name"),
        ("UPDATE api_key SET scopes = 'payments:read'", "scopes"),
        ("UPDATE api_key SET revoked_at = 5 WHERE revoked_at IS NULL", "the log says nothing"),
        ("UPDATE api_key SET revoked_at = revoked_at + 1 WHERE revoked_at IS NOT NULL", "revoked_at"),
        ("UPDATE api_key SET revoked_at = NULL WHERE revoked_at IS NOT NULL", "revoked_at"),
        ("UPDATE wallet SET disabled_at = disabled_at + 1 WHERE disabled_at IS NOT NULL", "disabled_at"),
        ("UPDATE wallet SET disabled_at = 7 WHERE disabled_at IS NULL", "disabled_at"),
        ("UPDATE endpoint SET previous_until = previous_until + 1", "previous_until"),
        ("UPDATE endpoint SET previous_secret = secret", "previous_secret"),
        ("UPDATE endpoint SET is_test = 1 - is_test", "is_test"),
        ("UPDATE wallet SET key = 'sandbox:00', fingerprint = 'x'", "key"),
        ("UPDATE wallet SET record = record + 1", "record is"),
        ("UPDATE endpoint SET url = 'https://thief.example/'", "url"),
        ("UPDATE endpoint SET secret = r.hash FROM (SELECT hash FROM record LIMIT 1) r", "secret"),
        ("UPDATE key_index SET next = 0", "given twice"),
        ("DELETE FROM key_index", "given twice"),
        ("UPDATE key_index SET next = next + 1", "next is"),
        ("INSERT INTO key_index (fingerprint, next) VALUES ('other', 3)", "does not tell"),
        ("INSERT INTO setting (name, value) VALUES ('part_numbers_above', '57000000')", "part_numbers_above"),
        ("DELETE FROM wake", "nothing looks at the payment"),
        ("DELETE FROM wake WHERE payment IN (SELECT id FROM payment WHERE order_id = 'unpaid')", "wake pay_"),
        ("UPDATE wake SET payment = payment || '_'", "does not exist"),
        ("DELETE FROM wake_height", "no block is waited"),
        ("UPDATE wake_height SET payment = payment || '_'", "does not exist"),
        ("UPDATE wake_height SET network = 'other'", "no block is waited"),
        ("DELETE FROM record WHERE kind = 'indices_advanced'", "missing"),
        ("DELETE FROM record WHERE chain = 'instance'", "does not tell"),
        ("UPDATE record SET body = previous WHERE kind = 'sighted'", "hash"),
        ("UPDATE record SET cause = 'nothing' WHERE sequence = 1", "hash"),
        ("UPDATE record SET actor = 'clock' WHERE kind = 'opened'", "hash"),
        ("DELETE FROM record WHERE kind = 'quoted'", "missing"),
        ("DELETE FROM record WHERE sequence = 0", "first record"),
        ("DELETE FROM record WHERE kind = 'ruled'", "says"),
        ("UPDATE root SET at = at + 1 WHERE number = 0", "hash is not that"),
        ("UPDATE root SET at = 0 WHERE number = 1", "older than the root before"),
        ("UPDATE root SET previous = hash WHERE number = 1", "does not follow"),
        ("UPDATE root SET tree = hash", "hash is not that"),
        ("UPDATE root SET hash = tree WHERE number = 0", "does not follow"),
        ("UPDATE root SET leaves = leaves + 1", "leaves, it says"),
        ("UPDATE root SET signature = previous", "signature is not"),
        (
            """
            UPDATE root SET signature = (SELECT r.signature FROM root r WHERE r.number = 1 AND r.scope = root.scope)
            WHERE number = 0
            """, "signature is not"
        ),
        ("UPDATE root SET key = hash", "not the instance's"),
        ("UPDATE root SET number = number + 7 WHERE number = 1", "root 1 before it is missing"),
        ("UPDATE root SET scope = 'other' WHERE scope = 'instance'", "it has 0 leaves"),
        ("DELETE FROM root WHERE number = 0", "root 0 before it is missing"),
        ("DELETE FROM root WHERE number = 1", "there is no such root"),
        ("DELETE FROM root WHERE number = 1 AND scope <> 'instance'", "root 1 of mer_"),
        ("DELETE FROM leaf WHERE place = 0", "leaves, it says"),
        ("DELETE FROM leaf WHERE place = 1", "do not stand at"),
        (
            """
            UPDATE leaf SET hash = (SELECT m.hash FROM leaf m WHERE m.scope = leaf.scope AND m.root = leaf.root
                AND m.place = 0) WHERE place = 1
            """, "its leaves are not those of its tree"
        ),
        ("UPDATE leaf SET sequence = sequence + 100 WHERE place = 0", "it is missing, and root"),
        ("UPDATE leaf SET chain = 'pay_x' WHERE chain LIKE 'pay_%' AND place = 2", "not in their order"),
        ("UPDATE leaf SET root = root + 1000", "there is no such root"),
        (
            """
            INSERT INTO leaf (scope, root, place, chain, sequence, hash)
            SELECT scope, root, 1000, 'whe_x', sequence, hash FROM leaf WHERE place = 0
            """, "leaves, it says"
        ),
        ("DELETE FROM unsealed", "none is to"),
        ("DELETE FROM unsealed WHERE chain LIKE 'whe_%'", "none is to"),
        ("UPDATE unsealed SET sequence = sequence + 1", "is not its last one"),
        ("UPDATE unsealed SET scope = 'instance' WHERE chain LIKE 'pay_%'", "belongs to mer_"),
        ("UPDATE unsealed SET scope = 'instance' WHERE chain LIKE 'whe_%'", "belongs to mer_"),
        (
            """
            INSERT INTO unsealed (scope, chain, sequence, since)
            SELECT scope, chain, sequence, 1 FROM leaf WHERE chain = 'instance' AND root = 1
            """, "a root holds record"
        ),
        (
            """
            DELETE FROM record WHERE chain = (SELECT id FROM payment WHERE order_id = 'double') AND sequence = (
                SELECT max(r.sequence) FROM record r, payment p WHERE p.order_id = 'double' AND r.chain = p.id)
            """, "it is missing, and root"
        ),
    ]

    @Test("Every kind of tampering is found", arguments: Engine.allCases)
    func tampering(engine: Engine) async throws {
        let store = try await FilledStore(engine)
        try await store.fill()
        for (deed, found) in Self.deeds {
            let (rows, outcome) = try await store.verify(after: deed)
            #expect(rows > 0, "changed nothing: \(deed)")
            #expect(
                outcome.findings.contains { $0.description.contains(found) },
                "\(deed): \(outcome.findings.prefix(5))")
            // What can be erased is bound beside the chains, not in them.
            guard ["DELETE FROM personal", "DELETE FROM note"].contains(where: "\(deed)".contains) else { continue }
            #expect(outcome.findings.allSatisfy { !$0.description.contains("hash") }, "\(deed)")
        }
        #expect(try await store.verify().isClean)
        await store.close()
    }

    @Test("A byte that is no text, in whatever column, ends no verification: it is found")
    func brokenText() async throws {
        let store = try await FilledStore(.sqlite)
        try await store.fill()
        let columns = try await store.gateway.store.database.read { db in
            try Schema.tables.filter { $0.value == .fold || $0.value == .log }.keys.sorted().flatMap { table in
                try db.query(
                    """
                    SELECT name FROM pragma_table_info(\(table))
                    WHERE type = 'TEXT'
                    """
                ).map { (table: table, column: try $0.text(0)) }
            }.filter { table, column in
                try db.first("SELECT 1 FROM \(raw: table) WHERE \(raw: column) IS NOT NULL LIMIT 1") != nil
            }
        }
        #expect(columns.count > 60)
        for (table, column) in columns {
            let deed: SQL = """
                UPDATE \(raw: table) SET \(raw: column) = CAST(x'fb' || CAST(\(raw: column) AS BLOB) AS TEXT)
                WHERE rowid = (SELECT max(rowid) FROM \(raw: table) WHERE \(raw: column) IS NOT NULL)
                """
            do {
                let outcome = try await store.verify(after: deed).outcome
                #expect(!outcome.isClean, "\(table).\(column)")
            } catch DatabaseError.constraint(.foreignKey, _) {}
        }
        #expect(try await store.verify().isClean)
        await store.close()
    }
}
