import Domain
import Engine
import HTTP
import JSON

extension API {
    /// What happened: records, transfers, events, signed roots and ledger entries. Read only.
    static let history: [Operation] = [
        Operation("payments.timeline", .get, "/v1/payments/{id}/timeline", scope: .paymentsRead) { call in
            var query = QueryForm(call.request.query)
            let after = query.integer("after", 0...Int64.max - 1)
            let limit = query.limit()
            try query.finish()
            let part = try await call.gateway.timeline(
                of: try call.id("payment"), from: after.map { $0 + 1 } ?? 0, limit: limit, by: call.caller)
            let next = part.hasMore ? part.items.last.map { String($0.sequence) } : nil
            return .list(part, next: next) { record, writer in writer.object { record.write(&$0) } }
        },
        Operation("payments.dossier", .get, "/v1/payments/{id}/dossier", scope: .paymentsRead) { call in
            var query = QueryForm(call.request.query)
            let showsPersonal = query.flag("personal") ?? false
            try query.finish()
            return .json(
                try await call.gateway.dossier(
                    of: try call.id("payment"), showsPersonal: showsPersonal, by: call.caller))
        },
        Operation("payments.entries", .get, "/v1/payments/{id}/entries", scope: .paymentsRead) { call in
            var query = QueryForm(call.request.query)
            try query.finish()
            let entries = try await call.gateway.entryViews(of: try call.id("payment"), by: call.caller)
            return .list(entries) { $0.write(&$1) }
        },
        Operation("transfers.list", .get, "/v1/transfers", scope: .paymentsRead) { call in
            var query = QueryForm(call.request.query)
            let transaction = query.transaction("transaction")
            let list = query.list(of: Transfer.self)
            try query.finish()
            let part = try await call.gateway.transfers(of: call.caller, transaction: transaction, list)
            return .list(part) { $0.write(&$1) }
        },
        Operation("events.list", .get, "/v1/events", scope: .paymentsRead, run: listEvents),
        Operation("events.get", .get, "/v1/events/{id}", scope: .paymentsRead) { call in
            var query = QueryForm(call.request.query)
            try query.finish()
            let event = try await call.gateway.eventView(try call.id("event"), of: call.caller)
            return .json(event.body)
        },
        Operation("roots.list", .get, "/v1/roots", scope: .paymentsRead) { call in
            var query = QueryForm(call.request.query)
            let after = query.integer("after", 0...Int64.max)
            let limit = query.limit()
            try query.finish()
            let part = try await call.gateway.rootViews(of: call.caller, below: after, limit: limit)
            let next = part.hasMore ? part.items.last.map { String($0.number) } : nil
            return .list(part, next: next) { root, writer in writer.object { root.write(&$0) } }
        },
        Operation("ledger.balances", .get, "/v1/ledger/balances", scope: .paymentsRead) { call in
            var query = QueryForm(call.request.query)
            try query.finish()
            return .list(try await call.gateway.balanceViews(of: call.caller)) { $0.write(&$1) }
        },
        Operation("ledger.entries", .get, "/v1/ledger/entries", scope: .paymentsRead) { call in
            var query = QueryForm(call.request.query)
            let method = query.method()
            let list = query.list(of: Entry.self)
            try query.finish()
            let part = try await call.gateway.entries(of: call.caller, method: method, list)
            return .list(part) { $0.write(&$1) }
        },
    ]

    /// In commit order, oldest first: a reader that gives the last `next` as `after` misses none, so there
    /// is a `next` also where there is nothing more yet.
    private static let listEvents: @Sendable (Call) async throws -> Response = { call in
        var query = QueryForm(call.request.query)
        let after = query.id("after", of: Domain.Event.self)
        let type = query.value("type") { text throws(FieldProblem) in try EventTypes.one(text) }
        let payment = query.id("payment_id", of: Payment.self)
        let limit = query.limit()
        try query.finish()
        let part = try await call.gateway.eventList(
            of: call.caller, after: after, type: type, payment: payment, limit: limit)
        let next = part.edge ?? (part.items.last?.id ?? after)?.text
        return .list(part, next: next) { event, writer in writer.raw(event.body) }
    }
}

extension QueryForm {
    /// `asset` and `network`, both or neither.
    mutating func method() -> Domain.Method? {
        let asset = value("asset") { text throws(FieldProblem) in
            guard let code = AssetCode(parsing: text) else {
                throw .unknownAsset(text)
            }
            return code
        }
        let network = value("network") { text throws(FieldProblem) in
            guard let name = NetworkName(parsing: text) else {
                throw FieldProblem(code: "unsupported_network", detail: "There is no network of that name.")
            }
            return name
        }
        if (asset == nil) != (network == nil) { report(.required, at: asset == nil ? "asset" : "network") }
        guard let asset, let network else { return nil }
        return Domain.Method(asset: asset, network: network)
    }
}
