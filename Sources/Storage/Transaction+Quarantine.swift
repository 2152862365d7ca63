import Crypto
import Database
package import Domain
import JSON
import Platform

/// A payment that is set aside until a person releases it.
package struct SetAside: Hashable, Sendable {
    package let payment: ID<Payment>
    package let since: Instant
    /// What contradicts itself, in words for the operator.
    package let reason: String
    /// Facts that wait for its release.
    package let waiting: Int

    fileprivate static let columns: SQL = """
        q.payment, q.at, q.reason,
        (SELECT count(*) FROM quarantined_fact f WHERE f.payment = q.payment)
        """

    fileprivate init(_ row: Row) throws {
        payment = try row.id(0)
        since = try row.instant(1)
        reason = try row.text(2)
        waiting = Int(clamping: try row.integer(3))
    }
}

/// Setting payments aside. All of it is recorded in the instance's chain: a payment's own one must not grow
/// from data that contradicts itself.
extension Transaction {
    /// Sets a payment aside: no fact touches it any more until a person has looked. `notice`, made only when
    /// it was not aside before, tells its merchant.
    ///
    /// *Atomicity*: with its record, in this transaction. *Replay*: what is aside stays as it is.
    package func quarantine(
        _ id: ID<Payment>, at: Instant, reason: String, cause: String = "rules",
        notice: () throws -> Notice? = { nil }
    ) throws {
        let count = try connection.execute(
            """
            INSERT INTO quarantine (payment, at, reason) VALUES (\(id.text), \(at.milliseconds), \(reason))
            ON CONFLICT (payment) DO NOTHING
            """)
        guard count > 0 else { return }
        try connection.execute("DELETE FROM wake WHERE payment = \(id.text)")
        try connection.execute("DELETE FROM wake_height WHERE payment = \(id.text)")
        try connection.execute("DELETE FROM wake_scan WHERE payment = \(id.text)")
        let notice = try notice().flatMap(told)
        try recordAside("payment_set_aside", id, at, cause, .policy) { writer in
            writer.member("reason", reason)
            writer.storedOrNull("notice", notice)
        }
    }

    /// Stores a notice where that can be done. What is damaged beside the payment must not keep it from being
    /// set aside: then its merchant is not told, and the operator is.
    private func told(_ notice: Notice) throws -> Notice? {
        do {
            try connection.attempt { try insert(notice) }
            return notice
        } catch where error is Corruption || Store.isAboutRows(error) {
            return nil
        }
    }

    /// Which of `places` are outputs that paid us and are only kept so far, and whom: they have no row yet,
    /// and can be spent all the same.
    package func keptTransfers(
        of network: NetworkName, at places: [String]
    ) throws -> [String: ID<Payment>] {
        guard try connection.first("SELECT 1 FROM quarantined_place LIMIT 1") != nil else { return [:] }
        var found: [String: ID<Payment>] = [:]
        for chunk in chunks(places) {
            for row in try connection.query(
                """
                SELECT place, payment FROM quarantined_place WHERE network = \(network.text)
                    AND place IN \(list: chunk)
                """)
            {
                found[try row.text(0)] = try legible(row, of: "quarantined_place") { try $0.id(1) }
            }
        }
        return found
    }

    /// The outputs of a network that are only kept so far, of one payment.
    package func keptPlaces(of id: ID<Payment>, on network: NetworkName) throws -> Set<String> {
        Set(
            try connection.query(
                """
                SELECT place FROM quarantined_place
                WHERE payment = \(id.text) AND network = \(network.text)
                """
            ).compactMap { try legible($0, of: "quarantined_place") { try $0.text(0) } })
    }

