import Chains
package import Domain
import Storage

/// The lists of the gateway, in types that a surface can use without knowing the store.
extension Gateway {
    /// A merchant's payments, newest first.
    package func payments(
        of caller: Caller, _ query: PaymentQuery, _ list: ListRequest
    ) async throws -> ListPart<PaymentView> {
        ListPart(try await payments(of: caller, query.filter, address: query.address, list.page))
    }

    /// All that happened to a payment from record number `sequence` on.
    package func timeline(
        of id: ID<Payment>, from sequence: Int64, limit: Int, by caller: Caller
    ) async throws -> ListPart<RecordView> {
        let records = try await timeline(of: id, after: sequence - 1, limit: limit + 1, by: caller)
        let shown = records.prefix(limit).map { RecordView($0.record, reason: $0.reason) }
        return ListPart(items: shown, hasMore: records.count > limit)
    }

    /// A merchant's exceptions, newest first.
    package func exceptions(
        of caller: Caller, isOpen: Bool?, kind: Exception.Kind?, _ list: ListRequest
    ) async throws -> ListPart<ExceptionView> {
        ListPart(try await exceptions(of: caller, isOpen: isOpen, kind: kind, list.page))
    }

    /// A merchant's transfers, the latest payment's first.
    package func transfers(
        of caller: Caller, transaction: String?, _ list: ListRequest
    ) async throws -> ListPart<TransferView> {
        ListPart(
            try await transfers(of: caller, transaction: transaction, list.page)
                .map { TransferView(payment: $0.view, transfer: $0.transfer) })
    }

    /// Events in commit order, after one of them or from the beginning.
    package func eventList(
        of caller: Caller, after id: ID<Domain.Event>?, type: String?, payment: ID<Payment>?, limit: Int
    ) async throws -> ListPart<EventView> {
        let page = try await events(of: caller, after: id, type: type, subject: payment?.text, limit: limit)
        return ListPart(items: page.items.map { EventView($0) }, hasMore: page.hasMore, edge: page.edge)
    }

    /// One event.
    package func eventView(_ id: ID<Domain.Event>, of caller: Caller) async throws -> EventView {
        EventView(try await event(id, of: caller))
    }

    /// What one endpoint was owed, newest first.
    package func deliveries(
        of id: ID<Endpoint>, state: String?, _ list: ListRequest, by caller: Caller
    ) async throws -> ListPart<DeliveryView> {
        let page = try await deliveries(of: id, state: state, list.page, by: caller)
        return ListPart(page.map { DeliveryView($0) })
    }

    /// The tries of one delivery, oldest first.
    package func attemptViews(
        of delivery: String, endpoint: ID<Endpoint>, by caller: Caller
    ) async throws -> [AttemptView] {
        try await attempts(of: delivery, endpoint: endpoint, by: caller).map { AttemptView($0) }
    }

    /// The ledger entries of one payment, oldest first.
    package func entryViews(of id: ID<Payment>, by caller: Caller) async throws -> [EntryView] {
        let (payment, entries) = try await store.read { try self.booked(id, by: caller, $0) }
        return entries.map { entry in
            EntryView(id, payment, entry, decimals: decimals(of: entry.method))
        }
    }

    /// A merchant's ledger entries, the latest payment's first.
    package func entries(
        of caller: Caller, method: Domain.Method?, _ list: ListRequest
    ) async throws -> ListPart<EntryView> {
        let page = try await store.read { tx in
            try tx.entries(of: caller.merchant, method: method, isTest: caller.isTest, list.page)
        }
        return ListPart(
            page.map {
                EntryView($0.id, $0.payment, $0.entry, decimals: self.decimals(of: $0.entry.method))
            })
    }

    /// The balance of each account of a merchant.
    package func balanceViews(of caller: Caller) async throws -> [BalanceView] {
        try await balances(of: caller).map { balance in
            BalanceView(
                method: balance.method, account: balance.account, amount: balance.amount,
                decimals: decimals(of: balance.method))
        }
    }

    /// How the networks are doing; with a caller, those that it may use.
    package func sourceViews(for caller: Caller? = nil) async throws -> [SourceView] {
        try await sources().filter { caller == nil || $0.isTest == caller?.isTest }
            .map { SourceView(network: $0.network, isTest: $0.isTest, $0.row) }
    }

    /// The assets that a caller can be paid in.
    package func assets(for caller: Caller) -> [Asset] {
        networks.entries.filter { $0.isTest == caller.isTest }.flatMap(\.chain.assets)
    }

    /// All that a policy can speak of: what this program knows, whether it is configured here or not.
    package var knownMethods: Set<Domain.Method> {
        Set(networks.entries.flatMap(\.chain.assets).map(\.method))
            .union(SandboxNetwork.allCases.flatMap(\.assets).map(\.method))
            .union(UTXONetwork.allCases.map(\.coin.method))
    }

    /// Whether what is on a network is test money: as it is configured here, or else as this program knows it
    /// by its name. Nil for a name that it never heard.
    func isTest(_ network: NetworkName) -> Bool? {
        if let entry = networks[network] { return entry.isTest }
        if SandboxNetwork(network) != nil { return true }
        return UTXONetwork.allCases.first { $0.name == network }?.isTest
    }

    /// The rates that a merchant's payments would get now, with what each of them is good for.
    package func rateViews(for caller: Caller) async throws -> [RateView] {
        try await rates(for: caller).map { RateView($0, maxAgeSeconds: settings.rateMaxAgeSeconds) }
    }

    /// A merchant's wallets.
    package func walletViews(of caller: Caller) async throws -> [WalletView] {
        try await wallets(of: caller).map { WalletView($0.wallet, issued: $0.issued) }
    }

    /// A merchant's API keys of this key's mode, newest first, those that were revoked too.
    package func keyViews(of caller: Caller, _ list: ListRequest) async throws -> ListPart<KeyView> {
        ListPart(try await keys(of: caller, list.page).map { KeyView($0) })
    }

    /// A merchant's webhook endpoints.
    package func endpointViews(of caller: Caller) async throws -> [EndpointView] {
        let publicKey = try webhookPublicKey()
        return try await endpoints(of: caller).map { EndpointView($0, publicKey: publicKey) }
    }

    /// One webhook endpoint.
    package func endpointView(_ id: ID<Endpoint>, of caller: Caller) async throws -> EndpointView {
        EndpointView(try await endpoint(id, of: caller), publicKey: try webhookPublicKey())
    }

    /// A merchant's default policy for the payments of this key's mode.
    package func policy(of caller: Caller) async throws -> Policy {
        guard let merchant = try await merchant(caller.merchant) else {
            throw CommandError.notFound("merchant")
        }
        return merchant.policy(isTest: caller.isTest)
    }

    /// Also of a network that is not configured any more.
    func decimals(of method: Domain.Method) -> UInt8? {
        if let asset = networks.asset(method) { return asset.decimals }
        let sandbox = SandboxNetwork(method.network).map(\.assets) ?? []
        let coins = UTXONetwork.allCases.filter { $0.name == method.network }.map(\.coin)
        return (sandbox + coins).first { $0.method == method }?.decimals
    }
}
