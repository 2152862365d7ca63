import Domain
import TestKit
import Testing

/// Customers, miners and nodes that try to be sold goods for nothing, or to have money lost.
@Suite("Attacks on the rules")
struct AttackTests {
    @Test(
        "Each does no harm, and harms whoever believes the one thing that he should not",
        arguments: Attack.onTransfers + Attack.onPrices + Attack.onNetworks + Attack.onRecords)
    func attack(_ attack: Attack) async throws { try await attack.attempt() }
}

extension Attack {
    /// A story, told to the product and to somebody with a belief. `story` ends with whether harm was done.
    private static func told(
        _ name: String, _ policy: Policy = Policy(), twin belief: String, _ twin: Belief, harm: String,
        story: @escaping @Sendable (inout Story) throws -> Bool
    ) -> Attack {
        Attack(name, product: Belief?.none, twin: belief, twin) { rule in
            var told = Story(policy, believing: rule)
            try told.tell(.quoted(Sample.quote()))
            return try story(&told) ? harm : nil
        }
    }

    private static let whole = Sample.due
    private static let half = Sample.due / 2

    /// Transactions that are replaced, doubled, moved and taken back.
    static let onTransfers: [Attack] = [
        told(
            "A1 paid without a block, and taken back", Scenario.zeroConf, twin: "what was seen stays",
            .seeing { $0.isGone ? nil : $0 }, harm: "goods are given for nothing"
        ) { story in
            try story.pool("a", whole)
            try story.lose("a", .gone(.replaced))
            return story.last.isFulfillable
        },
        told(
            "A2 in a block that is left", .confirmations(3), twin: "a block is never left",
            .seeing { $0.place == nil ? nil : $0 }, harm: "goods are given for what no block holds"
        ) { story in
            try story.mine("a", whole)
            try story.lose("a", .pooled)
            story.tip += 2
            try story.tell(.looked)
            return story.last.isFulfillable
        },
        told(
            "A4 the same transaction in another block", twin: "a transfer is its place in the chain",
            .seeing { sighting in
                guard let block = sighting.place?.block else { return sighting }
                return sighting.with(key: Sample.key(sighting.key.place + "@" + block.text))
            }, harm: "money is booked twice"
        ) { story in
            try story.mine("a", whole)
            try story.mine("a", whole, block: "other")
            return story.books.wallet != Int128(whole)
        },
        told(
            "A5 one coin spent twice, each time for a half", Scenario.zeroConf, twin: "both branches count",
            .seeing { $0.isGone ? nil : $0.with(replaces: []) }, harm: "half the money is enough"
        ) { story in
            try story.pool("a", half)
            try story.pool("b", half, replaces: ["a"])
            return story.state.isSettled
        },
        told(
            "A6 given another name on its way", twin: "a payment is the transaction that the customer named",
            .seeing { $0.key.place == "a" ? $0 : nil }, harm: "whoever paid is not sold to"
        ) { story in
            try story.pool("a", whole)
            story.clock = 300
            try story.pool("m", whole, replaces: ["a"])
            try story.mine("m", whole)
            return story.state != .paid
        },
        told(
            "A7 two outputs in one transaction", twin: "a transaction pays once",
            .seeing { $0.with(key: Sample.key(String($0.key.place.prefix { $0 != ":" }))) },
            harm: "whoever paid is not sold to"
        ) { story in
            try story.mine("t:0", half)
            try story.mine("t:1", half)
            return story.state != .paid
        },
        told(
            "A11 coins fresh from a miner", twin: "mined is mined", .seeing { $0.with(maturity: 0) },
            harm: "goods are given for coins that nobody can spend yet"
        ) { story in
            try story.mine("a", whole, maturity: 100)
            return story.last.isFulfillable
        },
        told(
            "A22 a token with the right name", twin: "an asset is its symbol",
            .seeing { $0.with(method: .some(Sample.btc.method)) }, harm: "goods are given for a token of no worth"
        ) { story in
            try story.mine("a", whole, method: .some(nil))
            return story.last.isFulfillable
        },
        told(
            "A37 to the right address on the wrong network", twin: "an address is enough",
            .seeing { $0.with(key: Sample.key($0.key.place)) }, harm: "money is counted that nobody asked for"
        ) { story in
            try story.mine("a", whole, on: Sample.elsewhere)
            return story.last.isFulfillable
        },
        told(
            "A39 one name on two networks", twin: "names of transactions are the world's",
            .seeing { $0.with(key: Sample.key($0.key.place)) }, harm: "whoever paid is not sold to"
        ) { story in
            let quote = Sample.quote(2, Sample.ltc, due: 4_000_000)
            try story.tell(.quoted(quote))
            try story.mine("a", half)
            try story.mine("a", 2_000_000, quote: quote)
            return story.state != .paid
        },
    ]

