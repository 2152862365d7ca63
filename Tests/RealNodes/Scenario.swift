import Chains
import Domain
import HTTP
import JSON
import Platform
import Storage
import Testing

/// One story between a customer, a real network and the gateway.
struct Scenario: Sendable, CustomTestStringConvertible {
    let name: String
    let tell: @Sendable (Till) async throws -> Void
    /// How many headers the gateway keeps.
    var keptHeaders: UInt64 = 1_000
    /// What the merchant's account is, around `KEY`.
    var account = "wpkh(KEY)"

    var testDescription: String { name }

    init(
        _ name: String, keptHeaders: UInt64 = 1_000,
        _ tell: @escaping @Sendable (Till) async throws -> Void
    ) {
        (self.name, self.tell, self.keptHeaders) = (name, tell, keptHeaders)
    }

    /// Tells it from a new gateway on, and looks at what is left behind.
    func run(on coin: Coin, onPostgres: Bool = false) async throws {
        try await run(on: RealNode.of(coin), onPostgres: onPostgres)
    }

    func run(
        on node: RealNode, through url: HTTP.URL? = nil, as login: NodeCredentials? = nil,
        woken endpoint: String? = nil, onPostgres: Bool = false
    ) async throws {
        let till = try await Till(
            node, through: url, as: login, woken: endpoint, account: account, keptHeaders: keptHeaders,
            onPostgres: onPostgres)
        do {
            try await tell(till)
            try await till.mine(Int(Till.confirmations))
            try await till.audit()
        } catch {
            await till.close()
            throw error
        }
        await till.close()
    }

    /// An account of another kind gives the addresses that the node makes of it, and is paid at them.
    static func receiving(at account: String) -> Scenario {
        var scenario = Scenario(account) { till in
            let order = try await till.open(price)
            let checked = try await till.node.ask("getdescriptorinfo", .string(till.descriptor))
            let first = try await till.node.ask("deriveaddresses", checked["descriptor"] ?? .null, [0, 0])
            #expect(first[0]?.asString == order.address)
            try await till.node.pay([(order.address, price)])
            try await till.settle()
            try await till.expect(order, .detected)
            try await till.mine(2)
            try await till.expect(order, .paid)
        }
        scenario.account = account
        return scenario
    }

    static let all = paying + replacing + undoing + failing
}

/// What a small payment asks for, in base units.
let price: UInt64 = 50_000

extension Till {
    /// Expects a payment to stand somewhere.
    func expect(
        _ order: Order, _ state: Domain.State, _ open: [Domain.Exception.Kind] = [],
        _ at: SourceLocation = #_sourceLocation
    ) async throws {
        let status = try await status(order)
        #expect(status == Status(state, open), sourceLocation: at)
    }

    /// Expects a payment to stand somewhere at every look, until a node that was started is heard whole again.
    func expectWhileWaking(
        _ order: Order, _ state: Domain.State, _ at: SourceLocation = #_sourceLocation
    ) async throws {
        let deadline = SystemClock().uptime + 60_000
        while SystemClock().uptime < deadline {
            try await settle()
            #expect(try await status(order).state == state, sourceLocation: at)
            if try await source?.scannedUntil.milliseconds == clock.now { return }
            try await SystemClock().sleep(milliseconds: 20)
        }
        Issue.record("the node did not come back", sourceLocation: at)
    }

    /// Expects the announcements of a payment, `payment.` left out, without those of exceptions.
    func expectStory(_ order: Order, _ story: [String], _ at: SourceLocation = #_sourceLocation)
        async throws
    {
        let told = try await events(order.id).map(\.type).filter { $0.hasPrefix("payment.") }
            .map { String($0.dropFirst("payment.".count)) }
        #expect(told == story, sourceLocation: at)
    }
}
