import Domain
import Engine
import HTTP
import JSON

extension API {
    /// How a merchant is set up: wallets, policy, keys; and what there is to choose from: assets, rates,
    /// networks.
    static let configuration: [Operation] = [
        Operation("wallets.list", .get, "/v1/wallets", scope: .walletsManage) { call in
            var query = QueryForm(call.request.query)
            try query.finish()
            return .list(try await call.gateway.walletViews(of: call.caller)) { $0.write(&$1) }
        },
        Operation(
            "wallets.create", .post, "/v1/wallets", scope: .walletsManage, idempotency: .optional,
            pointers: [
                .unsupportedNetwork: "/network", .invalidKey: "/key", .privateKey: "/key",
                .wrongNetwork: "/key", .unsupportedKey: "/key", .keyInUse: "/key",
            ],
            run: createWallet),
        Operation("wallets.disable", .post, "/v1/wallets/{id}/disable", scope: .walletsManage) { call in
            let id: ID<Wallet> = try call.id("wallet")
            try call.takesNothing()
            let ended = try await call.gateway.disableWallet(id, by: call.caller, cause: call.cause)
            return .object { WalletView(ended.wallet, issued: ended.issued).write(&$0) }
        },
        Operation("wallets.advance", .post, "/v1/wallets/{id}/advance", scope: .walletsManage) { call in
            let id: ID<Wallet> = try call.id("wallet")
            var form = try call.form()
            let next = form.integer("next_index", .required, Limits.walletIndex)
            let moved = try await call.gateway.advanceWallet(
                id, to: try form.finish(next), by: call.caller, cause: call.cause)
            return .object { WalletView(moved.wallet, issued: moved.issued).write(&$0) }
        },
        Operation("policies.get", .get, "/v1/policies", scope: .paymentsRead) { call in
            var query = QueryForm(call.request.query)
            try query.finish()
            let policy = try await call.gateway.policy(of: call.caller)
            return .object { policy.writeMembers(&$0) }
        },
        Operation(
            "policies.set", .put, "/v1/policies", scope: .policiesManage, idempotency: .optional
        ) { call in
            let policy = try call.newPolicy()
            return Response(
                try await call.gateway.setPolicy(
                    policy, by: call.caller, cause: call.cause,
                    call.answering { policy, writer in policy.writeMembers(&writer) }))
        },
        Operation("api-keys.list", .get, "/v1/api-keys", scope: .admin) { call in
            var query = QueryForm(call.request.query)
            let list = query.list(of: APIKey.self)
            try query.finish()
            return .list(try await call.gateway.keyViews(of: call.caller, list)) { $0.write(&$1) }
        },
        Operation(
            "api-keys.create", .post, "/v1/api-keys", scope: .admin, idempotency: .optional, run: createKey),
        Operation("api-keys.revoke", .delete, "/v1/api-keys/{id}", scope: .admin) { call in
            let id: ID<APIKey> = try call.id("API key")
            try call.takesNothing()
            try await call.gateway.revokeKey(id, by: call.caller, cause: call.cause)
            return Response(.noContent)
        },
        Operation("assets.list", .get, "/v1/assets", scope: nil) { call in
            var query = QueryForm(call.request.query)
            try query.finish()
            return .list(call.gateway.assets(for: call.caller), write)
        },
        Operation("networks.list", .get, "/v1/networks", scope: nil) { call in
            var query = QueryForm(call.request.query)
            try query.finish()
            return .list(try await call.gateway.sourceViews(for: call.caller)) { $0.write(&$1) }
        },
        Operation("rates.list", .get, "/v1/rates", scope: nil) { call in
            var query = QueryForm(call.request.query)
            try query.finish()
            return .list(try await call.gateway.rateViews(for: call.caller)) { $0.write(&$1) }
        },
        Operation(
            "rates.push", .post, "/v1/rates", scope: .ratesWrite, idempotency: .optional,
            pointers: [
                .unknownAsset: "/asset", .unknownCurrency: "/currency", .invalidAmount: "/rate",
                .amountTooPrecise: "/rate", .amountTooLarge: "/rate",
            ],
            run: pushRate),
    ]

    private static func write(_ asset: Asset, _ writer: inout JSONWriter) {
        writer.member("object", "asset")
        writer.member("asset", asset.method.asset.text)
        writer.member("network", asset.method.network.text)
        writer.member("decimals", asset.decimals)
        writer.member("payable_decimals", asset.payableDecimals)
        writer.member("contract", asset.contract)
        writer.member("version", asset.version)
    }

    private static let createWallet: @Sendable (Call) async throws -> Response = { call in
        var form = try call.form()
        let network = form.networkName("network", .required)
        let key = form.string("key", .required, maxBytes: Limits.walletKeyBytes)
        let name = form.string("name", .optional, maxBytes: Limits.nameBytes)
        let first = form.integer("first_index", .optional, Limits.walletIndex) ?? 0
        let read = try form.finish(network, key)
        return Response(
            try await call.gateway.createWallet(
                network: read.0, key: read.1, name: name ?? read.0.text, firstIndex: first,
                by: call.caller, cause: call.cause,
                call.answering(.created) { made, writer in
                    WalletView(made.wallet, issued: made.issued).write(&writer)
                    writer.array("warnings", made.warnings)
                }))
    }

    private static let createKey: @Sendable (Call) async throws -> Response = { call in
        var form = try call.form()
        let name = form.string("name", .required, maxBytes: Limits.nameBytes)
        let scopes = form.choices("scopes", .required, count: 1...Scope.allCases.count, of: Scope.self)
        let read = try form.finish(name, scopes)
        return Response(
            try await call.gateway.createKey(
                name: read.0, scopes: read.1, by: call.caller, cause: call.cause,
                call.answering(.created, isSecret: true) { made, writer in
                    KeyView(made.key).write(&writer)
                    writer.member("key", made.text)
                }))
    }

    private static let pushRate: @Sendable (Call) async throws -> Response = { call in
        var form = try call.form()
        let asset = form.assetCode("asset", .required)
        let currency = form.string("currency", .required, maxBytes: Limits.currencyBytes)
        let rate = form.string("rate", .required, maxBytes: Limits.rateBytes)
        let read = try form.finish(asset, currency, rate)
        let maxAge = call.gateway.settings.rateMaxAgeSeconds
        return Response(
            try await call.gateway.push(
                asset: read.0, currency: read.1, rate: read.2, by: call.caller, cause: call.cause,
                call.answering(.created) { rate, writer in
                    RateView(rate, maxAgeSeconds: maxAge).write(&writer)
                }))
    }
}
