import Domain
import Engine
import JSON
import Platform
import Testing

@testable import HTTP
@testable import Web

/// The pages of payments that somebody looks at, and how often each was read.
private final class Watched: Sendable {
    let pages: LivePages
    let reads = Lock<[ID<Payment>]>([])
    let renderings = Lock(0)
    /// Called with the number of each read, before it.
    let onRead = Lock<(@Sendable (Int) -> Void)?>(nil)
    private let streams = Lock<[EventStream]>([])
    private let running = Lock<Task<Void, any Error>?>(nil)

    init(_ gateway: TestGateway, isAlone: Bool = true) {
        let (reads, renderings, onRead, engine) = (reads, renderings, onRead, gateway.gateway)
        pages = LivePages(clock: gateway.clock, isAlone: isAlone) { page in
            renderings.withLock { $0 += 1 }
            return page.revision
        } page: { token in
            let count = reads.withLock { reads in
                reads.append(token.payment)
                return reads.count
            }
            if let call = onRead.withLock({ $0 }) { call(count) }
            return try await engine.checkoutView(token).map { Checkout.page($0, token) }
        }
        running.withLock { [pages] in $0 = Task { try await pages.run(log: .silent) } }
    }

    func open(_ token: CheckoutToken) throws -> EventStream {
        let stream = try #require(pages.stream(of: token))
        streams.withLock { $0.append(stream) }
        return stream
    }

    /// Notes a change, and waits until so many pages were read.
    func expect(_ count: Int, after news: Changes.News) async throws {
        reads.withLock { $0 = [] }
        pages.note(news)
        while reads.withLock({ $0.count }) < count { await Task.yield() }
    }

    func stop() async {
        running.withLock { $0 }?.cancel()
        _ = await running.withLock { $0 }?.result
    }
}

/// Keeps what a stream sends.
private final class Listener: EventSink {
    let heard = Lock<[String]>([])

    func changed(_ stream: EventStream, _ change: EventStream.Change) {
        guard case .event(let event) = change else { return }
        heard.withLock { $0.append(String(decoding: event.plain, as: UTF8.self)) }
    }
}

@Suite("Live pages")
struct LivePagesTests {
    private func token(of answer: Answer) throws -> CheckoutToken {
        let url = try #require(answer.json?["checkout_url"]?.asString)
        return try #require(url.split(separator: "/").last.flatMap { CheckoutToken(parsing: String($0)) })
    }

