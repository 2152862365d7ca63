package import Database

/// The tables, in the order in which they came. A released migration is never edited.
///
/// Each table is a fold of the evidence log or says why it is not: `Schema.tables`, which a test compares
/// with the database, so that no table can be added without an answer.
package enum Schema {
    package static let migrations = [
        Migration("first tables", configuration + payments + books + notices + networks + log + operations)
    ]

    /// Whether a table can be rebuilt from the log.
    package enum Standing: String, Sendable {
        /// `verify` derives it again from the records and compares.
        case fold
        /// The log itself.
        case log
        /// Bytes that the log names by their hash, and `verify` compares with it.
        case bound
        /// Personal bytes, which the log only binds by commitment so that they can be erased.
        case personal
        /// How the work stands (leases, wake-ups, cursors): losing it costs work, never truth. (A network
        /// whose `source` is lost goes on where its headers end, with later words than all before. A payment
        /// whose wake-up is lost lies until the next start, and `verify` finds it.)
        case operational
    }

    /// Every table and its standing.
    package static let tables: [String: Standing] = [
        "setting": .operational, "merchant": .fold, "api_key": .fold, "wallet": .fold, "key_index": .fold,
        "rate": .fold, "payment": .fold, "personal": .personal, "note": .personal,
        "destination": .fold,
        "transfer": .fold, "exception": .fold, "entry": .fold, "posting": .fold, "balance": .fold,
        "event": .fold,
        "endpoint": .fold, "deleted_endpoint": .operational, "delivery": .fold, "attempt": .fold,
        "source": .operational,
        "header": .operational, "pool_input": .operational, "wake": .operational, "wake_height": .operational,
        "wake_scan": .operational, "watch": .operational,
        "idempotency": .operational, "sandbox_journal": .operational, "sandbox_state": .operational,
        "record": .log, "root": .log, "leaf": .log, "unsealed": .fold, "proof": .bound,
        "quarantine": .fold, "quarantined_fact": .fold, "quarantined_place": .fold,
    ]

    private static let configuration = [
        "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
        """
        CREATE TABLE merchant (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, policy TEXT NOT NULL, test_policy TEXT NOT NULL,
            created_at BIGINT NOT NULL)
        """,
        """
        CREATE TABLE api_key (
            id TEXT PRIMARY KEY, merchant TEXT NOT NULL REFERENCES merchant (id), name TEXT NOT NULL,
            hash TEXT NOT NULL UNIQUE, hint TEXT NOT NULL, scopes TEXT NOT NULL, is_test BIGINT NOT NULL,
            created_at BIGINT NOT NULL, revoked_at BIGINT)
        """,
        "CREATE INDEX api_key_by_merchant ON api_key (merchant, id)",
        "CREATE INDEX api_key_in_use ON api_key (merchant, is_test) WHERE revoked_at IS NULL",
        "CREATE INDEX api_key_by_time ON api_key (merchant, created_at)",
        """
        CREATE TABLE wallet (
            id TEXT PRIMARY KEY, merchant TEXT NOT NULL REFERENCES merchant (id), network TEXT NOT NULL,
            name TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, created_at BIGINT NOT NULL,
            disabled_at BIGINT, record BIGINT NOT NULL)
        """,
        "CREATE INDEX wallet_by_merchant ON wallet (merchant, id)",
        "CREATE INDEX wallet_in_use ON wallet (merchant, network, id) WHERE disabled_at IS NULL",
        "CREATE INDEX wallet_by_time ON wallet (merchant, created_at)",
        "CREATE INDEX wallet_by_key ON wallet (fingerprint, id)",
        "CREATE TABLE key_index (fingerprint TEXT PRIMARY KEY, next BIGINT NOT NULL CHECK (next >= 0))",
        """
        CREATE TABLE rate (
            merchant TEXT NOT NULL, asset TEXT NOT NULL, currency TEXT NOT NULL, source TEXT NOT NULL,
            rate TEXT NOT NULL, at BIGINT NOT NULL, is_test BIGINT NOT NULL,
            PRIMARY KEY (merchant, asset, currency, source))
        """,
        // What merchants pushed; the instance's own table stands apart.
        "CREATE INDEX rate_by_time ON rate (is_test, at) WHERE merchant <> ''",
    ]

    private static let payments = [
        """
        CREATE TABLE payment (
            id TEXT PRIMARY KEY, merchant TEXT NOT NULL, is_test BIGINT NOT NULL, state TEXT NOT NULL,
            order_id TEXT NOT NULL, created_at BIGINT NOT NULL, version BIGINT NOT NULL,
            open_exceptions BIGINT NOT NULL, is_fulfillable BIGINT NOT NULL, is_fulfilled BIGINT NOT NULL,
            head_sequence BIGINT NOT NULL, head_hash {blob} NOT NULL, body TEXT NOT NULL)
        """,
        // Each list is of one mode: what is asked with a test key goes over no live row.
        "CREATE INDEX payment_by_merchant ON payment (merchant, is_test, id)",
        "CREATE INDEX payment_by_state ON payment (merchant, is_test, state, id)",
        "CREATE INDEX payment_by_order ON payment (merchant, is_test, order_id, id)",
        "CREATE INDEX payment_by_question ON payment (merchant, is_test, id) WHERE open_exceptions > 0",
        // What is paid and not fulfilled: a few rows, whatever the table holds.
        """
        CREATE INDEX payment_to_fulfil ON payment (merchant, is_test, id)
            WHERE is_fulfillable = 1 AND is_fulfilled = 0
        """,
        """
        CREATE TABLE personal (
            payment TEXT PRIMARY KEY, merchant TEXT NOT NULL, salt {blob} NOT NULL, customer TEXT,
            body TEXT NOT NULL)
        """,
        """
        CREATE INDEX personal_by_customer ON personal (merchant, customer, payment) WHERE customer IS NOT NULL
        """,
        """
        CREATE TABLE note (
            payment TEXT NOT NULL, ruling BIGINT NOT NULL, salt {blob} NOT NULL, text TEXT NOT NULL,
            PRIMARY KEY (payment, ruling))
        """,
        """
        CREATE TABLE destination (
            script TEXT PRIMARY KEY, id TEXT NOT NULL, payment TEXT NOT NULL, quote TEXT NOT NULL,
            merchant TEXT NOT NULL, network TEXT NOT NULL)
        """,
        """
        CREATE TABLE transfer (
            network TEXT NOT NULL, place TEXT NOT NULL, transaction_id TEXT NOT NULL, id TEXT NOT NULL,
            payment TEXT NOT NULL, merchant TEXT NOT NULL, is_test BIGINT NOT NULL, standing TEXT NOT NULL,
            height BIGINT, script TEXT NOT NULL, spend_height BIGINT, PRIMARY KEY (network, place))
        """,
        "CREATE INDEX transfer_by_transaction ON transfer (transaction_id, network)",
        "CREATE INDEX transfer_by_merchant ON transfer (merchant, is_test, id)",
        "CREATE INDEX transfer_by_standing ON transfer (network, standing, height)",
        "CREATE INDEX transfer_by_spend ON transfer (network, spend_height) WHERE spend_height IS NOT NULL",
        """
        CREATE TABLE exception (
            id TEXT PRIMARY KEY, payment TEXT NOT NULL, merchant TEXT NOT NULL, is_test BIGINT NOT NULL,
            kind TEXT NOT NULL, opened_at BIGINT NOT NULL, is_open BIGINT NOT NULL, body TEXT NOT NULL)
        """,
        "CREATE INDEX exception_by_merchant ON exception (merchant, is_test, id)",
        "CREATE INDEX exception_by_kind ON exception (merchant, is_test, kind, id)",
        "CREATE INDEX exception_in_question ON exception (merchant, is_test, id) WHERE is_open = 1",
        // What the operator's figures count, over all merchants.
        "CREATE INDEX exception_waiting ON exception (kind, is_test) WHERE is_open = 1",
    ]

    private static let books = [
        """
        CREATE TABLE entry (
            id TEXT PRIMARY KEY, payment TEXT NOT NULL, merchant TEXT NOT NULL, is_test BIGINT NOT NULL,
            method TEXT NOT NULL, kind TEXT NOT NULL, business_key TEXT NOT NULL UNIQUE,
            at BIGINT NOT NULL, body TEXT NOT NULL)
        """,
        "CREATE INDEX entry_by_merchant ON entry (merchant, is_test, id)",
        "CREATE INDEX entry_by_method ON entry (merchant, is_test, method, id)",
        "CREATE INDEX entry_by_payment ON entry (payment)",
        """
        CREATE TABLE posting (
            entry TEXT NOT NULL, leg BIGINT NOT NULL, merchant TEXT NOT NULL, method TEXT NOT NULL,
            account TEXT NOT NULL, amount TEXT NOT NULL, reference TEXT, PRIMARY KEY (entry, leg))
        """,
        """
        CREATE TABLE balance (
            merchant TEXT NOT NULL, method TEXT NOT NULL, account TEXT NOT NULL, amount TEXT NOT NULL,
            PRIMARY KEY (merchant, method, account))
        """,
    ]

    private static let notices = [
        """
        CREATE TABLE event (
            position BIGINT PRIMARY KEY, id TEXT NOT NULL UNIQUE, merchant TEXT NOT NULL, type TEXT NOT NULL,
            subject TEXT NOT NULL, sequence BIGINT NOT NULL, at BIGINT NOT NULL, is_test BIGINT NOT NULL,
            body TEXT NOT NULL)
        """,
        "CREATE INDEX event_by_merchant ON event (merchant, is_test, position)",
        "CREATE UNIQUE INDEX event_by_subject ON event (subject, sequence)",
        """
        CREATE TABLE endpoint (
            id TEXT PRIMARY KEY, merchant TEXT NOT NULL REFERENCES merchant (id), url TEXT NOT NULL,
            events TEXT NOT NULL, description TEXT NOT NULL, is_test BIGINT NOT NULL, secret {blob} NOT NULL,
            previous_secret {blob}, previous_until BIGINT, state TEXT NOT NULL, created_at BIGINT NOT NULL)
        """,
        "CREATE INDEX endpoint_by_merchant ON endpoint (merchant, id)",
        // Endpoints that are gone, and whose deliveries are going.
        "CREATE TABLE deleted_endpoint (id TEXT PRIMARY KEY)",
        """
        CREATE TABLE delivery (
            id TEXT PRIMARY KEY, event TEXT NOT NULL, position BIGINT NOT NULL, endpoint TEXT NOT NULL,
            merchant TEXT NOT NULL, subject TEXT NOT NULL, sequence BIGINT NOT NULL, state TEXT NOT NULL,
            attempts BIGINT NOT NULL, tries BIGINT NOT NULL, due_at BIGINT NOT NULL, lease_until BIGINT,
            fence BIGINT NOT NULL, created_at BIGINT NOT NULL)
        """,
        "CREATE UNIQUE INDEX delivery_by_event ON delivery (event, endpoint)",
        "CREATE INDEX delivery_by_due ON delivery (state, endpoint, due_at, position)",
        "CREATE INDEX delivery_by_time ON delivery (state, due_at)",
        "CREATE INDEX delivery_by_subject ON delivery (endpoint, subject, state, sequence)",
        "CREATE INDEX delivery_by_endpoint ON delivery (endpoint, id)",
        "CREATE INDEX delivery_by_failure ON delivery (endpoint, position) WHERE state = 'dead'",
        """
        CREATE INDEX delivery_put_off ON delivery (endpoint, position)
            WHERE state = 'waiting' AND attempts > 0
        """,
        """
        CREATE TABLE attempt (
            delivery TEXT NOT NULL, number BIGINT NOT NULL, at BIGINT NOT NULL, milliseconds BIGINT NOT NULL,
            status BIGINT, fault TEXT, excerpt TEXT NOT NULL, is_stale BIGINT NOT NULL,
            PRIMARY KEY (delivery, number))
        """,
    ]

    private static let networks = [
        """
        CREATE TABLE source (
            network TEXT PRIMARY KEY, sequence BIGINT NOT NULL, height BIGINT, block TEXT, safe BIGINT,
            finalized BIGINT, is_healthy BIGINT NOT NULL, fault TEXT, scanned_until BIGINT NOT NULL,
            seen_at BIGINT NOT NULL)
        """,
        """
        CREATE TABLE watch (
            network TEXT PRIMARY KEY, owner TEXT, fence BIGINT NOT NULL, beat BIGINT NOT NULL)
        """,
        """
        CREATE TABLE header (
            network TEXT NOT NULL, height BIGINT NOT NULL, block TEXT NOT NULL, parent TEXT NOT NULL,
            median_time BIGINT NOT NULL, raw {blob} NOT NULL, PRIMARY KEY (network, height))
        """,
        // `raw` is empty where it is longer than what is kept; `size` says how long it is.
        """
        CREATE TABLE proof (
            network TEXT NOT NULL, transaction_id TEXT NOT NULL, block TEXT NOT NULL, height BIGINT NOT NULL,
            place BIGINT NOT NULL, header {blob} NOT NULL, branch {blob} NOT NULL, size BIGINT NOT NULL,
            raw {blob} NOT NULL, PRIMARY KEY (network, transaction_id, block))
        """,
        """
        CREATE TABLE pool_input (
            network TEXT NOT NULL, place TEXT NOT NULL, transaction_id TEXT NOT NULL,
            PRIMARY KEY (network, place, transaction_id))
        """,
        "CREATE INDEX pool_input_by_transaction ON pool_input (network, transaction_id)",
        "CREATE TABLE sandbox_journal (sequence BIGINT PRIMARY KEY, command TEXT NOT NULL)",
        // At most one row: what the commands up to `sequence`, which are not kept, came to.
        "CREATE TABLE sandbox_state (sequence BIGINT PRIMARY KEY, state TEXT NOT NULL)",
    ]

    private static let log = [
        """
        CREATE TABLE record (
            chain TEXT NOT NULL, sequence BIGINT NOT NULL, at BIGINT NOT NULL, kind TEXT NOT NULL,
            subject TEXT NOT NULL, cause TEXT NOT NULL, actor TEXT NOT NULL, body {blob} NOT NULL,
            previous {blob} NOT NULL, hash {blob} NOT NULL, PRIMARY KEY (chain, sequence))
        """,
        """
        CREATE TABLE root (
            scope TEXT NOT NULL, number BIGINT NOT NULL, at BIGINT NOT NULL, leaves BIGINT NOT NULL,
            tree {blob} NOT NULL, previous {blob} NOT NULL, key {blob} NOT NULL, hash {blob} NOT NULL,
            signature {blob} NOT NULL, PRIMARY KEY (scope, number))
        """,
        """
        CREATE TABLE leaf (
            scope TEXT NOT NULL, root BIGINT NOT NULL, place BIGINT NOT NULL, chain TEXT NOT NULL,
            sequence BIGINT NOT NULL, hash {blob} NOT NULL, PRIMARY KEY (scope, root, place))
        """,
        "CREATE UNIQUE INDEX leaf_by_chain ON leaf (chain, sequence)",
        // The ends of chains that no root holds yet: one row a chain, in each transaction that records.
        """
        CREATE TABLE unsealed (
            scope TEXT NOT NULL, chain TEXT NOT NULL, sequence BIGINT NOT NULL, since BIGINT NOT NULL,
            PRIMARY KEY (scope, chain))
        """,
    ]

    private static let operations = [
        "CREATE TABLE wake (payment TEXT PRIMARY KEY, clock BIGINT NOT NULL, at BIGINT NOT NULL)",
        "CREATE INDEX wake_by_time ON wake (clock, at)",
        """
        CREATE TABLE wake_height (
            payment TEXT NOT NULL, network TEXT NOT NULL, mark TEXT NOT NULL, height BIGINT NOT NULL,
            PRIMARY KEY (payment, network, mark))
        """,
        "CREATE INDEX wake_height_by_height ON wake_height (network, mark, height)",
        """
        CREATE TABLE wake_scan (
            payment TEXT NOT NULL, network TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (payment, network))
        """,
        "CREATE INDEX wake_scan_by_time ON wake_scan (network, at)",
        """
        CREATE TABLE idempotency (
            merchant TEXT NOT NULL, operation TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL,
            status BIGINT NOT NULL, headers TEXT NOT NULL, body {blob} NOT NULL, expires_at BIGINT NOT NULL,
            PRIMARY KEY (merchant, operation, key))
        """,
        "CREATE INDEX idempotency_by_expiry ON idempotency (expires_at)",
        """
        CREATE TABLE quarantine (
            payment TEXT PRIMARY KEY, at BIGINT NOT NULL, reason TEXT NOT NULL)
        """,
        """
        CREATE TABLE quarantined_fact (
            payment TEXT NOT NULL, number BIGINT NOT NULL, at BIGINT NOT NULL, fact TEXT NOT NULL,
            PRIMARY KEY (payment, number))
        """,
        // The outputs that those facts tell of: they have no row in `transfer` yet, and can be spent.
        """
        CREATE TABLE quarantined_place (
            network TEXT NOT NULL, place TEXT NOT NULL, payment TEXT NOT NULL, PRIMARY KEY (network, place))
        """,
        "CREATE INDEX quarantined_place_by_payment ON quarantined_place (payment, network)",
    ]
}
