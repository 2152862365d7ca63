import Crypto
package import Domain
package import JSON
import Platform

/// What was erased of a payment. Its record stands in the merchant's chain, signed by the instance: so bytes
/// that are missing were erased by whoever has its key, or were stolen.
package struct Erasure: Hashable, Sendable {
    /// What stands in the place of one event's bytes, by the code that binds it.
    package struct Told: Hashable, Sendable {
        package let event: ID<Event>
        package let code: String
    }

    package let payment: ID<Payment>
    package let at: Instant
    /// Binds what stands in the place of the personal part: nothing, under a salt of its own.
    package let personal: Commitment
    /// The texts that are gone: of rulings by their numbers, of releases below zero.
    package let notes: [Int64]
    /// All events of the payment until then, under that salt.
    package let events: [Told]
    /// Of the instance, at that moment.
    package let key: [UInt8]
    package let signature: [UInt8]

    /// The kind of its record.
    static let kind = "personal_erased"

    init(
        of payment: ID<Payment>, at: Instant, personal: Commitment, notes: [Int64], events: [Told],
        signedBy pair: Ed25519.KeyPair
    ) {
        self.payment = payment
        self.at = at
        self.personal = personal
        self.notes = notes
        self.events = events
        key = pair.publicKey.bytes
        signature = pair.sign(
            Self.message(of: payment, at: at, personal: personal, notes: notes, events: events))
    }

    /// Whether the owner of the key that it names has signed it.
    var isSigned: Bool {
        let message = Self.message(of: payment, at: at, personal: personal, notes: notes, events: events)
        return Ed25519.PublicKey(key)?.isValid(signature, of: message) ?? false
    }

    private static func message(
        of payment: ID<Payment>, at: Instant, personal: Commitment, notes: [Int64], events: [Told]
    ) -> [UInt8] {
        var preimage = Preimage("quittance/erasure/1", reserving: 256 + 128 * events.count)
        preimage.put(payment.text)
        preimage.put(at.milliseconds)
        preimage.put(personal.bytes)
        preimage.put(notes.count)
        for note in notes { preimage.put(note) }
        for told in events {
            preimage.put(told.event.text)
            preimage.put(told.code)
        }
        return preimage.bytes
    }
}

extension Erasure: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("payment", payment.text)
        writer.member("at", at.milliseconds)
        writer.member("personal", Hex.encode(personal.bytes))
        writer.array("notes", notes.map { String($0) })
        writer.array("events") { writer in
            for told in events {
                writer.object { writer in
                    writer.member("id", told.event.text)
                    writer.member("code", told.code)
                }
            }
        }
        writer.member("key", Hex.encode(key))
        writer.member("signature", Hex.encode(signature))
    }

    package init(_ fields: Fields) throws(Corruption) {
        payment = try fields.id("payment")
        at = try fields.instant("at")
        personal = try fields.commitment("personal")
        notes = try fields.texts("notes").compactMap { Int64($0) }
        events = try fields.elements("events") { json throws(Corruption) in
            let told = try Fields(json)
            return Told(event: try told.id("id"), code: try told.text("code"))
        }
        guard let key = Hex.decode(try fields.text("key")),
            let signature = Hex.decode(try fields.text("signature"))
        else { throw Corruption("an erasure is not signed") }
        self.key = key
        self.signature = signature
    }
}

extension Personal {
    /// What stands in the place of what was erased: nothing, but for the salt that binds it.
    static func nothing(salt: [UInt8]) -> Personal {
        Personal(salt: salt, customer: nil, body: Array(nothingBody.utf8))
    }

    /// As it is written where a merchant tells nothing.
    static let nothingBody = #"{"description":null,"success_url":null,"cancel_url":null,"metadata":{}}"#

    /// The members of a payment object that hold what the merchant told, and what they are without it.
    private static let members: [(name: String, nothing: JSON)] = [
        ("customer_id", .null), ("description", .null), ("success_url", .null), ("cancel_url", .null),
        ("metadata", .object(JSONObject())),
    ]

    /// The same text without what is personal of a payment, wherever in it that payment's object stands; nil
    /// where nothing changes, and for what is not JSON.
    package static func erased(from text: [UInt8], of payment: ID<Payment>) -> [UInt8]? {
        guard let json = try? JSON.parse(text) else { return nil }
        let erased = erased(from: json, of: payment)
        return erased == json ? nil : erased.encoded()
    }

    private static func erased(from json: JSON, of payment: ID<Payment>) -> JSON {
        switch json {
        case .array(let elements): return .array(elements.map { erased(from: $0, of: payment) })
        case .object(let object):
            var erased = JSONObject()
            let isPayment =
                object["object"]?.asString == "payment" && object["id"]?.asString == payment.text
            for member in object.members {
                let nothing = isPayment ? members.first { $0.name == member.key }?.nothing : nil
                erased.append(member.key, nothing ?? Self.erased(from: member.value, of: payment))
            }
            return .object(erased)
        case .null, .bool, .number, .string: return json
        }
    }
}
