import Crypto
import Database
import Domain
import JSON
import Platform

/// A webhook endpoint as its merchant's chain tells it: what it wanted when, and what was sent again.
struct EndpointStory {
    let merchant: String
    let isTest: Bool
    /// In their order; each holds for the events after its position.
    var wishes: [Wish] = []
    var replays: [Replay] = []
    /// Its test events, which are nobody else's.
    var tests: Set<String> = []
    var isDeleted = false

    /// What it wanted from a position of the events on.
    struct Wish {
        let position: Int64
        let events: [String]
        let isActive: Bool
    }

    /// Deliveries that were made due again.
    struct Replay {
        let from: Int64
        let through: Int64
        let onlyFailed: Bool
        let at: Int64
        /// How many tries had been recorded.
        let tries: Int64
        let events: [String]

        func covers(_ position: Int64) -> Bool { from <= position && position <= through }
    }

    var isActive: Bool { wishes.last?.isActive ?? false }

    /// Whether an event was owed when it was stored, or by a replay since.
    func isOwed(_ event: String, _ type: String, at position: Int64) -> Bool {
        if type != Notice.test, replays.contains(where: {
            $0.covers(position) && !$0.onlyFailed && StoredEndpoint.wants(type, among: $0.events)
        }) {
            return true
        }
        guard let wish = wishes.last(where: { $0.position < position }), wish.isActive else { return false }
        return type == Notice.test ? tests.contains(event) : StoredEndpoint.wants(type, among: wish.events)
    }
}

/// How a delivery stands, as far as the log tells it.
private struct Standing: Equatable, CustomStringConvertible {
    let state: String
    let attempts: Int64
    let dueAt: Int64

    /// Whether it waits is one thing; behind what it waits only orders the work.
    var kind: String { state == "queued" ? "waiting" : state }

    var description: String { "\(state) after \(attempts), \(dueAt)" }

    static func == (left: Self, right: Self) -> Bool {
        (left.kind, left.attempts, left.dueAt) == (right.kind, right.attempts, right.dueAt)
    }
}

extension Verifier {
    /// Compares what every endpoint was owed and every try with the log.
    mutating func checkDeliveries() throws {
        for (id, story) in endpoints.sorted(by: { $0.key < $1.key }) {
            let tries = try compareTries(of: id, story)
            guard !story.isDeleted, let tries else { continue }
            try compareOwed(to: id, story)
            try compareTotals(of: id, tries)
        }
        for row in try tx.connection.query(
            """
            SELECT chain FROM record WHERE sequence = 0 AND substr(chain, 1, 4) = \(Endpoint.prefix)
            ORDER BY chain
            """)
        {
            let chain = try row.text(0)
            if endpoints[chain] == nil { report.add("chain \(chain)", "belongs to nothing") }
        }
        for row in try tx.connection.query(
            """
            SELECT d.id FROM delivery d WHERE NOT EXISTS (SELECT 1 FROM endpoint e WHERE e.id = d.endpoint)
                AND NOT EXISTS (SELECT 1 FROM deleted_endpoint g WHERE g.id = d.endpoint)
            ORDER BY d.id LIMIT \(Limits.findings)
            """)
        {
            report.add("delivery \(try row.text(0))", "its endpoint does not exist")
        }
        for row in try tx.connection.query("SELECT id FROM deleted_endpoint ORDER BY id") {
            let id = try row.text(0)
            guard endpoints[id]?.isDeleted != true else { continue }
            report.add("deleted_endpoint \(id)", "the log does not tell that it was deleted")
        }
        for row in try tx.connection.query(
            """
            SELECT a.delivery, a.number FROM attempt a
            WHERE NOT EXISTS (SELECT 1 FROM delivery d WHERE d.id = a.delivery)
            ORDER BY a.delivery, a.number LIMIT \(Limits.findings)
            """)
        {
            report.add("attempt \(try row.integer(1)) of \(try row.text(0))", "its delivery does not exist")
        }
    }

    /// Walks an endpoint's own chain. Gives how many tries it tells of; nil when it is broken.
    private mutating func compareTries(of id: String, _ story: EndpointStory) throws -> Int64? {
        let head = try walk(id) { verifier, stored in
            let record = stored.record
            guard record.kind == Transaction.attempted else { return "an endpoint's chain has tries only" }
            do {
                let fields = try Fields(JSON.parse(record.body))
                if !story.isDeleted { try verifier.compare(record, fields, story) }
                return nil
            } catch let error as Corruption {
                return error.description
            } catch let error as JSONError {
                return "its body is not JSON: \(error)"
            }
        }
        return head.map { $0.sequence + 1 }
    }

