import Chains
import Domain
import Foundation
import HTTP
import JSON
import Platform
import TestKit

/// An unspent output of the customer's wallet.
struct Purse: Hashable, Sendable {
    let transaction: String
    let index: UInt64
    let value: UInt64
}

/// A running node with a customer's wallet in it, shared by all scenarios of a coin, one after another.
final class RealNode: Sendable {
    let coin: Coin
    let url: HTTP.URL
    let zmq: String?
    /// User and password, in a file of the form of the node's own cookie: a restart changes them.
    let credentials: NodeCredentials
    private let keeper: NodeKeeper
    private let root: NodeRPC
    private let customer: NodeRPC
    private let merchant: NodeRPC
    private let home = Lock("")
    private let used = Lock<Set<String>>([])
    private let branch = Lock<UInt32>(0)

    /// What every transaction of these tests pays its miner, unless it bids more.
    static let fee: UInt64 = 20_000

    static func of(_ coin: Coin) async throws -> RealNode {
        switch coin {
        case .bitcoin: try await bitcoin.value
        case .litecoin: try await litecoin.value
        }
    }

    private static let bitcoin = Task { try await RealNode.start(.bitcoin) }
    private static let litecoin = Task { try await RealNode.start(.litecoin) }

    /// A node of its own, which may be broken; with more options.
    static func start(
        _ coin: Coin, hasExtensionBlocks: Bool = false, _ more: String = ""
    ) async throws -> RealNode {
        let (keeper, lines) = try await NodeKeeper.start(coin, hasExtensionBlocks: hasExtensionBlocks, more)
        let node = try RealNode(coin, keeper, lines)
        for wallet in ["customer", "merchant"] {
            _ = try await node.ask("createwallet", .string(wallet))
        }
        let home = try await node.newAddress()
        node.home.withLock { $0 = home }
        try await node.mine(130)
        return node
    }

    private init(_ coin: Coin, _ keeper: NodeKeeper, _ lines: NodeKeeper.Lines) throws {
        self.coin = coin
        self.keeper = keeper
        url = try HTTP.URL(parsing: lines[coin.prefix + "RPC_URL"] ?? "")
        zmq = lines[coin.prefix + "ZMQ"]
        let file = keeper.folder + "/credentials"
        credentials = .cookie(file: file)
        root = NodeRPC(url, credentials)
        customer = NodeRPC(try url.with(target: "/wallet/customer"), credentials)
        merchant = NodeRPC(try url.with(target: "/wallet/merchant"), credentials)
        try write(lines)
    }

    private func write(_ lines: NodeKeeper.Lines) throws {
        let user = lines[coin.prefix + "RPC_USER"] ?? ""
        let password = lines[coin.prefix + "RPC_PASSWORD"] ?? ""
        try Files.write(Array("\(user):\(password)".utf8), to: keeper.folder + "/credentials")
    }

    /// A receiving branch that no scenario had before.
    func nextBranch() -> UInt32 {
        branch.withLock { branch in
            branch += 1
            return branch
        }
    }

    func stop() async throws { try await keeper.stop() }

    /// What a node has lost when it starts again.
    enum Loss: Sendable {
        case nothing
        /// What was in the pool.
        case pool
        /// All blocks.
        case blocks
        /// What it made of its blocks: it reads them anew.
        case index
    }

    /// Starts it again.
    func start(without loss: Loss = .nothing) async throws {
        let chain = keeper.folder + "/regtest/"
        switch loss {
        case .nothing: break
        case .pool: try Files.remove(chain + "mempool.dat")
        case .blocks:
            for name in ["blocks", "chainstate", "indexes", "mempool.dat"] {
                try FileManager.default.removeItem(atPath: chain + name)
            }
        case .index: break
        }
        let zmqPort = zmq.map { String($0.reversed().prefix { $0 != ":" }.reversed()) } ?? ""
        try write(try await keeper.start(
            coin, port: String(url.port), zmqPort: zmqPort, isReindexing: loss == .index))
        for wallet in ["customer", "merchant"] {
            do { _ = try await ask("loadwallet", .string(wallet)) } catch NodeFailure.refused {
                // It came up with the node.
                continue
            }
        }
    }

    // MARK: Calls

    func ask(_ method: String, _ parameters: JSON...) async throws -> JSON {
        try await root.batch([NodeRPC.Call(method, parameters)])[0].get()
    }

    func askCustomer(_ method: String, _ parameters: JSON...) async throws -> JSON {
        try await customer.batch([NodeRPC.Call(method, parameters)])[0].get()
    }

    func askMerchant(_ method: String, _ parameters: JSON...) async throws -> JSON {
        try await merchant.batch([NodeRPC.Call(method, parameters)])[0].get()
    }

    func newAddress() async throws -> String { try text(await askCustomer("getnewaddress")) }

    private func text(_ value: JSON?) throws -> String {
        guard let text = value?.asString else { throw TestKitError("no text from \(coin.daemon)") }
        return text
    }

