import Database
import Domain
import HTTP
import JSON
import Platform
import Storage
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

    @Test("Newest first, none twice, none missed, while others are inserted")
    func payments() async throws {
        let gateway = try await TestGateway()
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

    @Test("Events come in the order of their commits, and the last place is told even at the end")
    func events() async throws {
        let gateway = try await TestGateway()
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
        ] {
            #expect(ids(await tenant.get("/v1/payments?\(query)")) == [id], "\(query)")
        }
        #expect(ids(await tenant.get("/v1/payments?customer_id=nobody")).isEmpty)
        #expect(ids(await tenant.get("/v1/transfers?transaction=\(transaction)")).count == 1)
        #expect(ids(await tenant.get("/v1/exceptions?open=true&kind=overpaid")).count == 1)
        #expect(ids(await tenant.get("/v1/exceptions?open=false")).isEmpty)
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
