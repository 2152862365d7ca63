import Chains
import Crypto
import Domain
import Engine
import HTTP
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import quittance

/// The whole program beside a node of every network there is, and beside the wrong ones.
@Suite(
    "Every network is told from every other", .serialized,
    .enabled(if: Coin.started.count == 2, "this takes both nodes"))
struct NetworkTests {
    /// Networks whose nodes make blocks here, and how many: the others know their first one and no more, and
    /// say that they are catching up.
    private static let mined: [UTXONetwork: Int] = [.bitcoinRegtest: 3, .litecoinRegtest: 2, .bitcoinSignet: 1]

    /// Another network's node for each, where there is one with the same name for its chain.
    private static let wrong: [UTXONetwork: UTXONetwork] = [
        .bitcoin: .litecoin, .litecoin: .bitcoin, .bitcoinTestnet3: .litecoinTestnet,
        .litecoinTestnet: .bitcoinTestnet3, .bitcoinTestnet4: .bitcoinSignet, .bitcoinSignet: .bitcoinRegtest,
        .bitcoinRegtest: .litecoinRegtest, .litecoinRegtest: .bitcoinRegtest,
    ]

    @Test("A node is heard on its own network only, and whoever watches over the program is told")
    func all() async throws {
        let nodes = try await Self.nodes()
        let folder = try TemporaryFolder()
        let asked = try await Self.serving(nodes, folder.path) { watched in
            try await watched.expectRight()
            let asked = try await watched.open(on: .bitcoinSignet)
            #expect(try await !watched.page(asked).contains("cannot be heard"))
            return asked
        }

        // The same script is paid where its address leads to now: on another chain.
        try await nodes[.bitcoinRegtest]?.mine(to: asked.script)
        let misled = Self.wrong.compactMapValues { nodes[$0] }
        try await Self.serving(misled, folder.path) { watched in
            try await watched.expectWrong()
            // The customer is told, and still sees where to pay: the address is right, the node is not.
            let page = try await watched.page(asked)
            #expect(page.contains("network cannot be heard here at the moment."), "\(page)")
            #expect(page.contains(asked.address))
            let payment = try await watched.gateway.payment(asked.id, of: asked.caller).payment
            #expect(payment.state == .awaitingPayment && payment.evidence.transfers.isEmpty)
        }

        // The right ones again: as if nothing had happened.
        try await nodes[.bitcoinSignet]?.mine(to: asked.script)
        try await Self.serving(nodes, folder.path) { watched in
            try await watched.wait { sources in
                sources.allSatisfy { $0.isHealthy || $0.faultKind == "syncing" }
            }
            let mined = Self.mined.merging([.bitcoinRegtest: 1, .bitcoinSignet: 1]) { $0 + $1 }
            for (network, height) in mined {
                try await watched.expect(network, nil, height: UInt64(height))
            }
            let payment = try await watched.gateway.payment(asked.id, of: asked.caller).payment
            #expect(payment.state == .confirming)
            // What came on the other chain is told as that, now that its own node is heard again.
            let places = payment.evidence.transfers.map(\.key.network).sorted { $0.text < $1.text }
            #expect(places == [UTXONetwork.bitcoinRegtest.name, UTXONetwork.bitcoinSignet.name])
            #expect(payment.assessment.confirmed == .zero)
        }
    }

    // MARK: Nodes

    /// Where a node is asked.
    private struct Place: Sendable {
        let url: String
        let user: String
        let password: String
    }

    private struct Node: Sendable {
        let keeper: NodeKeeper
        let place: Place

        /// Mines blocks to a script in hexadecimal.
        func mine(_ count: Int = 1, to script: String) async throws {
            let rpc = NodeRPC(
                try HTTP.URL(parsing: place.url),
                .password(user: place.user, Secret(Array(place.password.utf8))))
            let script = try await rpc.call("getdescriptorinfo", "raw(\(script))")["descriptor"] ?? .null
            _ = try await rpc.call(
                "generatetodescriptor", .integer(count), script, 1_000_000_000, isLarge: true)
        }
    }

    private static func nodes() async throws -> [UTXONetwork: Node] {
        var nodes: [UTXONetwork: Node] = [:]
        // Two at a time: each takes a processor until it answers.
        for pair in stride(from: 0, to: UTXONetwork.allCases.count, by: 2) {
            try await withThrowingTaskGroup(of: (UTXONetwork, Node).self) { group in
                for network in UTXONetwork.allCases[pair...].prefix(2) {
                    group.addTask { (network, try await node(on: network)) }
                }
                for try await (network, node) in group { nodes[network] = node }
            }
        }
        return nodes
    }

