import Domain

/// Who may have how many deliveries under way, so that receivers that hang hold only a part of the places.
///
/// An endpoint begins with one place and gets another with each quick answer; one that gives no answer, or a
/// slow one, falls back to one. A merchant has a bound over all its endpoints, and the endpoints that have
/// one place only have half of all places together: the rest is for those that have shown that they answer.
struct DeliveryPlaces {
    /// An endpoint that is owed something, with its merchant.
    typealias Owed = (endpoint: ID<Endpoint>, merchant: ID<Merchant>)

    private var held: [ID<Endpoint>: Int] = [:]
    private var heldByMerchant: [ID<Merchant>: Int] = [:]
    private var total = 0
    /// What endpoints may hold that have answered; those that are not here have one place.
    private var windows: [ID<Endpoint>: Int] = [:]

    mutating func begin(_ endpoint: ID<Endpoint>, of merchant: ID<Merchant>) {
        held[endpoint, default: 0] += 1
        heldByMerchant[merchant, default: 0] += 1
        total += 1
    }

    mutating func end(_ endpoint: ID<Endpoint>, of merchant: ID<Merchant>) {
        held[endpoint] = held[endpoint].flatMap { $0 > 1 ? $0 - 1 : nil }
        heldByMerchant[merchant] = heldByMerchant[merchant].flatMap { $0 > 1 ? $0 - 1 : nil }
        total -= 1
    }

    /// Notes how a try went: quick, or slow, or without an answer.
    mutating func note(_ endpoint: ID<Endpoint>, isQuick: Bool) {
        guard isQuick else {
            windows[endpoint] = nil
            return
        }
        if windows.count >= EngineLimits.rememberedWindows, windows[endpoint] == nil { windows = [:] }
        windows[endpoint] = min(window(of: endpoint) + 1, EngineLimits.deliveriesPerEndpoint)
    }

    private func window(of endpoint: ID<Endpoint>) -> Int { windows[endpoint] ?? 1 }

    /// How many more each of those that are owed something may have now. Places are given one at a time,
    /// first to those that hold the fewest.
    func free(for owed: [Owed]) -> [(endpoint: ID<Endpoint>, count: Int)] {
        var left = EngineLimits.deliveries - total
        let unproven = held.reduce(0) { $0 + (window(of: $1.key) == 1 ? $1.value : 0) }
        var leftUnproven = EngineLimits.unprovenDeliveries - unproven
        var byMerchant = heldByMerchant
        var given: [ID<Endpoint>: Int] = [:]
        let owed = owed.sorted { heldByMerchant[$0.merchant] ?? 0 < heldByMerchant[$1.merchant] ?? 0 }
        for round in 0..<EngineLimits.deliveriesPerEndpoint {
            for (endpoint, merchant) in owed {
                let window = window(of: endpoint)
                let count = (held[endpoint] ?? 0) + (given[endpoint] ?? 0)
                guard count <= round, count < window, left > 0, window > 1 || leftUnproven > 0,
                    byMerchant[merchant] ?? 0 < EngineLimits.deliveriesPerMerchant
                else { continue }
                given[endpoint, default: 0] += 1
                byMerchant[merchant, default: 0] += 1
                left -= 1
                if window == 1 { leftUnproven -= 1 }
            }
        }
        return owed.compactMap { owed in given[owed.endpoint].map { (owed.endpoint, $0) } }
    }
}
