import Domain
import HTTP
package import Platform

/// How many requests may be made: `quota` in `windowSeconds`, and `atOnce` of them that were saved up.
package struct RateLimit: Hashable, Sendable {
    package let quota: Int64
    package let windowSeconds: Int64
    package let atOnce: Int64

    /// All are positive.
    ///
    /// - Parameter atOnce: the whole quota unless it is said otherwise.
    package init(quota: Int64, windowSeconds: Int64, atOnce: Int64? = nil) {
        let most = atOnce ?? quota
        precondition(quota > 0 && windowSeconds > 0 && most > 0, "a rate limit lets something through")
        self.quota = quota
        self.windowSeconds = windowSeconds
        self.atOnce = most
    }

    /// Far above what an honest shop needs, far below what hurts.
    package static let standard = RateLimit(quota: Limits.rateQuota, windowSeconds: Limits.rateWindowSeconds)
    /// What is done to the sandbox for one merchant. In no minute more than the two together.
    static let sandboxCommands = RateLimit(
        quota: Limits.sandboxCommands - Limits.sandboxCommandsAtOnce, windowSeconds: Limits.rateWindowSeconds,
        atOnce: Limits.sandboxCommandsAtOnce)
    /// What the log keeps of refusals to one key: a shop under construction stays below it.
    package static let recordedRefusals = RateLimit(
        quota: Limits.recordedRefusals, windowSeconds: Limits.recordedRefusalsWindowSeconds)
    /// Commands, and streams of events, of one checkout link: far above what people press, on all their
    /// devices.
    static let linkCommands = RateLimit(
        quota: CheckoutLimits.commands, windowSeconds: CheckoutLimits.windowSeconds)
    static let linkStreams = RateLimit(
        quota: CheckoutLimits.streams, windowSeconds: CheckoutLimits.windowSeconds)
    /// Keys that are none, from one address: a shop that was not told of a revoked key tries again now and
    /// then, nobody types keys.
    package static let wrongKeys = RateLimit(
        quota: Limits.wrongKeyQuota, windowSeconds: Limits.wrongKeyWindowSeconds)
}

/// What one merchant's keys, and whoever has the links of its test payments, do to the sandbox: one account
/// for both doors.
package final class SandboxQuota: Sendable {
    private let limiter: RateLimiter<ID<Merchant>>

    /// Of one process: the same one for its API and its pages.
    package init(clock: any Clock) { limiter = RateLimiter(.sandboxCommands, clock: clock) }

    func take(_ merchant: ID<Merchant>) -> RateVerdict { limiter.take(merchant) }
}

/// What is left after a request.
struct RateVerdict: Equatable {
    let isAllowed: Bool
    let remaining: Int64
    /// Until the next request is allowed, or, if one is, until the quota is whole again. Rounded up.
    let seconds: Int64
}

/// Counts the requests of each subject (a key, an address): a bucket of tokens that fills steadily. In
/// memory, of this process.
final class RateLimiter<Subject: Hashable & Sendable>: Sendable {
    private struct Bucket {
        /// Each request costs `cost`, and each millisecond brings `limit.quota`.
        var level: Int64
        var at: Int64
    }

    let limit: RateLimit
    private let clock: any Clock
    private let buckets = Lock<[Subject: Bucket]>([:])

    init(_ limit: RateLimit, clock: any Clock) {
        self.limit = limit
        self.clock = clock
    }

    private var cost: Int64 { limit.windowSeconds * 1_000 }
    private var whole: Int64 { limit.atOnce * cost }

    /// How many subjects are remembered.
    var count: Int { buckets.withLock { $0.count } }

    /// Takes one request out of the subject's quota.
    func take(_ subject: Subject) -> RateVerdict {
        let now = clock.uptime
        return buckets.withLock { buckets in
            if buckets.count >= Limits.rateSubjects, buckets[subject] == nil { shrink(&buckets, at: now) }
            var bucket = buckets[subject] ?? Bucket(level: whole, at: now)
            bucket.level = level(of: bucket, at: now)
            bucket.at = now
            let isAllowed = bucket.level >= cost
            if isAllowed { bucket.level -= cost }
            buckets[subject] = bucket
            let missing = isAllowed ? whole - bucket.level : cost - bucket.level
            let perSecond = limit.quota * 1_000
            return RateVerdict(
                isAllowed: isAllowed, remaining: bucket.level / cost,
                seconds: (missing + perSecond - 1) / perSecond)
        }
    }

    private func level(of bucket: Bucket, at now: Int64) -> Int64 {
        let elapsed = min(max(0, now - bucket.at), cost)
        return min(whole, bucket.level + elapsed * limit.quota)
    }

    /// Forgets subjects that have their whole quota back; all of them if there is no such one.
    private func shrink(_ buckets: inout [Subject: Bucket], at now: Int64) {
        let used = buckets.filter { level(of: $0.value, at: now) < whole }
        buckets = used.count < Limits.rateSubjects ? used : [:]
    }
}

extension RateVerdict {
    /// The fields of draft-ietf-httpapi-ratelimit-headers.
    func write(_ limit: RateLimit, into headers: inout Headers) {
        headers["RateLimit-Policy"] = "\"key\";q=\(limit.quota);w=\(limit.windowSeconds)"
        headers["RateLimit"] = "\"key\";r=\(remaining);t=\(seconds)"
    }
}
