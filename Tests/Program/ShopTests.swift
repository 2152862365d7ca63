import Crypto
import Database
import Domain
import Engine
import HTTP
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import quittance

/// A gateway on the sandbox and the example shop, the program itself, which may be killed and started again.
private final class Street: Sendable {
    let running: Running
    let api: APIClient
    let secret: String
    private let folder: TemporaryFolder
    private let shop: Lock<(process: ChildProcess, url: String)?>

    init() async throws {
        folder = try TemporaryFolder()
        var configuration = Configuration(data: folder.file("gateway"))
        configuration.port = 0
        configuration.allowsLoopbackWebhooks = true
        running = try await Running.start(configuration, log: .silent)
        let gateway = running.instance.gateway
        let merchant = try await gateway.createMerchant(name: "Corner Shop", cause: "test")
        let key = try await gateway.createKey(
            merchant: merchant.id, name: "shop", scopes: [.admin], isTest: true, by: .operatorAtMachine,
            cause: "test")
        api = APIClient(url: running.url, key: key.text)
        shop = Lock(nil)
        let file = folder.file("secret")
        let url = try await Self.start(folder, running.url, key.text, port: 0, sweeping: 3_600, shop)
        _ = try await api.registerWebhooks(at: url + "/webhooks", secretFile: file)
        secret = String(decoding: try Files.read(file, maxBytes: 1_000), as: UTF8.self)
    }

    var url: String { shop.withLock { $0?.url ?? "" } }

    /// Ends the shop without a word.
    func killShop() async {
        let process = shop.withLock { $0?.process }
        process?.kill()
        _ = await process?.ended()
    }

    /// Starts the shop again where it was.
    func startShop(sweeping seconds: Int = 3_600) async throws {
        let port = Int(url.split(separator: ":").last ?? "") ?? 0
        _ = try await Self.start(folder, running.url, api.key, port: port, sweeping: seconds, shop)
    }

    /// Lets the shop be told of nothing but these events from now on.
    func tell(only events: [String]) async throws {
        let endpoint = try #require(try await api.get("/v1/webhook-endpoints")["data"]?[0]?["id"]?.asString)
        try await api.send(.patch, "/v1/webhook-endpoints/\(endpoint)", ["events": .array(events.map { .string($0) })])
    }

    private static func start(
        _ folder: TemporaryFolder, _ gateway: String, _ key: String, port: Int, sweeping seconds: Int,
        _ place: Lock<(process: ChildProcess, url: String)?>
    ) async throws -> String {
        let program = try #require(Environment.program)
        let path = "/" + program.split(separator: "/").dropLast().joined(separator: "/") + "/shop"
        let process = try ChildProcess(
            path,
            environment: [
                "SHOP_GATEWAY_URL": gateway, "SHOP_API_KEY": key,
                "SHOP_WEBHOOK_SECRET_FILE": folder.file("secret"), "SHOP_PORT": String(port),
                "SHOP_DATA": folder.file("shop"), "SHOP_ENDS_WITH_INPUT": "1", "SHOP_LOG_LEVEL": "error",
                "SHOP_SWEEP_SECONDS": String(seconds),
            ])
        for await line in process.lines where line.hasPrefix("shop http") {
            let url = String(line.dropFirst(5))
            place.withLock { $0 = (process, url) }
            return url
        }
        throw TestKitError("the shop did not start")
    }

    func close() async throws {
        shop.withLock { $0?.process.terminate() }
        _ = await shop.withLock { $0?.process }?.ended()
        try await running.stop()
    }

