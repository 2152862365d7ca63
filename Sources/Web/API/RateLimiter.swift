import Domain
import HTTP
import Platform

/// How many requests one key may make: `quota` in `windowSeconds`, all at once if need be.
package struct RateLimit: Hashable, Sendable {
    package let quota: Int64
    package let windowSeconds: Int64

    /// Both are positive.
    package init(quota: Int64, windowSeconds: Int64) {
        precondition(quota > 0 && windowSeconds > 0, "a rate limit lets something through")
        self.quota = quota
        self.windowSeconds = windowSeconds
    }

    /// Far above what an honest shop needs, far below what hurts.
    package static let standard = RateLimit(quota: Limits.rateQuota, windowSeconds: Limits.rateWindowSeconds)
}

/// Counts the requests of each key: a bucket of tokens that fills steadily. In memory, of this process.
final class RateLimiter: Sendable {
    /// What is left to a key after a request.
    struct Verdict: Equatable {
        let isAllowed: Bool
        let remaining: Int64
        /// Until the next request is allowed, or, if one is, until the quota is whole again. Rounded up.
        let seconds: Int64
    }

    private struct Bucket {
        /// Each request costs `cost`, and each millisecond brings `limit.quota`.
        var level: Int64
        var at: Int64
    }

    let limit: RateLimit
    private let clock: any Clock
    private let buckets = Lock<[ID<APIKey>: Bucket]>([:])

    init(_ limit: RateLimit, clock: any Clock) {
        self.limit = limit
        self.clock = clock
    }

    private var cost: Int64 { limit.windowSeconds * 1_000 }
    private var whole: Int64 { limit.quota * cost }

    /// Takes one request out of the key's quota.
    func take(_ key: ID<APIKey>) -> Verdict {
        let now = clock.uptime
        return buckets.withLock { buckets in
            if buckets.count >= Limits.rateKeys, buckets[key] == nil { shrink(&buckets, at: now) }
            var bucket = buckets[key] ?? Bucket(level: whole, at: now)
            bucket.level = level(of: bucket, at: now)
            bucket.at = now
            let isAllowed = bucket.level >= cost
            if isAllowed { bucket.level -= cost }
            buckets[key] = bucket
            let missing = isAllowed ? whole - bucket.level : cost - bucket.level
            let perSecond = limit.quota * 1_000
            return Verdict(
                isAllowed: isAllowed, remaining: bucket.level / cost,
                seconds: (missing + perSecond - 1) / perSecond)
        }
    }

    private func level(of bucket: Bucket, at now: Int64) -> Int64 {
        let elapsed = min(max(0, now - bucket.at), cost)
        return min(whole, bucket.level + elapsed * limit.quota)
    }

    /// Forgets keys that have their whole quota back; all of them if there is no such key.
    private func shrink(_ buckets: inout [ID<APIKey>: Bucket], at now: Int64) {
        let used = buckets.filter { level(of: $0.value, at: now) < whole }
        buckets = used.count < Limits.rateKeys ? used : [:]
    }
}

extension RateLimiter.Verdict {
    /// The fields of draft-ietf-httpapi-ratelimit-headers.
    func write(_ limit: RateLimit, into headers: inout Headers) {
        headers["RateLimit-Policy"] = "\"key\";q=\(limit.quota);w=\(limit.windowSeconds)"
        headers["RateLimit"] = "\"key\";r=\(remaining);t=\(seconds)"
    }
}