    /// Keeps a fact about a payment that is set aside: nothing that was said of it is lost.
    package func keepQuarantined(_ fact: Fact, of id: ID<Payment>) throws {
        let number = try nextKept(of: id)
        try connection.execute(
            """
            INSERT INTO quarantined_fact (payment, number, at, fact)
            VALUES (\(id.text), \(number), \(fact.at.milliseconds),
                \(String(decoding: fact.storedBytes, as: UTF8.self)))
            """)
        if case .sighted(let sightings, _) = fact.news {
            for sighting in sightings {
                try connection.execute(
                    """
                    INSERT INTO quarantined_place (network, place, payment)
                    VALUES (\(sighting.key.network.text), \(sighting.key.place), \(id.text))
                    ON CONFLICT (network, place) DO NOTHING
                    """)
            }
        }
        try recordAside("payment_fact_kept", id, fact.at, "aside", fact.actor) { writer in
            writer.member("number", number)
            writer.stored("fact", fact)
        }
    }

    /// The number of the next fact that is kept. Where the last one's is damaged too, they are counted: what
    /// is aside already stops nothing else.
    private func nextKept(of id: ID<Payment>) throws -> Int64 {
        let last = try connection.first(
            "SELECT number FROM quarantined_fact WHERE payment = \(id.text) ORDER BY number DESC LIMIT 1")
        guard let last else { return 1 }
        if case .integer(let number) = last.values[0], (1..<Int64.max).contains(number) { return number + 1 }
        let count = try connection.first(
            "SELECT count(*) FROM quarantined_fact WHERE payment = \(id.text)")
        return (try count?.integer(0) ?? 0) + 1
    }

    /// What was said of a payment since it was set aside, in order.
    package func quarantinedFacts(of id: ID<Payment>) throws -> [Fact] {
        try connection.query("SELECT fact FROM quarantined_fact WHERE payment = \(id.text) ORDER BY number")
            .map { try Fact(stored: Array(try $0.text(0).utf8)) }
    }

    /// Whether a payment is set aside.
    package func isQuarantined(_ id: ID<Payment>) throws -> Bool {
        try connection.first("SELECT 1 FROM quarantine WHERE payment = \(id.text)") != nil
    }

    /// Since when a payment is set aside; nil when it is not.
    package func asideSince(_ id: ID<Payment>) throws -> Instant? {
        try connection.first("SELECT at FROM quarantine WHERE payment = \(id.text)")?.instant(0)
    }

    /// The payment in a row of a list. Nil when it cannot be read: one bad row takes nobody's list away. Who
    /// asks for that payment itself is told, its loops set it aside, and `verify` finds it.
    func listed(_ row: Row, body column: Int) throws -> Payment? {
        do {
            return try Payment(stored: Array(try row.text(column).utf8))
        } catch where error is Corruption || Store.isAboutRows(error) {
            return nil
        }
    }

    /// What is set aside, the longest first.
    package func quarantined(limit: Int) throws -> [SetAside] {
        try connection.query(
            "SELECT \(SetAside.columns) FROM quarantine q ORDER BY q.at, q.payment LIMIT \(limit)"
        ).map(SetAside.init)
    }

    /// One payment that is set aside; nil when it is not.
    package func setAside(_ id: ID<Payment>) throws -> SetAside? {
        try connection.first("SELECT \(SetAside.columns) FROM quarantine q WHERE q.payment = \(id.text)")
            .map(SetAside.init)
    }

    /// How many are set aside.
    package func quarantinedCount() throws -> Int {
        Int(clamping: try connection.first("SELECT count(*) FROM quarantine")?.integer(0) ?? 0)
    }

    /// Whose payment it is by its log, which can be asked when its row cannot be read. Nil when the log
    /// cannot be read either.
    package func owner(of id: ID<Payment>) -> (merchant: ID<Merchant>, isTest: Bool)? {
        guard let first = try? records(chain: id.text, limit: 1).first, first.isSound,
            let fields = try? Fields(JSON.parse(first.record.body)),
            let terms: Terms = try? fields.nested("terms")
        else { return nil }
        return (terms.merchant, terms.isTest)
    }

