import Domain
import Engine
import HTTP
import JSON

extension API {
    /// Payments: what one order has to be paid, and what its merchant does with it.
    static let payments: [Operation] = [
        Operation(
            "payments.create", .post, "/v1/payments", scope: .paymentsWrite, idempotency: .optional,
            pointers: [
                .invalidAmount: "/amount", .amountTooLarge: "/amount", .amountTooPrecise: "/amount",
                .amountTooSmall: "/amount", .outsideLimits: "/amount",
                .unknownCurrency: "/currency", .rateUnavailable: "/currency",
                .unknownAsset: "/asset", .unsupportedNetwork: "/network", .noWallet: "/network",
                .networkUnavailable: "/network", .policyNotAllowed: "/policy",
                .quoteExpired: "/quote_expires_at",
            ],
            run: createPayment),
        Operation("payments.list", .get, "/v1/payments", scope: .paymentsRead, run: listPayments),
        Operation("payments.get", .get, "/v1/payments/{id}", scope: .paymentsRead) { call in
            var query = QueryForm(call.request.query)
            try query.finish()
            return .json(
                try await call.gateway.paymentObject(try call.id("payment"), of: call.caller))
        },
        Operation("payments.policy", .get, "/v1/payments/{id}/policy", scope: .paymentsRead) { call in
            var query = QueryForm(call.request.query)
            try query.finish()
            let view = try await call.gateway.payment(try call.id("payment"), of: call.caller)
            return .object { view.payment.terms.policy.writeMembers(&$0) }
        },
        Operation(
            "payments.cancel", .post, "/v1/payments/{id}/cancel", scope: .paymentsWrite,
            idempotency: .required
        ) { call in
            let id: ID<Payment> = try call.id("payment")
            try call.takesNothing()
            return Response(
                try await call.gateway.cancel(
                    id, by: call.caller, cause: call.cause, call.answeringPayment()))
        },
        Operation(
            "payments.method", .post, "/v1/payments/{id}/method", scope: .paymentsWrite,
            idempotency: .optional,
            pointers: [
                .methodNotOffered: "/asset", .unsupportedNetwork: "/network", .noWallet: "/network",
                .networkUnavailable: "/network", .rateUnavailable: "/asset", .amountTooSmall: "/asset",
            ],
            run: chooseMethod),
        Operation(
            "payments.accept", .post, "/v1/payments/{id}/actions/accept", scope: .exceptionsRule,
            idempotency: .required
        ) { call in
            let id: ID<Payment> = try call.id("payment")
            var form = try call.form()
            let reason = form.string("reason", .required, maxBytes: Limits.reasonBytes, multiline: true)
            let text = try form.finish(reason)
            return Response(
                try await call.gateway.accept(
                    id, reason: text, by: call.caller, cause: call.cause, call.answeringPayment()))
        },
        Operation(
            "payments.fulfilments.claim", .post, "/v1/payments/{id}/fulfilments", scope: .paymentsWrite,
            idempotency: .required
        ) { call in
            let id: ID<Payment> = try call.id("payment")
            var form = try call.form()
            let action = form.value("action_id", .required, maxBytes: Limits.actionIDBytes, parseActionID)
            let text = try form.finish(action)
            return Response(
                try await call.gateway.claimFulfilment(
                    of: id, action: text, by: call.caller, cause: call.cause,
                    call.answeringPayment(.created)))
        },
        Operation(
            "payments.fulfilments.complete", .post, "/v1/payments/{id}/fulfilments/{action_id}/complete",
            scope: .paymentsWrite, idempotency: .required
        ) { call in
            let id: ID<Payment> = try call.id("payment")
            guard let action = try? parseActionID(call.request.parameters["action_id"]) else {
                throw CommandError.notFound("fulfilment")
            }
            try call.takesNothing()
            return Response(
                try await call.gateway.reportFulfilment(
                    of: id, action: action, by: call.caller, cause: call.cause, call.answeringPayment()))
        },
    ]

    private static let createPayment: @Sendable (Call) async throws -> Response = { call in
        let new = try call.newPayment()
        return Response(
            try await call.gateway.open(
                new, by: call.caller, cause: call.cause,
                call.answering(.created, location: { "/v1/payments/\($0.payment.id)" }) { view, writer in
                    view.write(&writer)
                }))
    }

    private static let listPayments: @Sendable (Call) async throws -> Response = { call in
        var query = QueryForm(call.request.query)
        var wanted = PaymentQuery()
        wanted.state = query.choice("state")
        wanted.orderID = query.text("merchant_order_id")
        wanted.customer = query.text("customer_id")
        wanted.address = query.search("address")
        wanted.transaction = query.transaction("transaction")
        wanted.exception = query.choice("exception")
        wanted.hasOpenException = query.flag("has_open_exception")
        wanted.isFulfillable = query.flag("fulfillable")
        wanted.isFulfilled = query.flag("fulfilled")
        wanted.createdFrom = query.instant("created_from")
        wanted.createdBefore = query.instant("created_before")
        let list = query.list(of: Payment.self)
        try query.finish()
        let part = try await call.gateway.payments(of: call.caller, wanted, list)
        return .list(part) { $0.write(&$1) }
    }

    private static let chooseMethod: @Sendable (Call) async throws -> Response = { call in
        let id: ID<Payment> = try call.id("payment")
        var form = try call.form()
        let method = try form.finish(form.method(.required))
        return Response(
            try await call.gateway.choose(
                method, for: id, by: call.caller.actor, of: call.caller, cause: call.cause,
                call.answeringPayment()))
    }

    /// The merchant's own name for what it does to fulfil: one that can stand in a path.
    @Sendable private static func parseActionID(_ text: String) throws(FieldProblem) -> String {
        guard (1...Limits.actionIDBytes).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") })
        else {
            throw FieldProblem(
                code: "invalid_id",
                detail: "Must be 1 to \(Limits.actionIDBytes) visible ASCII characters without a slash.")
        }
        return text
    }
}

extension Call {
    /// The payment as it is after the command.
    func answeringPayment(_ status: Status = .ok) -> Answering<PaymentView> {
        answering(status) { view, writer in view.write(&writer) }
    }
}

extension JSONForm {
    /// `asset` and `network`.
    mutating func method(_ presence: Presence) -> Domain.Method? {
        let asset = assetCode("asset", presence)
        let network = networkName("network", presence)
        guard let asset, let network else { return nil }
        return Domain.Method(asset: asset, network: network)
    }

    mutating func assetCode(_ name: String, _ presence: Presence) -> AssetCode? {
        value(name, presence, maxBytes: 64) { text throws(FieldProblem) in
            guard let code = AssetCode(parsing: text) else {
                throw .unknownAsset(text)
            }
            return code
        }
    }

    mutating func networkName(_ name: String, _ presence: Presence) -> NetworkName? {
        value(name, presence, maxBytes: 64) { text throws(FieldProblem) in
            guard let network = NetworkName(parsing: text) else {
                throw FieldProblem(code: "unsupported_network", detail: "There is no network of that name.")
            }
            return network
        }
    }
}