    private mutating func compare(_ record: Record, _ fields: Fields, _ story: EndpointStory) throws {
        let delivery = record.subject
        let number: Int64 = try fields.integer("number")
        let name = "\(number) of \(delivery)"
        let condition: SQL = "delivery = \(delivery) AND number = \(number)"
        try compare(
            "attempt", name, where: condition,
            [
                ("at", .time(record.at)), ("milliseconds", .integer(try fields.integer("milliseconds"))),
                ("status", .optional(try fields.integerOrNil("status") as Int64?)),
                ("fault", .optional(try fields.textOrNil("fault"))),
                ("is_stale", .flag(try fields.flag("stale"))),
            ])
        let excerpt = try tx.connection.first("SELECT excerpt FROM attempt WHERE \(condition)")
        if let excerpt, Transaction.excerptCode(try excerpt.text(0)) != (try fields.text("excerpt")) {
            report.add("attempt \(name)", "excerpt is not what the log binds")
        }
        let row = try tx.connection.first(
            "SELECT tries, state, attempts, due_at, position FROM delivery WHERE id = \(delivery)")
        guard let row else { return report.add("delivery \(delivery)", "the row is missing") }
        let tries = try row.integer(0)
        if tries < number {
            report.add("delivery \(delivery)", "tries is \(tries), the log tells of number \(number)")
        }
        guard tries == number else { return }
        let told = Standing(
            state: try fields.text("state"), attempts: try fields.integer("attempts"),
            dueAt: try fields.integer("due_at"))
        let actual = Standing(
            state: try row.text(1), attempts: try row.integer(2), dueAt: try row.integer(3))
        let position = try row.integer(4)
        let replay = story.replays.last {
            $0.covers(position) && $0.tries > Int64(clamping: record.sequence)
                && (["dead", "waiting"].contains(told.kind) || !$0.onlyFailed)
        }
        let isReplayed = replay.map { actual == Standing(state: "waiting", attempts: 0, dueAt: $0.at) }
        // What waited when it was to be sent again may have stayed as it was.
        let isAsTold = actual == told && (replay == nil || told.kind == "waiting")
        if isReplayed != true, !isAsTold {
            report.add(
                "delivery \(delivery)",
                "it is \(actual), the log says \(told)")
        }
    }

    /// Goes through a merchant's events beside what the endpoint was owed of them.
    private mutating func compareOwed(to id: String, _ story: EndpointStory) throws {
        var last: Int64 = 0
        var found: Int64 = 0
        while true {
            let rows = try tx.connection.query(
                """
                SELECT v.position, v.id, v.type, v.subject, v.sequence, d.id, d.position, d.merchant,
                    d.subject, d.sequence, d.state, d.tries, d.attempts
                FROM event v LEFT JOIN delivery d ON d.event = v.id AND d.endpoint = \(id)
                WHERE v.merchant = \(story.merchant) AND v.is_test = \(story.isTest) AND v.position > \(last)
                ORDER BY v.position LIMIT \(Limits.verifiedChains)
                """)
            for row in rows {
                last = try row.integer(0)
                let event = try row.text(1)
                let isOwed = story.isOwed(event, try row.text(2), at: last)
                guard let delivery = try row.textOrNil(5) else {
                    if isOwed { report.add("delivery of \(event) to \(id)", "the row is missing") }
                    continue
                }
                found += 1
                let place = "delivery \(delivery)"
                if !isOwed { report.add(place, "the log does not tell that it was owed") }
                compareRow(
                    place, row, story,
                    id: ID<Event>(parsing: event).flatMap { event in
                        ID<Endpoint>(parsing: id).map { Transaction.deliveryID(event, to: $0) }
                    })
            }
            if rows.count < Limits.verifiedChains { break }
        }
        let all = try count("SELECT count(*) FROM delivery WHERE endpoint = \(id)")
        if all != found { report.add("endpoint \(id)", "\(all - found) of its deliveries have no event") }
        explained["delivery", default: 0] += found
    }

    private mutating func compareRow(_ place: String, _ row: Row, _ story: EndpointStory, id: String?) {
        let values = row.values
        compare(
            place, Row(Array(values[5...9])),
            [
                ("id", .optional(id)), ("position", values[0]), ("merchant", .text(story.merchant)),
                ("subject", values[3]), ("sequence", values[4]),
            ])
        guard values[11] == .integer(0) else { return }
        let waiting: [Value] = [.text("waiting"), .text("queued")]
        if !waiting.contains(values[10]) || values[12] != .integer(0) {
            report.add(place, "the log tells of no try of it")
        }
    }

    private mutating func compareTotals(of id: String, _ tries: Int64) throws {
        let rows = try count(
            """
            SELECT count(*) FROM attempt a JOIN delivery d ON d.id = a.delivery WHERE d.endpoint = \(id)
            """)
        if rows != tries { report.add("endpoint \(id)", "it has \(rows) tries, the log tells of \(tries)") }
        for row in try tx.connection.query(
            """
            SELECT d.id FROM delivery d WHERE d.endpoint = \(id)
                AND d.tries <> (SELECT count(*) FROM attempt a WHERE a.delivery = d.id)
            ORDER BY d.id LIMIT \(Limits.findings)
            """)
        {
            report.add("delivery \(try row.text(0))", "tries is not the number of its attempts")
        }
    }
}
