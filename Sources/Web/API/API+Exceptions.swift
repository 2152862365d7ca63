import Domain
import Engine
import HTTP
import JSON

extension API {
    /// What a person or a rule must settle.
    static let exceptions: [Operation] = [
        Operation("exceptions.list", .get, "/v1/exceptions", scope: .paymentsRead) { call in
            var query = QueryForm(call.request.query)
            let isOpen = query.flag("open")
            let kind = query.choice("kind", of: Exception.Kind.self)
            let list = query.list(of: Exception.self)
            try query.finish()
            let part = try await call.gateway.exceptions(of: call.caller, isOpen: isOpen, kind: kind, list)
            return .list(part) { $0.write(&$1) }
        },
        Operation("exceptions.get", .get, "/v1/exceptions/{id}", scope: .paymentsRead) { call in
            var query = QueryForm(call.request.query)
            try query.finish()
            let exception = try await call.gateway.exception(try call.id("exception"), of: call.caller)
            return .object { exception.write(&$0) }
        },
        Operation(
            "exceptions.rule", .post, "/v1/exceptions/{id}/rulings", scope: .exceptionsRule,
            idempotency: .required,
            pointers: [
                .actionNotSuggested: "/action", .unsupportedNetwork: "/network",
                .methodNotOffered: "/asset", .noWallet: "/network", .rateUnavailable: "/asset",
                .networkUnavailable: "/network",
            ]
        ) { call in
            let id: ID<Exception> = try call.id("exception")
            let ruling = try call.newRuling()
            return Response(
                try await call.gateway.rule(
                    id, ruling, by: call.caller, cause: call.cause, call.answeringPayment(.created)))
        },
    ]
}

extension Call {
    /// Reads the body of a ruling.
    fileprivate func newRuling() throws -> NewRuling {
        var form = try form()
        let action = form.choice("action", .required, of: Exception.Action.self)
        let reason = form.string("reason", .required, maxBytes: Limits.reasonBytes, multiline: true)
        let seconds = form.integer("expires_in", .optional, Limits.paySeconds)
        let hasMethod = form.mentions("asset") || form.mentions("network")
        let method = form.method(hasMethod ? .required : .optional)
        if let action, action != .grantTopUp {
            for name in ["expires_in", "asset", "network"] where form.mentions(name) {
                form.report(.conflict, at: name)
            }
        }
        let read = try form.finish(action, reason)
        var ruling = NewRuling(action: read.0, reason: read.1)
        ruling.seconds = seconds
        ruling.method = method
        return ruling
    }
}
