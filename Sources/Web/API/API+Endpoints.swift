import Domain
import Engine
import HTTP
import JSON

extension API {
    /// Webhook endpoints: where a merchant's server receives events, and what became of each.
    static let endpoints: [Operation] = [
        Operation("webhook-endpoints.list", .get, path, scope: .webhooksManage) { call in
            var query = QueryForm(call.request.query)
            try query.finish()
            return .list(try await call.gateway.endpointViews(of: call.caller)) { $0.write(&$1) }
        },
        Operation(
            "webhook-endpoints.create", .post, path, scope: .webhooksManage, idempotency: .optional,
            run: createEndpoint),
        Operation("webhook-endpoints.get", .get, "\(path)/{id}", scope: .webhooksManage) { call in
            var query = QueryForm(call.request.query)
            try query.finish()
            let endpoint = try await call.gateway.endpointView(try call.id(what), of: call.caller)
            return .object { endpoint.write(&$0) }
        },
        Operation(
            "webhook-endpoints.update", .patch, "\(path)/{id}", scope: .webhooksManage, run: updateEndpoint),
        Operation("webhook-endpoints.delete", .delete, "\(path)/{id}", scope: .webhooksManage) { call in
            let id: ID<Endpoint> = try call.id(what)
            try call.takesNothing()
            try await call.gateway.deleteEndpoint(id, by: call.caller, cause: call.cause)
            return Response(.noContent)
        },
        Operation(
            "webhook-endpoints.deliveries", .get, "\(path)/{id}/deliveries", scope: .webhooksManage
        ) { call in
            var query = QueryForm(call.request.query)
            let state = query.value("state") { text throws(FieldProblem) in
                guard deliveryStates.contains(text) else { throw .notOneOf(deliveryStates) }
                return text
            }
            let list = query.listOfDeliveries()
            try query.finish()
            let part = try await call.gateway.deliveries(
                of: try call.id(what), state: state, list, by: call.caller)
            return .list(part) { $0.write(&$1) }
        },
        Operation(
            "webhook-endpoints.attempts", .get, "\(path)/{id}/deliveries/{delivery_id}/attempts",
            scope: .webhooksManage
        ) { call in
            var query = QueryForm(call.request.query)
            try query.finish()
            let attempts = try await call.gateway.attemptViews(
                of: call.request.parameters["delivery_id"], endpoint: try call.id(what), by: call.caller)
            return .list(attempts) { $0.write(&$1) }
        },
        Operation(
            "webhook-endpoints.replay", .post, "\(path)/{id}/replay", scope: .webhooksManage,
            idempotency: .required, run: replay),
        Operation(
            "webhook-endpoints.rotate-secret", .post, "\(path)/{id}/rotate-secret", scope: .webhooksManage,
            idempotency: .required
        ) { call in
            let id: ID<Endpoint> = try call.id(what)
            try call.takesNothing()
            let publicKey = try call.gateway.webhookPublicKey()
            return Response(
                try await call.gateway.rotateSecret(
                    of: id, by: call.caller, cause: call.cause,
                    call.answering(isSecret: true) { made, writer in
                        EndpointView(made.endpoint, publicKey: publicKey).write(&writer)
                        writer.member("secret", made.secret)
                    }))
        },
        Operation(
            "webhook-endpoints.test", .post, "\(path)/{id}/test", scope: .webhooksManage,
            idempotency: .required
        ) { call in
            let id: ID<Endpoint> = try call.id(what)
            try call.takesNothing()
            return Response(
                try await call.gateway.testEndpoint(
                    id, by: call.caller, cause: call.cause,
                    call.answering(.accepted) { event, writer in writer.member("event_id", event.text) }))
        },
    ]

    private static let path = "/v1/webhook-endpoints"
    private static let what = "webhook endpoint"
    private static let deliveryStates = ["waiting", "queued", "delivered", "dead", "held"]

    private static let createEndpoint: @Sendable (Call) async throws -> Response = { call in
        var form = try call.form()
        let url = form.string("url", .required, maxBytes: Limits.urlBytes)
        let events = form.eventTypes()
        let description = form.string(
            "description", .optional, maxBytes: Limits.descriptionBytes, mayBeEmpty: true)
        let text = try form.finish(url)
        let new = NewEndpoint(url: text, events: events ?? ["*"], description: description ?? "")
        let publicKey = try call.gateway.webhookPublicKey()
        return Response(
            try await call.gateway.createEndpoint(
                new, by: call.caller, cause: call.cause,
                call.answering(.created, isSecret: true, location: {
                    "\(path)/\(EndpointView($0.endpoint, publicKey: publicKey).id)"
                }) { made, writer in
                    EndpointView(made.endpoint, publicKey: publicKey).write(&writer)
                    writer.member("secret", made.secret)
                }))
    }

    private static let updateEndpoint: @Sendable (Call) async throws -> Response = { call in
        let id: ID<Endpoint> = try call.id(what)
        var form = try call.form()
        let url = form.string("url", .optional, maxBytes: Limits.urlBytes)
        let events = form.eventTypes()
        let description = form.string(
            "description", .optional, maxBytes: Limits.descriptionBytes, mayBeEmpty: true)
        let isActive = form.bool("active", .optional)
        try form.finish()
        let changed = try await call.gateway.updateEndpoint(
            id, url: url, events: events, description: description, isActive: isActive, by: call.caller,
            cause: call.cause)
        let view = EndpointView(changed, publicKey: try call.gateway.webhookPublicKey())
        return .object { view.write(&$0) }
    }

    /// One event, a range of them, or all that failed: so many at a time, and where to go on.
    private static let replay: @Sendable (Call) async throws -> Response = { call in
        let id: ID<Endpoint> = try call.id(what)
        var form = try call.form()
        let one = form.eventID("event_id")
        let from = form.eventID("from")
        let through = form.eventID("through")
        let onlyFailed = form.bool("only_failed", .optional)
        let limit = form.integer("limit", .optional, 1...Int64(EngineLimits.replayed))
        let isRange = form.mentions("from") || form.mentions("through")
        if form.mentions("event_id"), isRange { form.report(.conflict, at: "event_id") }
        if !form.mentions("event_id"), !isRange, onlyFailed != true {
            let what = "Say what: event_id, from, through, or only_failed (true)."
            form.report(FieldProblem(code: FieldProblem.required.code, detail: what), at: "event_id")
        }
        try form.finish()
        return Response(
            try await call.gateway.replay(
                to: id, from: one ?? from, through: one ?? through, onlyFailed: onlyFailed ?? false,
                limit: limit.map { Int($0) } ?? EngineLimits.replayed, by: call.caller, cause: call.cause,
                call.answering(.accepted) { replay, writer in
                    writer.member("replayed", replay.queued)
                    writer.member("has_more", replay.next != nil)
                    writer.member("next", replay.next?.text)
                }))
    }
}

extension JSONForm {
    /// Which events an endpoint wants: `*`, a family such as `payment.*`, or types.
    fileprivate mutating func eventTypes() -> [String]? {
        set("events", .optional, count: 1...Limits.eventTypes, maxBytes: Limits.eventTypeBytes) {
            text throws(FieldProblem) in try EventTypes.one(text, among: EventTypes.all)
        }
    }

    fileprivate mutating func eventID(_ name: String) -> ID<Domain.Event>? {
        value(name, .optional) { text throws(FieldProblem) in
            guard let id = ID<Domain.Event>(parsing: text) else { throw .invalidID(Domain.Event.prefix) }
            return id
        }
    }
}