    /// Takes a payment back: from here on facts reach it again, beginning with those that were kept.
    ///
    /// Writes its row again as its log tells it. Throws `Corruption` where the log, or another row that
    /// follows from it, is damaged: no row is then believed. Gives what was kept, in order.
    ///
    /// *Atomicity*: with its record; whoever applies the facts does so in the same `attempt`.
    package func release(
        _ id: ID<Payment>, at: Instant, by actor: Actor, note: ReleaseNote, cause: String,
        notice: Notice?
    ) throws -> (facts: [Fact], isRebuilt: Bool) {
        let facts = try quarantinedFacts(of: id)
        let isRebuilt = try rebuild(id)
        try connection.execute("DELETE FROM quarantined_fact WHERE payment = \(id.text)")
        try connection.execute("DELETE FROM quarantined_place WHERE payment = \(id.text)")
        try connection.execute("DELETE FROM quarantine WHERE payment = \(id.text)")
        let notice = try notice.flatMap(told)
        let head = try recordAside("payment_released", id, at, cause, actor) { writer in
            writer.member("note", note.commitmentText)
            writer.member("facts", facts.count)
            writer.member("rebuilt", isRebuilt)
            writer.storedOrNull("notice", notice)
        }
        try insert(note, of: id, record: head.sequence)
        return (facts, isRebuilt)
    }

    /// Remembers that a release did not succeed, and why: the payment stays aside.
    package func refuseRelease(
        _ id: ID<Payment>, at: Instant, by actor: Actor, note: ReleaseNote, cause: String, reason: String
    ) throws {
        try connection.execute("UPDATE quarantine SET reason = \(reason) WHERE payment = \(id.text)")
        let head = try recordAside("payment_release_refused", id, at, cause, actor) { writer in
            writer.member("note", note.commitmentText)
            writer.member("reason", reason)
        }
        try insert(note, of: id, record: head.sequence)
    }

    /// What is wrong with a payment: its log is damaged, or a row about it is not what the log tells. Nil
    /// when all agree. It reads the whole log, so only what has failed asks.
    package func contradiction(of id: ID<Payment>) throws -> String? {
        var verifier = Verifier(self)
        if let told = try verifier.retell(id) { try verifier.compare(told.payment, told.head) }
        return verifier.report.findings.first?.description
    }

    /// Compares a payment with its log, and writes its own row again where it differs. Gives whether it did.
    private func rebuild(_ id: ID<Payment>) throws -> Bool {
        var verifier = Verifier(self)
        let told = try verifier.retell(id)
        if let finding = verifier.report.findings.first { throw Corruption(finding.description) }
        guard let told else { throw Corruption("the log does not tell of it") }
        try verifier.compare(told.payment, told.head)
        if verifier.report.isClean { return false }
        try connection.execute("DELETE FROM payment WHERE id = \(id.text)")
        try insert(
            told.payment, told.head, body: String(decoding: told.payment.storedBytes, as: UTF8.self),
            isFulfillable: told.payment.isFulfillable(told.payment.assessment))
        return true
    }

    /// A person's text beside the record that binds it. Rulings count up from 1; these are below zero.
    private func insert(_ note: ReleaseNote, of id: ID<Payment>, record: Int64) throws {
        try insertNote(of: id, ruling: -Int(record), salt: note.salt, text: note.text)
    }

    @discardableResult
    private func recordAside(
        _ kind: String, _ id: ID<Payment>, _ at: Instant, _ cause: String, _ actor: Actor,
        _ body: (inout JSONWriter) -> Void
    ) throws -> Head {
        var writer = JSONWriter()
        writer.object(body)
        return try record(
            chain: Self.instanceChain, at: at, kind: kind, subject: id.text, cause: cause, actor: actor,
            body: writer.bytes)
    }
}

/// Why a person takes a payment back: kept beside the log, which only binds it.
package struct ReleaseNote: Hashable, Sendable {
    package let salt: [UInt8]
    package let text: String

    package init(salt: [UInt8], text: String) {
        self.salt = salt
        self.text = text
    }

    var commitmentText: String { Self.code(text, salt: salt) }

    static func code(_ text: String, salt: [UInt8]) -> String {
        Hex.encode(HMAC<SHA256>.code(Array(text.utf8), key: salt))
    }
}