    /// A customer's order with its payment in the sandbox's coin.
    func order() async throws -> (order: String, payment: String) {
        let answer = try await api.raw(.post, url + "/buy/coffee")
        try #require(answer.status.code == 303)
        let made = try await api.get("/v1/payments?limit=1")["data"]?[0]
        let payment = try #require(made?["id"]?.asString)
        try await api.post("/v1/payments/\(payment)/method", ["asset": "SBX", "network": "sandbox"])
        return (try #require(made?["merchant_order_id"]?.asString), payment)
    }

    func pay(_ payment: String) async throws {
        try await api.post("/v1/sandbox/payments/\(payment)/exact", ["confirmations": 3])
        try await until { try await self.api.get("/v1/payments/\(payment)")["state"]?.asString == "paid" }
    }

    /// What a browser is given.
    func look(_ path: String) async throws -> (status: Int, page: String) {
        let request = ClientRequest(.get, try URL(parsing: url + path), headers: ["Accept": "text/html,*/*;q=0.8"])
        let answer = try await Client(.trusted, userAgent: "test").send(request)
        return (answer.status.code, String(decoding: answer.body, as: UTF8.self))
    }

    /// `paid 5 shipped`
    func state(of order: String) async throws -> [String] {
        let answer = try await api.raw(.get, url + "/orders/\(order)/state")
        return String(decoding: answer.body, as: UTF8.self).split { $0.isWhitespace }.map(String.init)
    }

    /// How often the gateway was asked for one payment.
    var looks: Int {
        let lines = running.instance.gateway.world.metrics.exposition().split(separator: "\n")
        return lines.filter { $0.hasPrefix("quittance_http_requests_total{route=\"payments.get\"") }
            .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    }

    /// Looks again until it is so.
    func until(_ isSo: () async throws -> Bool) async throws {
        while try await !isSo() { try await Task.sleep(for: .milliseconds(20)) }
    }

    /// How many deliveries of a payment's goods the gateway has granted.
    func claims(of payment: String) async throws -> Int {
        let list = try await api.get("/v1/payments/\(payment)/timeline?limit=100")["data"]?.asArray ?? []
        return list.count { $0["kind"]?.asString == "fulfilment_claimed" }
    }

    /// Has the gateway send a payment's last event again.
    func replay(_ payment: String) async throws {
        let events = try await api.get("/v1/events?payment_id=\(payment)&limit=100")["data"]?.asArray ?? []
        let endpoint = try #require(try await api.get("/v1/webhook-endpoints")["data"]?[0]?["id"]?.asString)
        let event = try #require(events.last?["id"]?.asString)
        try await api.post("/v1/webhook-endpoints/\(endpoint)/replay", ["event_id": .string(event)])
    }

    /// Sends a webhook as the gateway would.
    func send(_ payment: String, version: Int, id: String, secret: String? = nil) async throws -> Int {
        let view: JSON = ["id": .string(payment), "version": .integer(version)]
        let body = (["type": "payment.paid", "data": ["payment": view]] as JSON).encoded()
        let seconds = SystemClock().now / 1_000
        let key = try WebhookSigningKey(parsing: secret ?? self.secret)
        let headers: Headers = [
            "Content-Type": "application/json", "webhook-id": id, "webhook-timestamp": String(seconds),
            "webhook-signature": WebhookSignature.header(id: id, timestamp: seconds, body: body, keys: [key]),
        ]
        return try await Client(.trusted).send(
            ClientRequest(.post, try URL(parsing: url + "/webhooks"), headers: headers, body: body)
        ).status.code
    }
}

@Suite("The example shop ships what was paid, once", .timeLimit(.minutes(15)))
struct ShopTests {
    private func street(_ body: (Street) async throws -> Void) async throws {
        let street = try await Street()
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(street))
        } catch {
            result = .failure(error)
        }
        try await street.close()
        try result.get()
    }

    @Test("Webhooks that come again, doubled, out of order or forged ship nothing twice and nothing too early")
    func webhooks() async throws {
        try await street { street in
            let (order, payment) = try await street.order()
            // Signed, but not so: the shop asks the gateway, which knows of no money.
            var codes = [try await street.send(payment, version: 99, id: "evt_early")]
            try await street.until { try await street.state(of: order).first == "awaiting_payment" }
            try await street.pay(payment)
            // It ships by what the gateway says when it is asked; its own row follows with the webhook.
            try await street.until {
                let state = try await street.state(of: order)
                return state.last == "shipped" && state.first == "paid"
            }
            let shipped = try await street.state(of: order)
            let row = [(1, "evt_old"), (99, "evt_new"), (99, "evt_new"), (2, "evt_older"), (1, "evt_old")]
            for (version, id) in row {
                codes.append(try await street.send(payment, version: version, id: id))
            }
            // More than are looked at together: such as come after the gateway was put back from a backup.
            for number in 0..<25 {
                codes.append(try await street.send("pay_unknown\(number)", version: 1, id: "evt_unknown\(number)"))
            }
            #expect(codes == [Int](repeating: 204, count: 31))
            let secret = "whsec_" + Base64.standard.encode([UInt8](repeating: 7, count: 32))
            let forged = try await street.send(payment, version: 99, id: "evt_forged", secret: secret)
            #expect(forged == 401)
            try await street.replay(payment)
            // The next order goes through behind all of them.
            let next = try await street.order()
            try await street.pay(next.payment)
            try await street.until { try await street.state(of: next.order).last == "shipped" }
            let after = try await street.state(of: order)
            #expect(after == shipped)
            let claims = [try await street.claims(of: payment), try await street.claims(of: next.payment)]
            #expect(claims == [1, 1])
        }
    }

    @Test("A browser that went astray gets a page and a way back, and each order has a number and a day")
    func pages() async throws {
        try await street { street in
            let (order, payment) = try await street.order()
            for (path, status) in [("/buy/coffee", 405), ("/orders/none", 404), ("/nothing/here", 404)] {
                let seen = try await street.look(path)
                #expect(seen.status == status && seen.page.contains("<a href=\"/\">Back to the shop</a>"), "\(seen)")
            }
            let program = try await street.api.raw(.get, street.url + "/nothing/here")
            #expect(program.headers["content-type"] == "application/problem+json")
            let day = Timestamp.text(SystemClock().now).prefix(7)
            for path in ["/", "/orders/\(order)"] {
                let seen = try await street.look(path)
                #expect(seen.status == 200 && seen.page.contains(" of \(day)-"), "\(seen.page)")
                #expect(seen.page.contains("<link rel=\"icon\" href=\"/favicon.svg\""))
            }
            let icon = try await street.api.raw(.get, street.url + "/favicon.svg")
            #expect(icon.status == .ok && icon.headers["content-type"] == "image/svg+xml")
            try await street.pay(payment)
            try await street.until { try await street.state(of: order).last == "shipped" }
            let shipped = try await street.look("/orders/\(order)")
            #expect(shipped.page.contains("It left us on <span class=\"time\">\(day)-"))
        }
    }

    @Test("A webhook from a future that the gateway does not have any more is looked at once, and the shop sells on")
    func future() async throws {
        try await street { street in
            let (order, payment) = try await street.order()
            try await street.until { try await street.state(of: order).first == "awaiting_payment" }
            let before = street.looks
            #expect(try await street.send(payment, version: 99, id: "evt_future") == 204)
            let orders = 5
            for _ in 0..<orders {
                let next = try await street.order().order
                try await street.until { try await street.state(of: next).first == "awaiting_payment" }
            }
            // One for the webhook, and for each order two webhooks and what crossed them.
            #expect((1...(1 + 4 * orders)).contains(street.looks - before), "\(street.looks - before)")
        }
    }

    @Test("A shop that is killed while orders are paid ships each of them once when it is back")
    func restarts() async throws {
        try await street { street in
            var orders: [(order: String, payment: String)] = []
            for _ in 0..<4 {
                let order = try await street.order()
                orders.append(order)
                try await street.pay(order.payment)
                await street.killShop()
                try await street.startShop()
            }
            for (order, payment) in orders {
                // The gateway tries again by its schedule; a merchant need not wait for it.
                try await street.until {
                    _ = try await street.send(payment, version: 1, id: "evt_nudge_\(order)")
                    return try await street.state(of: order).last == "shipped"
                }
                let claims = try await street.claims(of: payment)
                #expect(claims == 1)
            }
        }
    }

    @Test("What no webhook told of is shipped by a shop that runs, and by one that starts")
    func sweeps() async throws {
        try await street { street in
            try await street.tell(only: ["webhook.test"])
            await street.killShop()
            try await street.startShop(sweeping: 1)
            let first = try await street.order()
            try await street.pay(first.payment)
            try await street.until { try await street.state(of: first.order).last == "shipped" }
            let second = try await street.order()
            await street.killShop()
            try await street.pay(second.payment)
            try await street.startShop()
            try await street.until { try await street.state(of: second.order).last == "shipped" }
            let claims = [try await street.claims(of: first.payment), try await street.claims(of: second.payment)]
            #expect(claims == [1, 1])
        }
    }

    @Test("A payment that was set aside and released is shipped when the shop is told so, and of nothing else")
    func released() async throws {
        try await street { street in
            try await street.tell(only: ["payment.released"])
            let (order, payment) = try await street.order()
            try await street.api.post("/v1/sandbox/payments/\(payment)/exact")
            try await street.until {
                try await street.api.get("/v1/payments/\(payment)")["state"]?.asString == "detected"
            }
            let gateway = street.running.instance.gateway
            _ = try await gateway.store.database.write { try $0.execute("UPDATE payment SET head_sequence = 0") }
            try await street.api.post("/v1/sandbox/mine", ["network": "sandbox", "blocks": 3])
            try await street.until { try await gateway.quarantinedCount() == 1 }
            _ = try await gateway.release(
                try #require(ID<Payment>(parsing: payment)), by: .operatorAtMachine, reason: "looked at", cause: "test")
            try await street.until { try await street.state(of: order).last == "shipped" }
            let claims = try await street.claims(of: payment)
            #expect(claims == 1)
        }
    }

    @Test("What was claimed for something else is not shipped, and the shop goes on")
    func claimedElsewhere() async throws {
        try await street { street in
            let (order, payment) = try await street.order()
            await street.killShop()
            try await street.pay(payment)
            try await street.api.post("/v1/payments/\(payment)/fulfilments", ["action_id": "another-shop"])
            try await street.startShop()
            _ = try await street.send(payment, version: 1, id: "evt_after")
            try await street.until { try await street.state(of: order).first == "paid" }
            let next = try await street.order()
            try await street.pay(next.payment)
            try await street.until { try await street.state(of: next.order).last == "shipped" }
            let (state, claims) = (try await street.state(of: order), try await street.claims(of: payment))
            #expect(state.last == "waiting" && claims == 1)
        }
    }
}
