import Domain
import Engine
import HTTP
import Platform

/// The payments whose pages are open somewhere, and what tells them of changes.
///
/// A commit names the payments that it touched; those of them that somebody looks at are read once and sent
/// to all who look. One loop does it, so that a page never hears an older state after a newer one.
final class LivePages: Sendable {
    private struct Open {
        let token: CheckoutToken
        weak var stream: EventStream?
        /// It counts confirmations: a block changes what it shows and commits nothing.
        var isCounting = false
        var isStale = false
        /// What was sent last: the page's content, and when its time is over by the clock that never steps
        /// back.
        var revision = ""
        var end: Int64?
    }

    private let open = Lock<[ID<Payment>: Open]>([:])
    private let clock: any Clock
    private let page: @Sendable (CheckoutToken) async throws -> CheckoutPage?
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    /// - Parameter page: reads the page of a payment as it stands.
    init(clock: any Clock, page: @escaping @Sendable (CheckoutToken) async throws -> CheckoutPage?) {
        self.clock = clock
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
            // Counting until it is known better: the first look of the loop says.
            open[token.payment] = Open(token: token, stream: stream, isCounting: true)
            return stream
        }
    }

    /// Marks what was committed; nothing named means that anything may have changed. Quick, from any thread.
    func note(_ ids: [ID<Payment>]) {
        let isOpen = open.withLock { open in
            guard !ids.isEmpty else {
                for id in open.keys { open[id]?.isStale = true }
                return !open.isEmpty
            }
            var isOpen = false
            for id in ids where open[id] != nil {
                open[id]?.isStale = true
                isOpen = true
            }
            return isOpen
        }
        if isOpen { waker.yield() }
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

    /// Looks at the pages that count confirmations, now and then.
    private func count() async throws {
        var count = 0
        while true {
            try await clock.sleep(milliseconds: CheckoutLimits.countingMilliseconds)
            count += 1
            let isSweep = count.isMultiple(of: CheckoutLimits.countsPerSweep)
            let isCounting = open.withLock { open in
                for (id, page) in open where page.stream == nil { open[id] = nil }
                for (id, page) in open where page.isCounting || isSweep { open[id]?.isStale = true }
                return open.values.contains(where: \.isStale)
            }
            if isCounting { waker.yield() }
        }
    }

    private func refresh(log: Log) async {
        let stale = open.withLock { open in
            let stale = open.filter { $0.value.isStale && $0.value.stream != nil }
            for id in stale.keys { open[id]?.isStale = false }
            return stale.map { (id: $0.key, token: $0.value.token) }
        }
        for (id, token) in stale {
            do {
                guard let page = try await page(token) else { continue }
                send(page, to: id)
            } catch {
                // The page asks by itself when it is looked at again; the next change tries again.
                log.warning("page cannot be refreshed \("payment", id.text) \("error", error)")
            }
        }
    }

    /// Sends a page that is another one, or whose countdown runs to another end.
    private func send(_ page: CheckoutPage, to id: ID<Payment>) {
        let revision = page.revision
        let end = page.leftMilliseconds.map { clock.uptime + $0 }
        let stream: EventStream? = open.withLock { open in
            guard let old = open[id] else { return nil }
            open[id]?.isCounting = page.view.progress != nil
            let isSameEnd = (old.end == nil) == (end == nil)
                && abs((old.end ?? 0) - (end ?? 0)) < CheckoutLimits.countdownMilliseconds
            if old.revision == revision, isSameEnd { return nil }
            open[id]?.revision = revision
            open[id]?.end = end
            return old.stream
        }
        stream?.send(page.event)
    }
}
