package import Domain
package import JSON
import Platform

extension Fact: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("at", at.milliseconds)
        writer.member("actor", actor.text)
        writer.member("floor", floor > 0 ? floor : nil)
        writer.list("sources", StoredSource.list(sources))
        writer.member("news", news.kind)
        switch news {
        case .quoted(let quote): writer.stored("quote", quote)
        case .chosen(let quote): writer.member("quote", quote.text)
        case .sighted(let sightings, let spends):
            writer.list("sightings", sightings)
            writer.list("spends", StoredSpend.list(spends))
        case .looked: break
        case .ruled(let verdict, let reason):
            writer.stored("verdict", verdict)
            writer.member("reason", reason.map { Hex.encode($0.bytes) })
        case .refunded(let refund): writer.stored("refund", refund)
        case .fulfilmentClaimed(let action), .fulfilmentReported(let action): writer.member("action", action)
        }
    }

    package init(_ fields: Fields) throws(Corruption) {
        let news: News
        switch try fields.text("news") {
        case "quoted": news = .quoted(try fields.nested("quote"))
        case "chosen": news = .chosen(try fields.id("quote"))
        case "sighted":
            news = .sighted(
                try fields.list("sightings"), spends: StoredSpend.dictionary(try fields.list("spends")))
        case "looked": news = .looked
        case "ruled":
            news = .ruled(
                try fields.nested("verdict"),
                reason: try fields.parsedOrNil("reason") { Hex.decode($0).flatMap(Commitment.init) })
        case "refunded": news = .refunded(try fields.nested("refund"))
        case "fulfilment_claimed": news = .fulfilmentClaimed(action: try fields.text("action"))
        case "fulfilment_reported": news = .fulfilmentReported(action: try fields.text("action"))
        default: throw Corruption("a stored fact is unknown")
        }
        let floor: Int = try fields.integerOrNil("floor") ?? 0
        guard (0...Self.highestFloor).contains(floor) else { throw Corruption("a stored floor is none") }
        self.init(
            at: try fields.instant("at"), actor: try fields.parsed("actor", Actor.init(parsing:)),
            sources: StoredSource.dictionary(try fields.list("sources")), news: news, floor: floor)
    }
}

extension Transition: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("version", version)
        writer.member("from", from?.rawValue)
        writer.member("to", to.rawValue)
        writer.member("kind", kind.rawValue)
        writer.member("epoch", epoch)
        writer.member("at", at.milliseconds)
        writer.member("actor", actor.text)
        writer.member("waived", waived == .zero ? nil : String(waived.picos))
        writer.storedOrNull("reversal", reversal)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            version: try fields.integer("version"), from: try fields.parsedOrNil("from", State.init),
            to: try fields.parsed("to", State.init), kind: try fields.parsed("kind", Kind.init),
            epoch: try fields.integer("epoch"), at: try fields.instant("at"),
            actor: try fields.parsed("actor", Actor.init(parsing:)),
            waived: Worth(picos: try fields.unitsOrNil("waived") ?? 0),
            reversal: try fields.nestedOrNil("reversal"))
    }
}

extension Reversal: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("reason", reason.rawValue)
        writer.list("transfers", transfers)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            reason: try fields.parsed("reason", Reason.init), transfers: try fields.list("transfers"))
    }
}

extension Entry: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("id", id.text)
        writer.member("kind", kind.rawValue)
        writer.stored("method", method)
        writer.stored("transfer", transfer)
        writer.member("business_key", businessKey)
        writer.member("at", at.milliseconds)
        writer.list("postings", postings)
        writer.member("corrects", corrects?.text)
    }

    package init(_ fields: Fields) throws(Corruption) {
        guard
            let entry = Entry(
                id: try fields.id("id"), kind: try fields.parsed("kind", Kind.init),
                method: try fields.nested("method"), transfer: try fields.nested("transfer"),
                businessKey: try fields.text("business_key"), at: try fields.instant("at"),
                postings: try fields.list("postings"),
                corrects: try fields.parsedOrNil("corrects") { ID<Entry>(parsing: $0) })
        else { throw Corruption("a stored entry does not balance") }
        self = entry
    }
}

extension Posting: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("account", account.description)
        writer.member("amount", String(amount))
        writer.member("reference", reference.map(String.init))
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            account: try fields.parsed("account", Account.init(parsing:)),
            amount: try fields.signed("amount"),
            reference: try fields.parsedOrNil("reference") { Int128($0) })
    }
}
