package import Domain
package import JSON
import Platform

extension Transfer.Key: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("network", network.text)
        writer.member("place", place)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            network: try fields.parsed("network", NetworkName.init(parsing:)), place: try fields.text("place")
        )
    }

    /// Reads `bitcoin/txid:vout`.
    package init?(parsing text: String) {
        let parts = text.split(separator: "/", maxSplits: 1)
        guard parts.count == 2, let network = NetworkName(parsing: parts[0]) else { return nil }
        self.init(network: network, place: String(parts[1]))
    }
}

extension Transfer.Claim: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("sequence", sequence)
        switch standing {
        case .pooled: writer.member("standing", "pooled")
        case .gone(let reason): writer.member("standing", reason.rawValue)
        case .mined(let place):
            writer.member("standing", "mined")
            writer.member("height", place.height)
            writer.member("block", place.block.text)
            writer.member("index", place.index)
            writer.member("median_time", place.medianTime.milliseconds)
        }
    }

    package init(_ fields: Fields) throws(Corruption) {
        let standing: Transfer.Standing
        switch try fields.text("standing") {
        case "pooled": standing = .pooled
        case "mined":
            standing = .mined(
                BlockPlace(
                    height: try fields.integer("height"), block: BlockID(try fields.text("block")),
                    index: try fields.integer("index"), medianTime: try fields.instant("median_time")))
        case let reason:
            guard let gone = Transfer.Gone(rawValue: reason) else {
                throw Corruption("a stored claim is unknown")
            }
            standing = .gone(gone)
        }
        self.init(sequence: try fields.integer("sequence"), standing: standing)
    }
}

extension Transfer: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("id", id.text)
        writer.stored("key", key)
        writer.member("quote", quote.text)
        writer.storedOrNull("method", method)
        writer.member("amount", amountText)
        writer.stored("claim", claim)
        writer.member("first_seen", firstSeen.milliseconds)
        writer.member("gap", missedByGap)
        writer.list("replaces", replaces.sorted())
        writer.member("maturity", maturity)
        writer.member("confirmed_in", confirmedIn?.text)
        writer.array("observations", observations.map { Hex.encode($0.bytes) }.sorted())
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            id: try fields.id("id"), key: try fields.nested("key"), quote: try fields.id("quote"),
            method: try fields.nestedOrNil("method"), amountText: try fields.text("amount"),
            claim: try fields.nested("claim"), firstSeen: try fields.instant("first_seen"),
            missedByGap: try fields.flag("gap"), replaces: Set(try fields.list("replaces") as [Transfer.Key]),
            maturity: try fields.integer("maturity"),
            confirmedIn: try fields.parsedOrNil("confirmed_in") { BlockID($0) },
            observations: Set(
                try fields.elements("observations") { json throws(Corruption) in
                    guard let hash = json.asString.flatMap({ Commitment(hex: $0) }) else {
                        throw Corruption("a stored observation is no hash")
                    }
                    return hash
                }))
    }
}

extension Sighting: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.stored("key", key)
        writer.member("quote", quote.text)
        writer.storedOrNull("method", method)
        writer.member("amount", amountText)
        writer.stored("claim", claim)
        writer.member("seen_at", seenAt.milliseconds)
        writer.member("gap", fellIntoGap)
        writer.list("replaces", replaces.sorted())
        writer.member("maturity", maturity)
        writer.member("observation", observation.map { Hex.encode($0.bytes) })
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            key: try fields.nested("key"), quote: try fields.id("quote"),
            method: try fields.nestedOrNil("method"),
            amountText: try fields.text("amount"), claim: try fields.nested("claim"),
            seenAt: try fields.instant("seen_at"), fellIntoGap: try fields.flag("gap"),
            replaces: Set(try fields.list("replaces") as [Transfer.Key]),
            maturity: try fields.integer("maturity"),
            observation: try fields.parsedOrNil("observation") { Commitment(hex: $0) })
    }
}

extension Commitment {
    /// Reads 64 hexadecimal digits.
    init?(hex text: String) {
        guard let bytes = Hex.decode(text), let commitment = Commitment(bytes) else { return nil }
        self = commitment
    }
}

