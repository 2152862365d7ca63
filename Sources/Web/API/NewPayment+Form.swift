import Domain
import Engine
import HTTP
import JSON

extension Call {
    /// Reads the body of `POST /v1/payments`. Throws `InvalidFields` with everything that is wrong.
    func newPayment() throws -> NewPayment {
        var form = try form()
        let orderID = form.identifier("merchant_order_id", .required, maxBytes: Limits.orderIDBytes)
        let amount = form.string("amount", .required, maxBytes: Limits.amountBytes)
        let currency = form.string("currency", .required, maxBytes: Limits.currencyBytes)
        let customer = form.identifier("customer_id", .optional, maxBytes: Limits.customerBytes)
        let description = form.string(
            "description", .optional, maxBytes: Limits.descriptionBytes, multiline: true)
        let successURL = form.link("success_url")
        let cancelURL = form.link("cancel_url")
        let metadata = form.stringMap(
            "metadata", .optional, maxCount: Limits.metadataMembers, maxKeyBytes: Limits.metadataKeyBytes,
            maxValueBytes: Limits.metadataValueBytes)
        let risk = form.choice("risk", .optional, of: Policy.Risk.self)
        let policy = form.object("policy", .optional, Self.policyChange)
        let expiry = expiry(&form)
        let (chosen, methods) = Self.methods(&form)
        let read = try form.finish(orderID, amount, currency)
        var new = NewPayment(orderID: read.0, amount: read.1, currency: read.2)
        new.customer = customer
        new.description = description
        new.successURL = successURL
        new.cancelURL = cancelURL
        new.metadata = metadata ?? []
        new.risk = risk ?? .normal
        new.policy = policy
        new.expiresInSeconds = expiry.seconds
        new.expiresAt = expiry.end
        new.chosen = chosen
        new.methods = methods
        return new
    }

    /// `expires_in`, or `quote_expires_at`, of which only what no later time could mend is judged here.
    private func expiry(_ form: inout JSONForm) -> (seconds: Int64?, end: Instant?) {
        let seconds = form.integer("expires_in", .optional, Limits.paySeconds)
        let last = gateway.now(isTest: caller.isTest).adding(seconds: Limits.paySeconds.upperBound)
        let end = form.value("quote_expires_at", .optional, maxBytes: 64) { text throws(FieldProblem) in
            let end = try Instant(wire: text)
            guard end <= last else {
                throw FieldProblem(
                    code: "out_of_range",
                    detail: "Must be at most \(Limits.paySeconds.upperBound) seconds from now.")
            }
            return end
        }
        if form.mentions("expires_in"), seconds != nil, end != nil {
            form.report(.conflict, at: "expires_in")
        }
        return (seconds, end)
    }

    /// `asset` and `network`, or `methods`, or neither.
    private static func methods(
        _ form: inout JSONForm
    ) -> (chosen: Domain.Method?, offered: [Domain.Method]) {
        let isChosen = form.mentions("asset") || form.mentions("network")
        let chosen = form.method(isChosen ? .required : .optional)
        let offered = form.objects("methods", .optional, count: 1...Limits.methods) { $0.method(.required) }
        if isChosen, offered != nil { form.report(.conflict, at: "methods") }
        if let offered, Set(offered).count != offered.count { form.report(.duplicate, at: "methods") }
        return (chosen, chosen.map { [$0] } ?? offered ?? [])
    }

    private static func policyChange(_ form: inout JSONForm) -> PolicyChange? {
        var change = PolicyChange()
        change.underTolerance = form.tolerance("under_tolerance", .optional)
        change.overTolerance = form.tolerance("over_tolerance", .optional)
        change.atLeastConfirmations = form.integer("at_least_confirmations", .optional, Limits.confirmations)
            .map { UInt32($0) }
        change.quoteSeconds = form.integer("quote_seconds", .optional, Limits.paySeconds)
        change.holdsOverpaid = form.bool("holds_overpaid", .optional)
        return change
    }
}

extension JSONForm {
    /// A link that a customer's browser is sent to: absolute, http or https.
    mutating func link(_ name: String) -> String? {
        value(name, .optional, maxBytes: Limits.urlBytes) { text throws(FieldProblem) in
            // A fragment is fine for a browser; the rest must be a URL that every program reads alike.
            let address = text.prefix { $0 != "#" }
            do throws(URL.Flaw) {
                _ = try URL(parsing: address)
            } catch {
                throw FieldProblem(code: "invalid_url", detail: "Must be an absolute http or https URL.")
            }
            // What the page could not show as a button is not taken.
            guard WebLink(parsing: text) != nil else {
                throw FieldProblem(code: "invalid_url", detail: "Must be a link that browsers open.")
            }
            return text
        }
    }

    /// A tolerance: hundredths of a percent and perhaps a cap in minor units.
    mutating func tolerance(_ name: String, _ presence: Presence) -> Policy.Tolerance? {
        object(name, presence) { form in
            let points = form.integer("basis_points", .required, 0...10_000)
            let cap = form.minorUnits("cap_minor")
            return points.map { Policy.Tolerance(basisPoints: UInt32($0), capMinor: cap) }
        }
    }

    /// A whole number of minor units as text.
    mutating func minorUnits(_ name: String, _ presence: Presence = .optional) -> UInt128? {
        value(name, presence, maxBytes: Limits.amountBytes) { text throws(FieldProblem) in
            do throws(Refusal) {
                let units = try DecimalText.units(text, decimals: 0)
                guard units <= Price.largest else { throw Refusal(.amountTooLarge, "") }
                return units
            } catch {
                throw FieldProblem(
                    code: error.code.rawValue, detail: "Must be a whole number of minor units as text.")
            }
        }
    }
}
