import Chains
import Crypto
import Database
import Domain
import Engine
import HTTP
import JSON
import Platform
import Storage
import TestKit

@testable import Web

/// A whole gateway for one test: a database of its own, both sandbox networks, live networks without a node, and
/// a clock that stands still. Everything in it is the real thing but clock and chance, which are told.
final class TestGateway: Sendable {
    let gateway: Gateway
    let store: Store
    let clock = ManualClock()
    let metrics = Metrics()
    let front: Front
    private let place: DatabasePlace
    private let lines = Lock<[String]>([])

    /// - Parameters:
    ///   - disk: in memory, for SQLite; nil for a real one.
    ///   - live: the networks that live keys may use. Nobody answers at their nodes.
    init(
        _ engine: DatabaseEngine = .sqlite, on disk: SimulatedDisk? = nil, rateLimit: RateLimit? = nil,
        live: [UTXONetwork] = [.bitcoin], isBitcoinHeard: Bool = true, allowsLoopbackWebhooks: Bool = false,
        recordedRefusals: RateLimit = RateLimit(quota: 1_000_000, windowSeconds: 1)
    ) async throws {
        place = try await DatabasePlace(engine)
        store = try await Store.open(try place.location(on: disk))
        let sandbox = SandboxWorld()
        let lines = lines
        let log = Log(minimum: .debug, clock: clock) { line in
            lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
        }
        let entropy = CountedEntropy()
        let world = World(clock: clock, entropy: entropy, log: log, metrics: metrics)
        var networks = SandboxNetwork.allCases.map { Networks.Entry(chain: sandbox.chain(on: $0), isTest: true) }
        for network in live {
            let settings = UTXOSettings(
                network: network, url: try URL(parsing: "http://127.0.0.1:1"),
                credentials: .password(user: "", Secret([])))
            networks.append(Networks.Entry(chain: UTXOChain(settings), isTest: false))
        }
        var settings = Settings(baseURL: "https://pay.example")
        settings.pollMilliseconds = 1_000
        settings.allowsLoopbackWebhooks = allowsLoopbackWebhooks
        guard let box = SecretBox(key: Secret([UInt8](repeating: 7, count: 32))),
            let signing = Ed25519.KeyPair(seed: Secret([UInt8](repeating: 9, count: 32)))
        else { throw TestKitError("keys of 32 bytes are keys") }
        gateway = Gateway(
            store: store, world: world, networks: Networks(networks), settings: settings,
            keys: InstanceKeys(box: box, signing: signing), sandbox: sandbox)
        front = Front(
            [
                API(
                    gateway: gateway, players: SandboxQuota(clock: clock), rateLimit: rateLimit,
                    recordedRefusals: recordedRefusals
                ).router,
                Operations(gateway).router,
            ], log: log, metrics: metrics, clock: clock, entropy: entropy)
        try await setRates()
        try await watch()
        if isBitcoinHeard { try await hearBitcoin() }
    }

    /// What was logged so far.
    var logged: [String] { lines.withLock { $0 } }

    private func setRates() async throws {
        try await gateway.setFixedRates([
            (try code("SBX"), "EUR", try Rate(parsing: "100")), (try code("SUSD"), "EUR", try Rate(parsing: "0.8")),
            (try code("BTC"), "EUR", try Rate(parsing: "50000")),
        ])
    }

    /// As if its node had been there once.
    private func hearBitcoin() async throws {
        let now = Instant(milliseconds: clock.now)
        let network = UTXONetwork.bitcoin.name
        try await store.write { tx in
            let row = SourceRow(
                sequence: 1, height: 900_000, block: BlockID("900000"), safe: nil, finalized: nil, isHealthy: true,
                fault: nil, scannedUntil: now, seenAt: now)
            try tx.save(row, of: network)
        }
    }

    private func code(_ text: String) throws -> AssetCode {
        guard let code = AssetCode(parsing: text) else { throw TestKitError("no asset code") }
        return code
    }

    /// Lets the watchers hear all that happened in the sandbox, and the clock's looks be taken.
    func watch() async throws {
        for entry in gateway.networks.entries where entry.isTest {
            let watcher = Watcher(gateway, entry)
            while try await watcher.step() {}
        }
        let ticker = Ticker(gateway)
        while try await ticker.step(isTest: true) > 0 {}
    }

    /// A new merchant with a key of each kind.
    func tenant(_ scopes: [Scope] = [.admin]) async throws -> Tenant {
        let merchant = try await gateway.createMerchant(name: "Shop", cause: "test")
        return Tenant(
            gateway: self, merchant: merchant.id, test: try await key(of: merchant.id, scopes, isTest: true),
            live: try await key(of: merchant.id, scopes, isTest: false))
    }

    /// The text of a new key.
    func key(of merchant: ID<Merchant>, _ scopes: [Scope], isTest: Bool) async throws -> String {
        try await gateway.createKey(
            merchant: merchant, name: "key", scopes: scopes, isTest: isTest, by: .operatorAtMachine, cause: "test"
        ).text
    }