/// A spend with the transfer that it spends: how a dictionary of spends is written, in the order of its keys.
struct StoredSpend: Stored {
    let key: Transfer.Key
    let spend: Transfer.Spend

    init(key: Transfer.Key, spend: Transfer.Spend) {
        self.key = key
        self.spend = spend
    }

    func write(_ writer: inout JSONWriter) {
        writer.stored("key", key)
        writer.member("transaction", spend.transaction)
        writer.stored("claim", spend.claim)
    }

    init(_ fields: Fields) throws(Corruption) {
        key = try fields.nested("key")
        spend = Transfer.Spend(transaction: try fields.text("transaction"), claim: try fields.nested("claim"))
    }

    static func list(_ spends: [Transfer.Key: Transfer.Spend]) -> [StoredSpend] {
        spends.sorted { $0.key < $1.key }.map { StoredSpend(key: $0.key, spend: $0.value) }
    }

    static func dictionary(_ list: [StoredSpend]) -> [Transfer.Key: Transfer.Spend] {
        Dictionary(list.map { ($0.key, $0.spend) }) { first, _ in first }
    }
}

/// A source with the network that it speaks for.
struct StoredSource: Stored {
    let network: NetworkName
    let source: Source

    init(network: NetworkName, source: Source) {
        self.network = network
        self.source = source
    }

    func write(_ writer: inout JSONWriter) {
        writer.member("network", network.text)
        writer.member("sequence", source.sequence)
        writer.member("tip", source.tip)
        writer.member("safe", source.safe)
        writer.member("finalized", source.finalized)
        writer.member("healthy", source.isHealthy)
        writer.member("scanned_until", source.scannedUntil.milliseconds)
    }

    init(_ fields: Fields) throws(Corruption) {
        network = try fields.parsed("network", NetworkName.init(parsing:))
        source = Source(
            sequence: try fields.integer("sequence"), tip: try fields.integer("tip"),
            safe: try fields.integerOrNil("safe"), finalized: try fields.integerOrNil("finalized"),
            isHealthy: try fields.flag("healthy"), scannedUntil: try fields.instant("scanned_until"))
    }

    static func list(_ sources: [NetworkName: Source]) -> [StoredSource] {
        sources.sorted { $0.key < $1.key }.map { StoredSource(network: $0.key, source: $0.value) }
    }

    static func dictionary(_ list: [StoredSource]) -> [NetworkName: Source] {
        Dictionary(list.map { ($0.network, $0.source) }) { first, _ in first }
    }
}

extension RefundClaim: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("id", id.text)
        writer.member("step", step)
        writer.member("stage", stage.rawValue)
        writer.member("full", isFull)
        writer.list("parts", parts)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            id: try fields.id("id"), step: try fields.integer("step"),
            stage: try fields.parsed("stage", Stage.init), isFull: try fields.flag("full"),
            parts: try fields.list("parts"))
    }
}

extension RefundClaim.Part: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.stored("transfer", transfer)
        writer.member("from", from.rawValue)
        writer.member("units", String(units))
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            transfer: try fields.nested("transfer"), from: try fields.parsed("from", Holding.Place.init),
            units: try fields.units("units"))
    }
}

extension Evidence: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("now", now.milliseconds)
        writer.list("quotes", quotes)
        writer.member("chosen", ifPresent: chosen?.text)
        writer.list("transfers", transfers)
        writer.list("spends", StoredSpend.list(spends))
        writer.list("sources", StoredSource.list(sources))
        writer.list("rulings", rulings)
        writer.list("refunds", refunds)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(now: try fields.instant("now"))
        quotes = try fields.list("quotes")
        chosen = try fields.parsedOrNil("chosen") { ID<Quote>(parsing: $0) }
        guard chosen.map({ quote($0) != nil }) ?? true else {
            throw Corruption("the chosen quote is none")
        }
        transfers = try fields.list("transfers")
        spends = StoredSpend.dictionary(try fields.list("spends"))
        sources = StoredSource.dictionary(try fields.list("sources"))
        rulings = try fields.list("rulings")
        refunds = try fields.list("refunds")
    }
}
