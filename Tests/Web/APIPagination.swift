import Database
import Domain
import Engine
import HTTP
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import Web

@Suite("A list read part by part is the whole list")
struct APIPagination {
    private func ids(_ answer: Answer) -> [String] {
        (answer.json?["data"]?.asArray ?? []).compactMap { $0["id"]?.asString }
    }

    /// Reads a list to its end, doing something between the parts.
    private func readAll(
        _ tenant: Tenant, _ path: String, between: (Int) async throws -> Void = { _ in }
    ) async throws -> [[String]] {
        var parts: [[String]] = []
        var next: String?
        repeat {
            let answer = await tenant.get("\(path)&\(next.map { "after=\($0)" } ?? "limit=3")&limit=3"
                .replacing("&limit=3&limit=3", with: "&limit=3"))
            #expect(answer.status == 200, "\(answer.text)")
            parts.append(ids(answer))
            next = answer.json?["has_more"] == true ? answer.json?["next"]?.asString : nil
            try await between(parts.count)
        } while next != nil
        return parts
    }

    @Test("Newest first, none twice, none missed, while others are inserted", arguments: DatabaseEngine.allCases)
    func payments(_ engine: DatabaseEngine) async throws {
        let gateway = try await TestGateway(engine)
        let tenant = try await gateway.tenant()
        var made: [String] = []
        for _ in 0..<10 {
            made.append(await tenant.payment().id)
            gateway.clock.advance(by: 1)
        }
        let parts = try await readAll(tenant, "/v1/payments?state=awaiting_payment") { _ in
            gateway.clock.advance(by: 1)
            _ = await tenant.payment()
        }
        #expect(parts.map(\.count) == [3, 3, 3, 1])
        #expect(parts.flatMap { $0 } == made.reversed())
    }

