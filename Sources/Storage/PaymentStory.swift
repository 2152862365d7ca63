package import Domain
import JSON

/// A payment as its records tell it, up to one of them: the rules applied again to every fact, and every
/// outcome compared with the one that was recorded. It needs nothing but the records.
package struct PaymentStory {
    package let id: ID<Payment>
    /// As it stands after the last record; nil before the first.
    package private(set) var payment: Payment?
    package private(set) var assessment: Assessment?
    package private(set) var entries: [Entry] = []
    package private(set) var events: [Told] = []
    /// Also those that the payment does not need any more.
    package private(set) var exceptions: [ID<Exception>: Exception] = [:]
    /// Every block that was said to hold one of its transfers, also those that have left the chain.
    package private(set) var mined: Set<MinedClaim> = []

    /// An event with the code that binds its bytes.
    package struct Told {
        package let event: Announcement
        package let code: String
        package let at: Instant
    }

    /// That a transaction is at a place of a block.
    package struct MinedClaim: Hashable {
        package let network: NetworkName
        package let transaction: String
        package let place: BlockPlace
    }

    package init(_ id: ID<Payment>) { self.id = id }

    /// Applies the rules to the next record's fact. Gives what is wrong with the record; nil for nothing.
    package mutating func take(_ record: Record) -> String? {
        do {
            let fields = try Fields(JSON.parse(record.body))
            let decision = try decision(record, fields)
            if decision.isSilent { return "nothing follows from it, so it was not to be recorded" }
            let codes = try fields.elements("events") { json throws(Corruption) in
                guard let code = json["code"]?.asString else { throw Corruption("an event has no code") }
                return code
            }
            guard codes.count == decision.events.count else {
                return "it tells of \(codes.count) events, the rules of \(decision.events.count)"
            }
            if Transaction.recordBody(decision, eventCodes: codes) != record.body {
                return "the rules come to another outcome than it tells"
            }
            let at = decision.fact?.at ?? decision.payment.terms.openedAt
            let actor = decision.fact?.actor ?? decision.transition?.actor ?? .clock
            guard record.kind == decision.fact?.news.kind ?? "opened", record.actor == actor.text,
                record.at == at,
                record.subject.isEmpty
            else { return "its kind, time, subject or actor is not that of its fact" }
            follow(decision, codes, at)
            return nil
        } catch let error as Corruption {
            return error.description
        } catch Objection.refusal(let refusal) {
            return "the rules refuse its fact: \(refusal.detail)"
        } catch Objection.corruption(let reason) {
            return "the rules cannot take its fact: \(reason)"
        } catch {
            return "its body is not JSON"
        }
    }

    private func decision(_ record: Record, _ fields: Fields) throws -> Decision {
        guard let payment else {
            let terms: Terms = try fields.nested("terms")
            let transition: Transition = try fields.nested("transition")
            return Payment.open(id, terms, actor: transition.actor)
        }
        return try payment.reduce(try fields.nested("fact") as Fact)
    }

    private mutating func follow(_ decision: Decision, _ codes: [String], _ at: Instant) {
        payment = decision.payment
        assessment = decision.assessment
        entries += decision.entries
        for exception in decision.exceptions { exceptions[exception.id] = exception }
        events += zip(decision.events, codes).map { Told(event: $0, code: $1, at: at) }
        guard case .sighted(let sightings, _) = decision.fact?.news else { return }
        let taken = decision.payment.evidence.places
        for sighting in sightings where sighting.observation != nil && taken[sighting.key] != nil {
            guard case .mined(let place) = sighting.claim.standing else { continue }
            mined.insert(
                MinedClaim(
                    network: sighting.key.network, transaction: String(sighting.key.transaction),
                    place: place))
        }
    }
}