    @Test("What the sandbox does concerns test pages, and what deliveries do none")
    func concerned() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let watched = Watched(gateway)
        let wallet: JSON = ["network": "bitcoin", "key": .string("wpkh(\(BadRequest.xpub)/0/*)")]
        #expect(await tenant.post("/v1/wallets", wallet, key: tenant.live).status == 201)
        var order = Tenant.order
        (order["asset"], order["network"]) = ("BTC", "bitcoin")
        let live = try token(of: await tenant.post("/v1/payments", .object(order), key: tenant.live))
        let test = try token(of: await tenant.payment().answer)
        _ = try (watched.open(live), watched.open(test))
        try await watched.expect(2, after: .payments([live.payment, test.payment]))
        // Pages are sent in turn: with this both have been.
        try await watched.expect(1, after: .payments([test.payment]))
        // Each later wait ends only when all that was noted before it has been read.
        watched.pages.note(.deliveries)
        try await watched.expect(1, after: .sandbox)
        try await watched.expect(1, after: .payments([live.payment]))
        #expect(watched.reads.withLock { $0 } == [live.payment])
        // Whether a network is heard is shown on pages that are to be paid on it.
        try await watched.expect(1, after: .networks(isTest: false))
        #expect(watched.reads.withLock { $0 } == [live.payment])
        try await watched.expect(1, after: .networks(isTest: true))
        #expect(watched.reads.withLock { $0 } == [test.payment])
        await watched.stop()
    }

    @Test("Who follows pages is told when a network is not heard any more, and when it is again, once each")
    func health() async throws {
        let gateway = try await TestGateway()
        let told = Lock<[Changes.News]>([])
        gateway.gateway.changes.listen { news in told.withLock { $0.append(news) } }
        let network = try #require(NetworkName(parsing: "sandbox"))
        for _ in 0..<2 { try await gateway.gateway.markUnhealthy(network, fault: "unreachable: test") }
        #expect(told.withLock { $0 } == [.networks(isTest: true)])
        try await gateway.watch()
        #expect(told.withLock { $0 }.filter { $0 == .networks(isTest: true) }.count == 2)
    }

    @Test(
        "A page that nothing happens to is rendered once, and where nobody else can commit also read once",
        arguments: [true, false])
    func quiet(isAlone: Bool) async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let watched = Watched(gateway, isAlone: isAlone)
        var tokens: [CheckoutToken] = []
        for _ in 0..<20 { tokens.append(try token(of: await tenant.payment().answer)) }
        for token in tokens { _ = try watched.open(token) }
        try await watched.expect(tokens.count, after: .payments(tokens.map(\.payment)))
        // Pages are sent in turn: with this all have been.
        try await watched.expect(1, after: .payments([tokens[0].payment]))
        let (minute, read) = (60_000 / CheckoutLimits.countingMilliseconds, watched.reads.withLock { $0.count })
        for count in 1...minute {
            await gateway.clock.untilSleeping(1)
            gateway.clock.advance(by: CheckoutLimits.countingMilliseconds)
            await gateway.clock.untilSleeping(1)
            let sweeps = isAlone ? 0 : Int(count) / CheckoutLimits.countsPerSweep
            while watched.reads.withLock({ $0.count }) < read + sweeps * tokens.count { await Task.yield() }
        }
        let sweeps = isAlone ? 0 : Int(minute) / CheckoutLimits.countsPerSweep
        #expect(watched.reads.withLock { $0.count } == read + sweeps * tokens.count)
        #expect(watched.renderings.withLock { $0 } == tokens.count)
        await watched.stop()
    }

    @Test("Whose payment a commit names does not wait for all others")
    func namedFirst() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let watched = Watched(gateway)
        let count = CheckoutLimits.pagesSweptTogether * 3
        var tokens: [CheckoutToken] = []
        for _ in 0..<count { tokens.append(try token(of: await tenant.payment().answer)) }
        for token in tokens { _ = try watched.open(token) }
        try await watched.expect(count, after: .payments(tokens.map(\.payment)))
        // In the middle of a sweep one is paid that was looked at already.
        let named = Lock<ID<Payment>?>(nil)
        watched.onRead.withLock { call in
            call = { [watched] number in
                guard number == 2, let first = watched.reads.withLock({ $0.first }) else { return }
                named.withLock { $0 = first }
                watched.pages.note(.payments([first]))
            }
        }
        try await watched.expect(count + 1, after: .sandbox)
        let reads = watched.reads.withLock { $0 }
        let first = try #require(named.withLock { $0 })
        let again = try #require(reads.lastIndex(of: first))
        #expect((2...CheckoutLimits.pagesSweptTogether).contains(again))
        await watched.stop()
    }

    @Test("Nobody hears an older state after a newer one, and whoever comes hears how much time is left")
    func order() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let watched = Watched(gateway)
        let (id, answer) = await tenant.payment()
        let token = try token(of: answer)
        let stream = try watched.open(token)
        let listener = Listener()
        _ = stream.attach(listener, after: nil)
        func page() async throws -> CheckoutPage {
            Checkout.page(try #require(try await gateway.gateway.checkoutView(token)), token)
        }
        let older = try await page()
        #expect(await tenant.post("/v1/sandbox/payments/\(id)/exact", [:]).status == 200)
        try await gateway.watch()
        let newer = try await page()
        watched.pages.send(newer, to: token.payment)
        watched.pages.send(older, to: token.payment, isOpening: true)
        watched.pages.send(newer, to: token.payment)
        watched.pages.send(newer, to: token.payment, isOpening: true)
        let heard = listener.heard.withLock { $0 }
        let event = newer.event(newer.revision).encoded
        #expect(heard == Array(repeating: String(decoding: event, as: UTF8.self), count: 2))
        await watched.stop()
    }
}