    /// Sends one request through everything but the socket.
    func send(
        _ method: HTTP.Method, _ target: String, key: String?, body: [UInt8] = [], headers: Headers = Headers(),
        peer: String = "127.0.0.1"
    ) async -> Answer {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let pairs = parts.count == 2 ? parts[1].split(separator: "&") : []
        let query = Query(pairs.map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return Query.Pair(name: sides[0], value: sides.count == 2 ? sides[1] : "")
        })
        var headers = headers
        if let key { headers["Authorization"] = "Bearer \(key)" }
        if !body.isEmpty, headers["Content-Type"] == nil { headers["Content-Type"] = "application/json" }
        let request = Request(
            method: method, path: String(parts[0]), query: query, headers: headers, body: body,
            peer: Peer(address: peer, isSecure: false))
        return Answer(await front.respond(to: request))
    }

    /// Every row of every table, by table and in no order: to be compared with what is there later.
    func rows(but left: Set<String> = []) async throws -> [String: Set<Row>] {
        let tables = Schema.tables.keys.filter { !left.contains($0) }
        return try await store.database.read { db in
            var rows: [String: Set<Row>] = [:]
            for table in tables { rows[table] = Set(try db.query("SELECT * FROM \(raw: table)")) }
            return rows
        }
    }

    /// All that was written anywhere: every column of every table, and the log, as text.
    func told() async throws -> [String] {
        let values = try await rows().values.flatMap { $0.flatMap(\.values) }
        return logged + values.compactMap { value in
            switch value {
            case .null, .integer: nil
            case .text(let text): text
            case .blob(let bytes): String(decoding: bytes, as: UTF8.self)
            }
        }
    }

    /// How many lines the log of evidence has, those about refusals apart.
    func recordCounts() async throws -> (refused: Int, others: Int) {
        try await store.read { tx in
            var counts = (refused: 0, others: 0)
            for chain in try tx.chains(after: "", limit: 10_000) {
                for record in try tx.records(chain: chain, limit: 100_000) {
                    if record.record.kind == "refused" { counts.refused += 1 } else { counts.others += 1 }
                }
            }
            return counts
        }
    }
}

/// A merchant and its keys.
struct Tenant: Sendable {
    let gateway: TestGateway
    let merchant: ID<Merchant>
    let test: String
    let live: String

    func get(_ target: String, key: String? = nil) async -> Answer {
        await gateway.send(.get, target, key: key ?? test)
    }

    /// A POST with an idempotency key of its own, unless one is given.
    func post(
        _ target: String, _ body: JSON? = nil, key: String? = nil, idempotency: String? = nil
    ) async -> Answer {
        await send(.post, target, body, key: key, idempotency: idempotency)
    }

    func send(
        _ method: HTTP.Method, _ target: String, _ body: JSON? = nil, key: String? = nil, idempotency: String? = nil
    ) async -> Answer {
        var headers = Headers()
        if method != .get { headers["Idempotency-Key"] = idempotency ?? Hex.encode(SystemEntropy().bytes(16)) }
        return await gateway.send(method, target, key: key ?? test, body: body?.encoded() ?? [], headers: headers)
    }

    /// A new payment over 25 EUR in SBX, and its identity.
    func payment(_ changes: [(String, JSON)] = []) async -> (id: String, answer: Answer) {
        var body = Self.order
        for (name, value) in changes { body[name] = value }
        let answer = await post("/v1/payments", .object(body))
        return (answer.json?["id"]?.asString ?? "", answer)
    }

    static let order: JSONObject = [
        "merchant_order_id": "order-1", "amount": "25.00", "currency": "EUR", "asset": "SBX", "network": "sandbox",
    ]
}

extension API {
    /// Whose request it is.
    static func operation(_ method: HTTP.Method, _ target: String) -> Operation? {
        let parts = target.prefix { $0 != "?" }.split(separator: "/")
        return operations.first { operation in
            let pattern = operation.pattern.split(separator: "/")
            return operation.method == method && pattern.count == parts.count
                && zip(pattern, parts).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
        }
    }
}

/// An answer, read.
struct Answer: Sendable {
    let status: Int
    let headers: Headers
    let body: [UInt8]

    init(_ response: Response) {
        status = response.status.code
        headers = response.headers
        body = response.bytes ?? []
    }

    var json: JSON? { try? JSON.parse(body) }
    var text: String { String(decoding: body, as: UTF8.self) }
    var code: String? { json?["code"]?.asString }
    /// Where a problem's flaws are.
    var places: [String] {
        (json?["errors"]?.asArray ?? []).map { flaw in
            flaw["pointer"]?.asString ?? flaw["parameter"]?.asString.map { "?\($0)" } ?? "header"
        }
    }
    var flawCodes: [String] { (json?["errors"]?.asArray ?? []).compactMap { $0["code"]?.asString } }
}

/// Chance that counts, so that identities are the same in every run and never twice.
struct CountedEntropy: Entropy {
    private let next = Lock<UInt64>(0)

    func bytes(_ count: Int) -> [UInt8] {
        let number = next.withLock { next in
            next += 1
            return next
        }
        return (0..<count).map { place in
            let shift = (count - 1 - place) * 8
            return shift < 64 ? UInt8(truncatingIfNeeded: number >> UInt64(shift)) : 0
        }
    }
}

extension DatabasePlace {
    /// The same place on a disk in memory.
    fileprivate func location(on disk: SimulatedDisk?) throws -> DatabaseLocation {
        guard let disk else { return location }
        guard case .sqlite(let path, _) = location else { throw TestKitError("only SQLite lies on a simulated disk") }
        return .sqlite(path, vfs: disk.name)
    }
}