    @Test("Backwards from a place comes what is newer, nearest first to it, newest on top")
    func before() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        var made: [String] = []
        for _ in 0..<6 {
            made.append(await tenant.payment().id)
            gateway.clock.advance(by: 1)
        }
        let answer = await tenant.get("/v1/payments?before=\(made[1])&limit=2")
        #expect(ids(answer) == [made[3], made[2]])
        #expect(answer.json?["has_more"] == true)
        #expect(answer.json?["next"]?.asString == made[3])
        let rest = await tenant.get("/v1/payments?before=\(made[3])&limit=2")
        #expect(ids(rest) == [made[5], made[4]])
        #expect(rest.json?["has_more"] == false)
    }

    @Test(
        "Events come in the order of their commits, and the last place is told even at the end",
        arguments: DatabaseEngine.allCases)
    func events(_ engine: DatabaseEngine) async throws {
        let gateway = try await TestGateway(engine)
        let tenant = try await gateway.tenant()
        for _ in 0..<4 { _ = await tenant.payment() }
        var seen: [String] = []
        var after = ""
        for round in 0..<6 {
            let answer = await tenant.get("/v1/events?limit=3\(after)")
            seen += ids(answer)
            if let next = answer.json?["next"]?.asString { after = "&after=\(next)" }
            if round == 1 { _ = await tenant.payment() }
        }
        #expect(seen.count == 10)
        #expect(Set(seen).count == 10)
        let all = await tenant.get("/v1/events?limit=100")
        #expect(ids(all) == seen)
        #expect(await tenant.get("/v1/events?type=payment.created").json?["data"]?.asArray?.count == 5)
    }

    @Test(
        "Who reads events while others write them misses none, and none comes late",
        arguments: DatabaseEngine.allCases)
    func eventsWhileWriting(_ engine: DatabaseEngine) async throws {
        let tenant = try await TestGateway(engine).tenant()
        async let writing: Void = withDiscardingTaskGroup { group in
            for _ in 0..<6 {
                group.addTask { for _ in 0..<5 { #expect(await tenant.payment().answer.status == 201) } }
            }
        }
        var seen: [String] = []
        var after = ""
        for _ in 0..<20_000 where seen.count < 60 {
            let answer = await tenant.get("/v1/events?limit=7\(after)")
            #expect(answer.status == 200, "\(answer.text)")
            seen += ids(answer)
            if let next = answer.json?["next"]?.asString { after = "&after=\(next)" }
        }
        await writing
        #expect(ids(await tenant.get("/v1/events?limit=100")) == seen)
    }

    @Test("An event is given with the bytes that are signed")
    func bytes() async throws {
        let tenant = try await TestGateway().tenant()
        let id = await tenant.payment().id
        let list = await tenant.get("/v1/events?payment_id=\(id)")
        #expect(list.json?["data"]?.asArray?.count == 2)
        let first = ids(list).first ?? ""
        let one = await tenant.get("/v1/events/\(first)")
        #expect(list.text.contains(one.text))
        #expect(one.json?["type"] == "payment.created")
        #expect(one.json?["data"]?["payment"]?["id"]?.asString == id)
    }

    @Test("The timeline is read by the numbers of its records")
    func timeline() async throws {
        let tenant = try await TestGateway().tenant()
        let id = await tenant.payment().id
        _ = await tenant.post("/v1/payments/\(id)/cancel")
        let first = await tenant.get("/v1/payments/\(id)/timeline?limit=2")
        #expect(first.json?["data"]?.asArray?.compactMap { $0["kind"]?.asString } == ["opened", "quoted"])
        #expect(first.json?["next"] == "1")
        let rest = await tenant.get("/v1/payments/\(id)/timeline?limit=2&after=1")
        #expect(rest.json?["data"]?.asArray?.compactMap { $0["kind"]?.asString } == ["ruled"])
        #expect(rest.json?["has_more"] == false)
        #expect(rest.json?["data"]?[0]?["previous"] == first.json?["data"]?[1]?["hash"])
    }

    @Test("Payments are found by what people know of them")
    func filters() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let (id, created) = await tenant.payment([("customer_id", "cus-7"), ("merchant_order_id", "order-7")])
        gateway.clock.advance(by: 1_000)
        _ = await tenant.payment()
        let played = await tenant.post("/v1/sandbox/payments/\(id)/over", ["percent": 50, "confirmations": 6])
        #expect(played.status == 200, "\(played.text)")
        try await gateway.watch()
        let transaction = played.json?["transactions"]?[0]?.asString ?? ""
        let address = created.json?["address"]?.asString ?? ""
        let at = created.json?["created_at"]?.asString ?? ""
        for query in [
            "customer_id=cus-7", "merchant_order_id=order-7", "transaction=\(transaction)", "address=\(address)",
            "state=overpaid", "exception=overpaid", "has_open_exception=true",
            "created_before=2026-01-01T00:00:01Z&created_from=\(at)",
            // As people paste it out of a mail.
            "transaction=\(transaction.uppercased())", "transaction= \(transaction) ",
            "address= \(address)", "address=\(address) ", "address=\(address.uppercased())",
        ] {
            #expect(ids(await tenant.get("/v1/payments?\(query)")) == [id], "\(query)")
        }
        #expect(ids(await tenant.get("/v1/payments?customer_id=nobody")).isEmpty)
        for way in [transaction, transaction.uppercased(), " \(transaction)"] {
            #expect(ids(await tenant.get("/v1/transfers?transaction=\(way)")).count == 1)
        }
        #expect(await tenant.get("/v1/payments?address= ").places == ["?address"])
        #expect(ids(await tenant.get("/v1/exceptions?open=true&kind=overpaid")).count == 1)
        #expect(ids(await tenant.get("/v1/exceptions?open=false")).isEmpty)
    }

    @Test("Paid but not fulfilled is one question, and its answer is what the payments say themselves")
    func fulfilment() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        var ids: [String: String] = [:]
        func open(_ name: String, _ act: String?, _ changes: [(String, JSON)] = []) async throws -> String {
            gateway.clock.advance(by: 1)
            let id = await tenant.payment([("merchant_order_id", .string(name))] + changes).id
            ids[id] = name
            if let act {
                let answer = await tenant.post("/v1/sandbox/payments/\(id)/\(act)", ["confirmations": 1])
                #expect(answer.status == 200, "\(answer.text)")
                try await gateway.watch()
            }
            return id
        }
        func listed(_ query: String) async -> Set<String> {
            let list = await tenant.get("/v1/payments?limit=100&\(query)").json?["data"]?.asArray ?? []
            return Set(list.compactMap { $0["id"]?.asString }.compactMap { ids[$0] })
        }
        func fulfil(_ id: String, claims: Bool = true, completes: Bool = true) async {
            let path = "/v1/payments/\(id)/fulfilments"
            if claims { #expect(await tenant.post(path, ["action_id": "a"]).status == 201) }
            if completes { #expect(await tenant.post("\(path)/a/complete").status == 200) }
        }
        _ = try await open("waiting", nil)
        _ = try await open("short", "under")
        let paid = try await open("paid", "exact")
        let claimed = try await open("claimed", "exact")
        await fulfil(claimed, completes: false)
        await fulfil(try await open("done", "exact"))
        _ = try await open("held", "over", [("policy", ["holds_overpaid": true])])
        await fulfil(try await open("unasked", nil), claims: false)
        #expect(await listed("fulfillable=true&fulfilled=false") == ["paid", "claimed"])
        #expect(await listed("fulfillable=true") == ["paid", "claimed", "done"])
        #expect(await listed("fulfilled=true") == ["done", "unasked"])
        #expect(await listed("fulfillable=false&fulfilled=true") == ["unasked"])
        #expect(await listed("fulfillable=false&fulfilled=false") == ["waiting", "short", "held"])
        #expect(await listed("fulfillable=true&fulfilled=false&state=overpaid").isEmpty)

        _ = await tenant.post("/v1/sandbox/payments/\(paid)/take-back")
        try await gateway.watch()
        let stored = try #require(ID<Payment>(parsing: claimed))
        let now = gateway.gateway.world.now
        try await gateway.store.write { try $0.quarantine(stored, at: now, reason: "test") }
        #expect(await listed("fulfillable=true&fulfilled=false").isEmpty)
        for flag in [true, false] {
            let list = await tenant.get("/v1/payments?fulfillable=\(flag)").json?["data"]?.asArray ?? []
            #expect(!list.isEmpty && list.allSatisfy { $0["fulfillable"] == .bool(flag) })
        }
    }

    @Test("Transfers, exceptions and entries are read part by part too, in both directions", arguments: [
        "transfers", "exceptions?kind=overpaid", "ledger/entries?asset=SBX&network=sandbox",
    ])
    func parts(path: String) async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        for _ in 0..<5 {
            let id = await tenant.payment().id
            _ = await tenant.post("/v1/sandbox/payments/\(id)/over", ["confirmations": 1])
            gateway.clock.advance(by: 1_000)
        }
        try await gateway.watch()
        let mark = path.contains("?") ? "&" : "?"
        let all = ids(await tenant.get("/v1/\(path)\(mark)limit=100"))
        #expect(all.count == 5 && Set(all).count == 5)
        for direction in ["after", "before"] {
            var seen = direction == "after" ? [all[0]] : [all[4]]
            for _ in 0..<5 {
                let answer = await tenant.get("/v1/\(path)\(mark)limit=3&\(direction)=\(seen.last ?? "")")
                #expect(answer.status == 200, "\(answer.text)")
                seen += direction == "after" ? ids(answer) : ids(answer).reversed()
                if answer.json?["has_more"] != true { break }
                #expect(answer.json?["next"]?.asString == seen.last)
            }
            #expect(seen == (direction == "after" ? all : all.reversed()), "\(direction)")
        }
    }

    @Test("API keys are read part by part, newest first, those of the other mode apart")
    func keys() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        var made = ids(await tenant.get("/v1/api-keys"))
        for number in 0..<4 {
            gateway.clock.advance(by: 1)
            let answer = await tenant.post(
                "/v1/api-keys", ["name": .string("key \(number)"), "scopes": ["payments:read"]])
            made.insert(answer.json?["id"]?.asString ?? "", at: 0)
        }
        let revoked = await gateway.send(.delete, "/v1/api-keys/\(made[1])", key: tenant.test, body: [], headers: [:])
        #expect(revoked.status == 204)
        var seen: [String] = []
        var next: String?
        repeat {
            let answer = await tenant.get("/v1/api-keys?limit=2\(next.map { "&after=\($0)" } ?? "")")
            #expect(answer.status == 200, "\(answer.text)")
            seen += ids(answer)
            next = answer.json?["next"]?.asString
        } while next != nil && seen.count < 20
        #expect(seen == made && Set(seen).count == 5)
        #expect(ids(await tenant.get("/v1/api-keys?before=\(made[2])")) == Array(made[..<2]))
    }

    @Test("An event that cannot be read is left out, and stops nobody who reads on", arguments: [
        "body = x'ff'", "at = 'soon'", "id = 'evt_' || position",
    ] as [SQL], [1, 2, 100])
    func unreadableEvents(_ damage: SQL, limit: Int) async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        for _ in 0..<4 { _ = await tenant.payment() }
        let all = ids(await tenant.get("/v1/events"))
        try #require(all.count == 8)
        let lost = [2, 3, 6]
        for place in lost {
            _ = try await gateway.store.database.write { db in
                try db.execute("UPDATE event SET " + damage + " WHERE id = \(all[place])")
            }
        }
        // Each payment has two: its creation, and that it waits.
        for (query, kept) in [
            ("", [0, 1, 4, 5, 7]), ("&type=payment.created", [0, 4]), ("&type=payment.awaiting_payment", [1, 5, 7]),
        ] {
            var seen: [String] = []
            var after = ""
            for _ in 0..<12 {
                let answer = await tenant.get("/v1/events?limit=\(limit)\(query)\(after)")
                #expect(answer.status == 200, "\(answer.text)")
                seen += ids(answer)
                if let next = answer.json?["next"]?.asString { after = "&after=\(next)" }
                if answer.json?["has_more"] != true { break }
            }
            #expect(seen == kept.map { all[$0] }, "\(query)")
        }
        #expect(gateway.store.damagedRows == lost.count)
        #expect(ids(await tenant.get("/v1/events?after=\(all[1])")) == [all[4], all[5], all[7]])
    }

    @Test("Who kept the place of an event that was damaged since goes on behind it")
    func afterUnreadable() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        for _ in 0..<2 { _ = await tenant.payment() }
        let all = ids(await tenant.get("/v1/events"))
        _ = try await gateway.store.database.write { db in
            try db.execute("UPDATE event SET body = x'ff' WHERE id = \(all[1])")
        }
        #expect(ids(await tenant.get("/v1/events?after=\(all[1])")) == [all[2], all[3]])
        #expect(await tenant.get("/v1/events/\(all[1])").status == 500)
    }

    @Test("A payment that cannot be read is left out, and stops nobody who reads on", arguments: [1, 2])
    func unreadable(limit: Int) async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        var made: [String] = []
        for _ in 0..<5 {
            made.append(await tenant.payment().id)
            gateway.clock.advance(by: 1)
        }
        let (broken, also) = (made[2], made[3])
        _ = try await gateway.store.database.write { db in
            try db.execute("UPDATE payment SET body = '{' WHERE id = \(broken) OR id = \(also)")
        }
        let readable = [made[4], made[1], made[0]]
        for direction in ["after", "before"] {
            var seen: [String] = []
            // From one end; in the other direction from a place before all others.
            var next: String? = direction == "before" ? "pay_00000000000000000000000000" : nil
            for _ in 0..<10 {
                let place = next.map { "&\(direction)=\($0)" } ?? ""
                let answer = await tenant.get("/v1/payments?limit=\(limit)\(place)")
                #expect(answer.status == 200, "\(answer.text)")
                seen += direction == "after" ? ids(answer) : ids(answer).reversed()
                next = answer.json?["next"]?.asString
                if answer.json?["has_more"] != true { break }
                #expect(next != nil)
            }
            #expect(next == nil, "the list ends")
            #expect(seen == (direction == "after" ? readable : readable.reversed()))
        }
    }
}
