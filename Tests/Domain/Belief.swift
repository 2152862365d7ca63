import Domain

/// What somebody takes the terms and the facts for before judging by the rules.
struct Belief: Sendable {
    var policy: @Sendable (Policy) -> Policy = { $0 }
    var fact: @Sendable (Fact) -> Fact = { $0 }

    /// Takes what is sighted for something else; nil where it is not heard of.
    static func seeing(_ change: @escaping @Sendable (Sighting) -> Sighting?) -> Belief {
        telling { news in
            guard case .sighted(let sightings, let spends) = news else { return news }
            return .sighted(sightings.compactMap(change), spends: spends)
        }
    }

    /// Takes all networks' words for others.
    static func hearing(_ change: @escaping @Sendable (inout Source) -> Void) -> Belief {
        Belief { fact in
            let sources = fact.sources.mapValues { source in
                var heard = source
                change(&heard)
                return heard
            }
            return Fact(at: fact.at, actor: fact.actor, sources: sources, news: fact.news, floor: fact.floor)
        }
    }

    /// Takes the news for other news.
    static func telling(_ change: @escaping @Sendable (Fact.News) -> Fact.News) -> Belief {
        Belief { fact in
            Fact(
                at: fact.at, actor: fact.actor, sources: fact.sources, news: change(fact.news), floor: fact.floor)
        }
    }

    static func judging(by policy: @escaping @Sendable (Policy) -> Policy) -> Belief { Belief(policy: policy) }

    private init(policy: @escaping @Sendable (Policy) -> Policy) { self.policy = policy }
    private init(fact: @escaping @Sendable (Fact) -> Fact) { self.fact = fact }
}

extension Sighting {
    var isGone: Bool { if case .gone = claim.standing { true } else { false } }

    var place: BlockPlace? { if case .mined(let place) = claim.standing { place } else { nil } }

    /// The same, but for what is given.
    func with(
        key: Transfer.Key? = nil, quote: ID<Quote>? = nil, method: Method?? = nil, amount: UInt128? = nil,
        seenAt: Instant? = nil, replaces: Set<Transfer.Key>? = nil, maturity: UInt32? = nil
    ) -> Sighting {
        Sighting(
            key: key ?? self.key, quote: quote ?? self.quote, method: method ?? self.method,
            amountText: amount.map(String.init) ?? amountText, claim: claim, seenAt: seenAt ?? self.seenAt,
            fellIntoGap: fellIntoGap, replaces: replaces ?? self.replaces, maturity: maturity ?? self.maturity,
            observation: observation)
    }
}