    // MARK: Blocks

    /// Mines blocks that take whatever waits; gives the last one's name.
    @discardableResult
    func mine(_ count: Int = 1, to address: String? = nil) async throws -> String {
        let home = address ?? home.withLock { $0 }
        var last = ""
        // In parts: each call ends within the time-out, also on a slow machine.
        for start in stride(from: 0, to: count, by: 50) {
            let part = min(50, count - start)
            let blocks = try await ask("generatetoaddress", .integer(part), .string(home))
            last = try text(blocks.asArray?.last)
        }
        return last
    }

    /// Mines blocks without any transaction but their own.
    func mineEmpty(_ count: Int) async throws {
        let home = home.withLock { $0 }
        for _ in 0..<count { _ = try await ask("generateblock", .string(home), .array([])) }
    }

    /// The raw blocks from a height on, oldest first.
    func rawBlocks(from lowest: UInt64 = 1) async throws -> [String] {
        var blocks: [String] = []
        for height in lowest...(try await height()) {
            let hash = try await ask("getblockhash", .integer(height))
            blocks.append(try text(await ask("getblock", hash, 0)))
        }
        return blocks
    }

    /// Gives the node a block, as a peer would.
    func submit(_ block: String) async throws {
        let objection = try await ask("submitblock", .string(block)).asString
        guard objection == nil || objection == "duplicate" else {
            throw TestKitError("\(coin.daemon): \(objection ?? "")")
        }
    }

    func best() async throws -> String { try text(await ask("getbestblockhash")) }
    func height() async throws -> UInt64 { try await ask("getblockcount").asUInt64 ?? 0 }

    /// The chain loses its last blocks; what was in them waits again.
    func undo(_ count: UInt64) async throws {
        let height = try await height()
        let block = try text(await ask("getblockhash", .integer(height - count + 1)))
        _ = try await ask("invalidateblock", .string(block))
    }

    /// So much time passes on the node's clock; nil sets it by the machine's again.
    func pass(seconds: Int64?) async throws {
        let moment = seconds.map { SystemClock().now / 1_000 + $0 } ?? 0
        _ = try await ask("setmocktime", .integer(moment))
    }

    // MARK: Money

    /// A coin of the customer that no scenario had before, of one whole unit at least.
    func takeCoin() async throws -> Purse {
        let list = try await askCustomer("listunspent").asArray ?? []
        for entry in list {
            let id = try text(entry["txid"])
            guard let index = entry["vout"]?.asUInt64, entry["safe"]?.asBool ?? true,
                let value = entry["amount"]?.asNumber.flatMap({ Self.units($0.text) }),
                value >= 100_000_000,
                used.withLock({ $0.insert("\(id):\(index)").inserted })
            else { continue }
            return Purse(transaction: id, index: index, value: value)
        }
        throw TestKitError("the customer has no coin left")
    }

    /// Spends coins to addresses; the rest goes back to the customer. Replaceable. Gives the raw transaction.
    func sign(_ coins: [Purse], _ outputs: [(String, UInt64)], fee: UInt64 = fee) async throws -> String
    {
        let change = coins.map(\.value).reduce(0, +) - outputs.map(\.1).reduce(0, +) - fee
        let all = outputs + [(try await newAddress(), change)]
        let inputs = coins.map {
            JSON.object([
                "txid": .string($0.transaction), "vout": .integer($0.index), "sequence": 4_294_967_293,
            ])
        }
        let raw = try await ask(
            "createrawtransaction", .array(inputs),
            .array(all.map { .object([$0.0: .string(DecimalText.text(UInt128($0.1), decimals: 8))]) }))
        return try text(await askCustomer("signrawtransactionwithwallet", raw)["hex"])
    }

    /// Sends a raw transaction; gives its id.
    @discardableResult
    func send(_ raw: String) async throws -> String {
        try text(await ask("sendrawtransaction", .string(raw)))
    }

    /// Pays addresses from a fresh coin; gives the coin and the transaction's id.
    @discardableResult
    func pay(_ outputs: [(String, UInt64)], fee: UInt64 = fee) async throws -> (coin: Purse, id: String)
    {
        let coin = try await takeCoin()
        return (coin, try await send(sign([coin], outputs, fee: fee)))
    }

    func pool() async throws -> [String] {
        try await ask("getrawmempool").asArray?.compactMap(\.asString) ?? []
    }

    /// What the chain says is unspent at the first destinations of a descriptor.
    func unspent(_ descriptor: String, range: Int) async throws -> UInt64 {
        let answer = try await ask(
            "scantxoutset", "start", [.object(["desc": .string(descriptor), "range": .integer(range)])])
        guard let total = answer["total_amount"]?.asNumber.flatMap({ Self.units($0.text) }) else {
            throw TestKitError("no total from \(coin.daemon)")
        }
        return total
    }

    static func units(_ text: String) -> UInt64? {
        (try? DecimalText.units(text, decimals: 8)).flatMap { UInt64(exactly: $0) }
    }
}
