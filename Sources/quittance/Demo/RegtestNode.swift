import Chains
import Domain
import JSON
import Platform

extension Configuration {
    /// The node that the script has started, on regtest, and a price for its coin.
    mutating func addRegtest(_ variables: [String: String]) throws {
        guard variables["QUITTANCE_BITCOIN_RPC_URL"] != nil else {
            throw WrongUse(
                "--bitcoin needs a node, described by QUITTANCE_BITCOIN_RPC_URL and the variables beside it.",
                hint: "“Scripts/demo --bitcoin” starts one.")
        }
        var known = variables.filter { $0.key.hasPrefix("QUITTANCE_BITCOIN_") }
        known["QUITTANCE_BITCOIN_NETWORK"] = UTXONetwork.bitcoinRegtest.rawValue
        var flaws: [WrongUse] = []
        applyNodes(known, &flaws)
        if let flaw = flaws.together { throw flaw }
        if let asset = AssetCode(parsing: "BTC") {
            rates.append(FixedRate(asset: asset, currency: "EUR", rate: try Rate(parsing: "58000")))
        }
    }
}

/// A Bitcoin node on regtest with two wallets: one that pays, one whose addresses the merchant receives at.
struct RegtestNode: Sendable {
    private let cli: String
    private let folder: String

    /// Makes the wallets, mines coins to spend, and registers the merchant's.
    init(_ variables: [String: String], _ api: APIClient) async throws {
        guard let cli = variables["QUITTANCE_BITCOIN_CLI"],
            let folder = variables["QUITTANCE_BITCOIN_DATADIR"]
        else {
            throw WrongUse(
                "--bitcoin needs QUITTANCE_BITCOIN_CLI and QUITTANCE_BITCOIN_DATADIR to mine and pay.")
        }
        self.cli = cli
        self.folder = folder
        for wallet in ["customer", "merchant"] {
            // A wallet of an earlier run is loaded already.
            if try await run(["createwallet", wallet]) == nil {
                _ = try await run(["loadwallet", wallet])
            }
        }
        try await mine(101)
        let list = try JSON.parse(text: try await say(["-rpcwallet=merchant", "listdescriptors"]))
        let descriptor = (list["descriptors"]?.asArray ?? []).first { entry in
            entry["internal"]?.asBool == false && entry["desc"]?.asString?.hasPrefix("wpkh(") == true
        }
        guard let descriptor = descriptor?["desc"]?.asString else {
            throw Failure("the node's wallet has no descriptor to receive at.")
        }
        try await api.post(
            "/v1/wallets", ["network": "bitcoin-regtest", "key": .string(descriptor), "name": "regtest"])
    }

    /// How a person pays and mines, for the terminal.
    var instructions: String {
        let command = "\(Terminal.quoted(cli)) -datadir=\(Terminal.quoted(folder)) -rpcwallet=customer"
        return """
            Bitcoin, on regtest: choose it on the payment page, and in another terminal pay and mine:
              \(command) sendtoaddress ADDRESS AMOUNT
              \(command) -generate 1
            """
    }

    func mine(_ blocks: Int) async throws {
        let address = try await say(["-rpcwallet=customer", "getnewaddress"])
        _ = try await say(["generatetoaddress", String(blocks), address])
    }

    func send(_ amount: String, to address: String) async throws {
        _ = try await say(["-rpcwallet=customer", "sendtoaddress", address, amount])
    }

    /// Puts an empty block in the place of the last one; what was in that waits again. A block that is only
    /// taken away would leave a node with less work than it had, which is behind, and no reorganisation.
    func replaceBlock() async throws {
        let best = try await say(["getbestblockhash"])
        _ = try await say(["invalidateblock", best])
        _ = try await say(["generateblock", "raw(51)", "[]"])
    }

    private func say(_ words: [String]) async throws -> String {
        guard let text = try await run(words) else {
            throw Failure("bitcoin-cli \(words.joined(separator: " ")) failed.")
        }
        return text
    }

    /// What the node's own program printed; nil when it ended with an error.
    private func run(_ words: [String]) async throws -> String? {
        let child = try ChildProcess(cli, ["-datadir=\(folder)"] + words)
        var lines: [String] = []
        for await line in child.lines { lines.append(line) }
        return await child.ended() == 0 ? lines.joined(separator: "\n") : nil
    }
}

extension Story {
    /// The same on a real node.
    static func bitcoin(_ node: RegtestNode) -> [Story] {
        @Sendable func payment(
            _ driver: Driver, _ order: String
        ) async throws -> (id: String, address: String, due: String) {
            let id = try await driver.pay(order, asset: "BTC", network: "bitcoin-regtest")
            let view = try await driver.await(id, "awaiting_payment")
            guard let address = view["address"]?.asString, let due = view["amount_due"]?.asString else {
                throw Failure("the payment has no address.")
            }
            return (id, address, due)
        }
        return [
            Story(name: "bitcoin: paid", state: "paid") { driver in
                let payment = try await payment(driver, "btc-exact")
                try await node.send(payment.due, to: payment.address)
                try await driver.await(payment.id, "detected")
                try await node.mine(1)
                return payment.id
            },
            Story(name: "bitcoin: under, then topped up", state: "paid") { driver in
                let payment = try await payment(driver, "btc-under")
                try await node.send("0.0001", to: payment.address)
                try await node.mine(1)
                let view = try await driver.await(payment.id, "underpaid")
                guard let rest = view["amount_remaining"]?.asString else {
                    throw Failure("the payment does not say what is missing.")
                }
                try await node.send(rest, to: payment.address)
                try await node.mine(1)
                return payment.id
            },
            Story(name: "bitcoin: over", state: "overpaid", exceptions: ["overpaid"]) { driver in
                let payment = try await payment(driver, "btc-over")
                try await node.send("0.001", to: payment.address)
                try await node.mine(1)
                return payment.id
            },
            Story(name: "bitcoin: duplicate", state: "paid", exceptions: ["duplicate"]) { driver in
                let payment = try await payment(driver, "btc-twice")
                try await node.send(payment.due, to: payment.address)
                try await node.mine(1)
                try await driver.await(payment.id, "paid")
                try await node.send(payment.due, to: payment.address)
                try await node.mine(1)
                return payment.id
            },
            Story(name: "bitcoin: reorg after paid", state: "paid", exceptions: ["reversed"]) { driver in
                let payment = try await payment(driver, "btc-reorg")
                try await node.send(payment.due, to: payment.address)
                try await node.mine(1)
                try await driver.await(payment.id, "paid")
                try await node.replaceBlock()
                try await driver.await(payment.id, "detected", ["reversed"])
                try await node.mine(2)
                return payment.id
            },
        ]
    }
}