    /// Too little, too late, at another price.
    static let onPrices: [Attack] = [
        told(
            "A9 late, when the coin has fallen", twin: "a quote has no end",
            .seeing { $0.with(seenAt: Sample.at(1)) }, harm: "the old price is still good"
        ) { story in
            story.clock = 1_000
            try story.mine("a", whole)
            return story.last.isFulfillable
        },
        told(
            "A17 in a block that says it is older", twin: "a miner's clock tells when money came",
            .seeing { $0.with(seenAt: $0.place?.medianTime) }, harm: "the old price is still good"
        ) { story in
            story.clock = 1_000
            let place = BlockPlace(
                height: story.tip, block: BlockID("back-dated"), index: 0, medianTime: Sample.at(600))
            try story.tell(.sighted([story.sighting("a", String(whole), .mined(place))], spends: [:]))
            return story.last.isFulfillable
        },
        told(
            "A18 dust makes up the rest", Policy().with { $0.dustMinor = 10 }, twin: "every little counts",
            .judging { $0.with { $0.dustMinor = 0 } }, harm: "dust is counted"
        ) { story in
            try story.mine("a", whole - 500)
            try story.mine("b", 500)
            return story.last.isFulfillable
        },
        told(
            "E64 ninety-eight hundredths in two parts, each forgiven one", .tolerant,
            twin: "each part may lack a little",
            .seeing { $0.with(amount: (UInt128($0.amountText) ?? 0) + whole / 100) }, harm: "too little is enough"
        ) { story in
            try story.mine("a", whole * 49 / 100)
            try story.mine("b", whole * 49 / 100)
            return story.last.isFulfillable
        },
        told(
            "E65 to the newer address at the older, better price", twin: "a payment has one price",
            .seeing { $0.with(quote: Sample.quote().id) }, harm: "half the money is enough"
        ) { story in
            story.clock = 100
            let quote = Sample.quote(2, from: 100, due: 2 * whole)
            try story.tell(.quoted(quote))
            try story.mine("a", whole, quote: quote)
            return story.last.isFulfillable
        },
        told(
            "G74 two workers ship one order", twin: "a claim has no name",
            .telling { news in
                if case .fulfilmentClaimed = news { .fulfilmentClaimed(action: "ship") } else { news }
            }, harm: "two parcels are sent"
        ) { story in
            try story.mine("a", whole)
            try story.tell(.fulfilmentClaimed(action: "parcel-1"))
            return try refusal { try story.tell(.fulfilmentClaimed(action: "parcel-2")) } == nil
        },
        told(
            "G76 shipped before it has cleared", twin: "a customer who sends will not take back",
            .judging { $0.with { $0.confirmations = Scenario.zeroConf.confirmations } },
            harm: "goods are given for what no block holds"
        ) { story in
            try story.pool("a", whole)
            return try refusal { try story.tell(.fulfilmentClaimed(action: "parcel-1")) } == nil
        },
    ]

    /// Nodes that are silent, and networks whose word on what stays does not come.
    static let onNetworks: [Attack] = [
        told(
            "A15 silence that is taken for nothing", twin: "no answer is an answer",
            .hearing { $0.isHealthy = true }, harm: "a payment ends that may have been paid"
        ) { story in
            story.isHealthy = false
            try story.wait(until: 2_000)
            return story.state == .expired
        },
        told(
            "A31 finality that stands still", .requiring(.finalized), twin: "deep is final",
            .hearing { $0.finalized = $0.tip }, harm: "goods are given for what may go"
        ) { story in
            story.finalized = 90
            try story.mine("a", whole)
            story.tip = 10_000
            try story.tell(.looked)
            return story.last.isFulfillable
        },
    ]

    /// What the log says.
    static let onRecords: [Attack] = [
        Attack(
            "3.9 two records with the same bytes", product: Hashing { $0.preimage }, twin: "fields need no lengths",
            Hashing { Array("\($0.chain)\($0.sequence)\($0.kind)\($0.subject)".utf8) + $0.body }
        ) { hashing in
            func record(_ chain: String, _ sequence: UInt64) -> Record {
                Record(
                    chain: chain, sequence: sequence, at: Sample.at(0), kind: "opened", subject: "", cause: "",
                    actor: "", body: [], previous: [])
            }
            let isSame = hashing.bytes(record("c", 11)) == hashing.bytes(record("c1", 1))
            return isSame ? "one record stands for another" : nil
        }
    ]
}

/// Which bytes of a record somebody hashes.
private struct Hashing: Sendable {
    let bytes: @Sendable (Record) -> [UInt8]
}
