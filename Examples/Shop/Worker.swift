import HTTP
import Platform

/// Deals with what lies in the inbox, and now and then with what should have been there. A webhook is only a
/// hint that something changed: what is true, the gateway says.
final class Worker: Resident {
    private let book: OrderBook
    private let gateway: Gateway
    private let log: Log
    private let bell = Wake()
    private let clock = SystemClock()
    private let sweepMilliseconds: Int64

    init(book: OrderBook, gateway: Gateway, sweepSeconds: Int64, log: Log) {
        self.book = book
        self.gateway = gateway
        sweepMilliseconds = sweepSeconds * 1_000
        self.log = log
    }

    var name: String { "worker" }

    private static let atOnce = 20
    private static let pauseMilliseconds: Int64 = 2_000

    func wake() { bell.wake() }

    func run() async throws {
        var nextSweep = clock.uptime
        while !Task.isCancelled {
            if clock.uptime >= nextSweep {
                let isWhole = await sweep()
                nextSweep = clock.uptime + (isWhole ? sweepMilliseconds : Self.pauseMilliseconds)
            }
            var isStuck = false
            let waiting = try await book.waiting(limit: Self.atOnce)
            for one in waiting {
                do {
                    try await look(at: one.payment)
                    try await book.settle(one, at: clock.now)
                } catch let refused as Gateway.Refused where refused.status == 404 {
                    // An answer too, and it stays so: after the gateway came back from a backup, say.
                    log.warning("the gateway does not know a payment \("payment", one.payment)")
                    try await book.settle(one, at: clock.now)
                } catch {
                    // It stays in the inbox, behind the others, and is looked at again.
                    isStuck = true
                    try await book.postpone(payment: one.payment, at: clock.now)
                    log.warning("a payment waits \("payment", one.payment) \("error", error)")
                }
            }
            if waiting.isEmpty || isStuck { await bell.wait(milliseconds: Self.pauseMilliseconds, clock) }
        }
    }

    /// Looks at all that is paid and not delivered. Webhooks come soon, and this for certain: after days
    /// without a shop the gateway has given up on them. Gives whether all could be looked at.
    private func sweep() async -> Bool {
        var place: String?
        var isWhole = true
        repeat {
            do {
                let part = try await gateway.unfulfilled(after: place)
                for payment in part.payments where !(await isLooked(at: payment)) { isWhole = false }
                place = part.next
            } catch {
                log.warning("what is paid and not delivered cannot be asked for \("error", error)")
                return false
            }
        } while place != nil && !Task.isCancelled
        return isWhole
    }

    /// One that fails holds up nobody.
    private func isLooked(at payment: String) async -> Bool {
        do {
            try await look(at: payment)
            return true
        } catch {
            log.warning("a payment waits \("payment", payment) \("error", error)")
            return false
        }
    }

    /// Asks what is true of a payment, and ships its order if it is time to. Safe to repeat from any point:
    /// the claim is granted once to the order's name, the line in the book is written once, the report
    /// changes nothing twice.
    private func look(at id: String) async throws {
        let payment = try await gateway.payment(id)
        if let order = try await book.order(payment: id), payment.isFulfillable,
            try await isGranted(payment, order)
        {
            if try await book.ship(order.id, at: clock.now) {
                log.info("shipped \("order", order.id) \("product", order.product)")
            }
            try await gateway.complete(id, action: order.id)
        }
        try await book.learn(payment: id, state: payment.state, version: payment.version)
    }

    /// Claims the delivery. A no is an answer too: the payment was taken back between the look and the
    /// claim, so nothing is shipped, and what changes next comes as a webhook of its own, or with a sweep.
    private func isGranted(_ payment: Gateway.Payment, _ order: Order) async throws -> Bool {
        do {
            try await gateway.claim(payment.id, action: order.id)
            return true
        } catch let refused as Gateway.Refused where refused.status == 409 {
            log.warning("not to be shipped \("order", order.id) \("reason", refused.text)")
            return false
        }
    }
}
