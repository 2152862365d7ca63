import Database
import Domain
import Engine
import HTTP
import Platform
import Storage

extension Bench {
    /// Deliveries to a local receiver against a bare client that posts the same bytes.
    func measureWebhooks() async throws {
        Printer.title("webhook deliveries to a local receiver")
        let received = Lock(0)
        let sample = Lock<[UInt8]>([])
        let done = Wake()
        let goal = Lock(Int.max)
        var settings = Server.Configuration()
        settings.port = 0
        let receiver = try Server(configuration: settings) { request in
            let count = received.withLock { count in
                count += 1
                return count
            }
            if count == 1 { sample.withLock { $0 = request.body } }
            if count >= goal.withLock({ $0 }) { done.wake() }
            return Response(.noContent)
        }
        let serving = Task { await receiver.run() }
        let url = "http://127.0.0.1:\(receiver.port)/hook"
        let place = "\(folder)/webhooks"
        let bed = try await Bed.make(place)
        let load = try await deliver(bed, url, count: 1_500 * Int(options.seconds), goal, received, done)
        try await bed.close()
        clean(place)
        let body = sample.withLock { $0 }
        let client = Client(.guarded(allowLoopback: true))
        let target = try URL(parsing: url)
        let bare = try await Load.inTasks(Self.places, seconds: options.seconds) { _ in
            _ = try await client.send(
                ClientRequest(
                    .post, target, headers: ["Content-Type": "application/json"], body: body,
                    isSentAtMostOnce: true))
        }
        client.close()
        serving.cancel()
        await serving.value
        Printer.load("bare client, \(Self.places) at a time, a connection each", bare)
        Printer.line(
            "deliveries: leased, signed twice, sent, stored", "\(Printer.whole(load.rate))/s",
            "\(Printer.fixed(bare.rate / load.rate))× of bare")
    }

    /// What one endpoint gets at the same time.
    private static let places = 8

    private func deliver(
        _ bed: Bed, _ url: String, count: Int, _ goal: Lock<Int>, _ received: Lock<Int>, _ done: Wake
    ) async throws -> Load {
        guard let caller = bed.caller else { throw Bed.Unusable() }
        _ = try await bed.gateway.createEndpoint(
            NewEndpoint(url: url), by: caller, cause: "bench",
            Answering(key: nil) { _ in Reply(status: 201, body: []) })
        _ = try await Load.inTasks(64, seconds: 0, count: count) { try await bed.openPayment($0) }
        let owed = try await bed.gateway.store.database.read { connection in
            let row = try connection.first("SELECT count(*) FROM delivery WHERE state <> 'delivered'")
            return Int(try row?.integer(0) ?? 0)
        }
        goal.withLock { $0 = owed }
        let deliverer = Deliverer(bed.gateway, client: Deliverer.client(allowsLoopback: true))
        let start = Machine.nanoseconds
        let running = Task { try await deliverer.run() }
        await done.wait(milliseconds: 120_000, SystemClock())
        var load = Load()
        load.count = received.withLock { $0 }
        load.seconds = Double(Machine.nanoseconds - start) / 1e9
        running.cancel()
        _ = await running.result
        return load
    }
}
