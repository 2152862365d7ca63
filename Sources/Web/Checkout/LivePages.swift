import Domain
import Engine
import HTTP
import Platform

/// The payments whose pages are open somewhere, and what tells them of changes.
///
/// A commit names the payments that it touched; those of them that somebody looks at are read once and sent
/// to all who look. A page never hears an older state after a newer one.
final class LivePages: Sendable {
    private struct Open {
        let token: CheckoutToken
        weak var stream: EventStream?
        /// After how many counts it is looked at though nothing names it; at each until it is known better.
        var pace = 1
        var staleness = Staleness.fresh
        /// What was sent last, the name of its content, and when its time is over by the clock that never
        /// steps back.
        var view: CustomerView?
        var revision = ""
        var end: Int64?

        /// Whether it may be a test payment's, or a live one's.
        func mayBe(test isTest: Bool) -> Bool { (view?.isTest ?? isTest) == isTest }
    }

    /// How much a page needs to be looked at.
    private enum Staleness: Int {
        case fresh
        /// Something that concerns many pages may have changed it.
        case swept
        /// A commit named its payment.
        case named
    }

    private let open = Lock<[ID<Payment>: Open]>([:])
    private let clock: any Clock
    private let isAlone: Bool
    private let revision: @Sendable (CheckoutPage) -> String
    private let page: @Sendable (CheckoutToken) async throws -> CheckoutPage?
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - isAlone: no other process commits to the store, so every commit is told here.
    ///   - revision: names the content of a page. To do so it renders the page, which is most of what a look
    ///     costs.
    ///   - page: reads the page of a payment as it stands.
    init(
        clock: any Clock, isAlone: Bool,
        revision: @escaping @Sendable (CheckoutPage) -> String = { $0.revision },
        page: @escaping @Sendable (CheckoutToken) async throws -> CheckoutPage?
    ) {
        self.clock = clock
        self.isAlone = isAlone
        self.revision = revision
        self.page = page
        (wake, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// The stream of a payment's pages; nil when too many are followed already. Hold it while its first state
    /// is read.
    func stream(of token: CheckoutToken) -> EventStream? {
        open.withLock { open in
            if let stream = open[token.payment]?.stream { return stream }
            if open.count >= CheckoutLimits.livePayments { open = open.filter { $0.value.stream != nil } }
            guard open.count < CheckoutLimits.livePayments else { return nil }
            let stream = EventStream()
            open[token.payment] = Open(token: token, stream: stream)
            return stream
        }
    }

    /// Marks what was committed. Quick, from any thread.
    func note(_ news: Changes.News) {
        let isOpen = open.withLock { open in
            switch news {
            case .deliveries: return false
            case .payments(let ids):
                var isOpen = false
                for id in ids where open[id] != nil {
                    open[id]?.staleness = .named
                    isOpen = true
                }
                return isOpen
            case .sandbox: return Self.sweep(&open) { $0.mayBe(test: true) }
            case .networks(let isTest): return Self.sweep(&open) { $0.mayBe(test: isTest) }
            }
        }
        if isOpen { waker.yield() }
    }

    private static func sweep(_ open: inout [ID<Payment>: Open], _ concerns: (Open) -> Bool) -> Bool {
        var isAny = false
        for (id, page) in open where concerns(page) {
            if page.staleness == .fresh { open[id]?.staleness = .swept }
            isAny = true
        }
        return isAny
    }

    /// Sends what changes, until it is cancelled.
    func run(log: Log) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.count() }
            group.addTask {
                for await _ in self.wake { await self.refresh(log: log) }
            }
            try await group.next()
            group.cancelAll()
        }
    }

    /// Looks at pages that change without a word, now and then: most often at those that count
    /// confirmations, for a block changes what they show and commits nothing.
    private func count() async throws {
        var count = 0
        while true {
            try await clock.sleep(milliseconds: CheckoutLimits.countingMilliseconds)
            count += 1
            let isCounting = open.withLock { open in
                for (id, page) in open where page.stream == nil { open[id] = nil }
                return Self.sweep(&open) { count.isMultiple(of: $0.pace) }
            }
            if isCounting { waker.yield() }
        }
    }

    private func refresh(log: Log) async {
        while case let stale = takeStale(), !stale.isEmpty {
            for (id, token) in stale {
                do {
                    if let page = try await page(token) { send(page, to: id) }
                } catch {
                    // The page asks by itself when it is looked at again; the next change tries again.
                    log.warning("page cannot be refreshed \("payment", id.text) \("error", error)")
                }
            }
        }
    }

    /// What a commit named; without that, some of the others: whoever has just paid does not wait until all
    /// others were looked at.
    private func takeStale() -> [(id: ID<Payment>, token: CheckoutToken)] {
        open.withLock { open in
            var stale = open.filter { $0.value.staleness == .named }
            if stale.isEmpty {
                for (id, page) in open where page.staleness == .swept {
                    stale[id] = page
                    if stale.count == CheckoutLimits.pagesSweptTogether { break }
                }
            }
            for id in stale.keys { open[id]?.staleness = .fresh }
            return stale.filter { $0.value.stream != nil }.map { (id: $0.key, token: $0.value.token) }
        }
    }

    /// Sends a page that is another one, or whose countdown runs to another end; never one that was read
    /// before what was sent last.
    ///
    /// - Parameter isOpening: somebody listens anew, and what the stream remembers says how much time was
    ///   left when it was said: it is sent in any case.
    func send(_ page: CheckoutPage, to id: ID<Payment>, isOpening: Bool = false) {
        guard let known = open.withLock({ $0[id] }) else { return }
        // What shows the same is the same page: only another one is rendered.
        let revision = known.view == page.view ? known.revision : revision(page)
        let end = page.leftMilliseconds.map { clock.uptime + $0 }
        let event = page.event(revision)
        open.withLock { open in
            guard let old = open[id], page.view.version >= old.view?.version ?? 0 else { return }
            open[id]?.pace = pace(of: page.view)
            open[id]?.view = page.view
            let isSameEnd = (old.end == nil) == (end == nil)
                && abs((old.end ?? 0) - (end ?? 0)) < CheckoutLimits.countdownMilliseconds
            if old.revision == revision, isSameEnd, !isOpening { return }
            open[id]?.revision = revision
            open[id]?.end = end
            // Under the lock, so that the events have the order of what they say.
            old.stream?.send(event)
        }
    }

    private func pace(of view: CustomerView) -> Int {
        if view.progress != nil { return 1 }
        guard isAlone else { return CheckoutLimits.countsPerSweep }
        return view.phase == .choosing ? CheckoutLimits.countsPerPrices : CheckoutLimits.countsPerRest
    }
}