    private static func node(on network: UTXONetwork) async throws -> Node {
        let coin: Coin = network.isLitecoin ? .litecoin : .bitcoin
        // A signet whose blocks anybody may sign, which is nobody else's: its first block is that of all.
        let more = network == .bitcoinSignet ? "-signetchallenge=51" : ""
        let (keeper, lines) = try await NodeKeeper.start(coin, on: chain(network), more)
        let place = Place(
            url: lines[coin.prefix + "RPC_URL"] ?? "", user: lines[coin.prefix + "RPC_USER"] ?? "",
            password: lines[coin.prefix + "RPC_PASSWORD"] ?? "")
        let node = Node(keeper: keeper, place: place)
        if let count = mined[network] { try await node.mine(count, to: "51") }
        return node
    }

    private static func chain(_ network: UTXONetwork) -> String {
        switch network {
        case .bitcoin, .litecoin: "main"
        case .bitcoinTestnet3, .litecoinTestnet: "test"
        case .bitcoinTestnet4: "testnet4"
        case .bitcoinSignet: "signet"
        case .bitcoinRegtest, .litecoinRegtest: "regtest"
        }
    }

    // MARK: The program

    private static func serving<Result: Sendable>(
        _ nodes: [UTXONetwork: Node], _ folder: String, _ body: (Watched) async throws -> Result
    ) async throws -> Result {
        var configuration = Configuration(data: folder)
        configuration.port = 0
        configuration.hasSandbox = false
        for (network, node) in nodes {
            configuration.nodes.append(
                NodeSettings(
                    network: network, rpcURL: node.place.url,
                    credentials: .password(user: node.place.user, password: node.place.password)))
        }
        let running = try await Running.start(configuration, log: .silent)
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(Watched(running: running, configuration: configuration)))
        } catch {
            result = .failure(error)
        }
        try await running.stop()
        return try result.get()
    }

    /// A payment that waits for somebody to pay a script.
    private struct Asked: Sendable {
        let caller: Caller
        let id: ID<Payment>
        let script: String
        let address: String
        /// Where its customer is sent.
        let page: String
    }

    /// A gateway that runs, as those see it who watch over it.
    private struct Watched {
        let running: Running
        let configuration: Configuration

        var gateway: Gateway { running.instance.gateway }

        func expectRight() async throws {
            try await wait { $0.allSatisfy { $0.seenAt != nil } }
            let said = try await doctor()
            for network in UTXONetwork.allCases {
                let height = NetworkTests.mined[network]
                try await expect(network, height == nil ? "syncing" : nil, height: height.map(UInt64.init))
                // One that is alone on purpose is well.
                let line = try #require(said.first { $0.contains(" \(network.rawValue) ") }, "\(network)")
                #expect(line.hasPrefix(network.isRegtest ? "ok " : "LOOK "), "\(line)")
                let place = height.map { " at block \($0)" } ?? " is at block 0 of 0"
                #expect(line.contains(place + (network == .bitcoinSignet ? " speaks to no other node" : "")))
            }
        }

        func expectWrong() async throws {
            try await wait { $0.allSatisfy { $0.faultKind == "wrong_network" } }
            let said = try await doctor()
            for network in UTXONetwork.allCases {
                // What was heard before stands: neither zero nor another chain's.
                try await expect(network, "wrong_network", height: NetworkTests.mined[network].map(UInt64.init))
                let line = try #require(said.first { $0.contains(" \(network.rawValue) ") }, "\(network)")
                #expect(line.hasPrefix("LOOK ") && line.contains("on another network"), "\(line)")
            }
        }

        func open(on network: UTXONetwork) async throws -> Asked {
            let merchant = try await gateway.createMerchant(name: "Fern & Fable", cause: "test")
            let key = try await gateway.createKey(
                merchant: merchant.id, name: "test", scopes: [.admin], isTest: true, by: .operatorAtMachine,
                cause: "test")
            let caller = Caller(merchant: merchant.id, key: key.key.id, isTest: true, scopes: ["admin"])
            _ = try await gateway.createWallet(
                network: network.name, key: "wpkh(\(Till.publicKey)/0/*)", name: "Till", by: caller, cause: "test",
                Answering(key: nil) { _ in Till.nothing })
            var new = NewPayment(orderID: "order", amount: "0.0005", currency: "BTC")
            new.methods = [network.coin.method]
            new.chosen = network.coin.method
            let made = Lock<PaymentView?>(nil)
            _ = try await gateway.open(
                new, by: caller, cause: "test",
                Answering(key: nil) { view in
                    made.withLock { $0 = view }
                    return Till.nothing
                })
            guard let view = made.withLock({ $0 }), let destination = view.quote?.destination,
                let token = view.checkoutURL?.split(separator: "/").last
            else { throw TestKitError("no destination") }
            return Asked(
                caller: caller, id: view.payment.id, script: destination.script, address: destination.address,
                page: "/checkout/\(token)")
        }

        /// What the customer reads.
        func page(_ asked: Asked) async throws -> String {
            let response = try await Client(.trusted).send(
                ClientRequest(.get, try HTTP.URL(parsing: running.url + asked.page)))
            #expect(response.status == .ok)
            return String(decoding: response.body, as: UTF8.self)
        }

        func wait(_ isSo: ([SourceView]) -> Bool) async throws {
            let deadline = SystemClock().uptime + 120_000
            while SystemClock().uptime < deadline {
                if isSo(try await gateway.sourceViews()) { return }
                try await SystemClock().sleep(milliseconds: 20)
            }
            Issue.record("the networks were not heard")
        }

        /// Expects a network to stand somewhere, in every place that shows it.
        func expect(
            _ network: UTXONetwork, _ fault: String?, height: UInt64?, _ at: SourceLocation = #_sourceLocation
        ) async throws {
            let told = Comment(rawValue: network.rawValue)
            let ready = try await get("/readyz")
            let place = network.isTest ? "test_networks" : "reasons"
            let reasons = ready.json[place]?.asArray?.compactMap(\.asString) ?? []
            let reason = reasons.first { $0.hasPrefix(network.rawValue + ": ") }
            #expect(reason == fault.map { "\(network.rawValue): not healthy (\($0))" }, told, sourceLocation: at)
            #expect(ready.status == 503, sourceLocation: at)
            let merchant = try await gateway.createMerchant(name: "Fern & Fable", cause: "test")
            let key = try await gateway.createKey(
                merchant: merchant.id, name: "test", scopes: [.admin], isTest: network.isTest,
                by: .operatorAtMachine, cause: "test")
            let list = try await get("/v1/networks", key: key.text).json["data"]?.asArray ?? []
            let shown = list.first { $0["network"]?.asString == network.rawValue }
            #expect(shown?["healthy"]?.asBool == (fault == nil), told, sourceLocation: at)
            #expect(shown?["height"]?.asUInt64 == height, told, sourceLocation: at)
            let assets = try await get("/v1/assets", key: key.text).json["data"]?.asArray ?? []
            #expect(assets.contains { $0["network"]?.asString == network.rawValue }, told, sourceLocation: at)
        }

        private func get(_ path: String, key: String? = nil) async throws -> (status: Int, json: JSON) {
            var request = ClientRequest(.get, try HTTP.URL(parsing: running.url + path))
            if let key { request.headers.add("Authorization", "Bearer \(key)") }
            let response = try await Client(.trusted).send(request)
            return (Int(response.status.code), try JSON.parse(response.body))
        }

        /// What `doctor` says, by line.
        func doctor() async throws -> [String] {
            let settings: JSON = .object([
                "sandbox": false,
                "networks": .array(
                    try configuration.nodes.map { node in
                        guard case .password(let user, let password) = node.credentials else {
                            throw TestKitError("no password")
                        }
                        let file = configuration.data + "/\(node.network.rawValue).password"
                        try Files.write(Array(password.utf8), to: file)
                        return .object([
                            "network": .string(node.network.rawValue), "rpc_url": .string(node.rpcURL),
                            "rpc_user": .string(user), "rpc_password_file": .string(file),
                        ])
                    }),
            ])
            let file = configuration.data + "/quittance.json"
            try Files.write(Array(settings.encodedText.utf8), to: file)
            let said = Lock<[String]>([])
            let terminal = Terminal(
                variables: [:], out: { text in said.withLock { $0.append(text) } },
                err: { text in said.withLock { $0.append(text) } })
            let ending = await Quittance.run(["doctor", "--data", configuration.data], terminal)
            let lines = said.withLock { $0.flatMap { $0.split(separator: "\n").map(String.init) } }
            #expect(ending == .finding, "\(lines)")
            return lines
        }
    }
}
