import Crypto
import Database
import Engine
import Foundation
import HTTP
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import quittance

@Suite("The commands, run on a folder of their own")
struct CommandTests {
    @Test("A new instance is set up, looked at and verified")
    func setUp() async throws {
        let folder = try TemporaryFolder()
        let data = ["--data", folder.file("data")]
        let said = Lines()
        #expect(await Quittance.run(["merchant", "create", "--name", "Shop"] + data, said.terminal()) == .good)
        #expect(said.output.hasPrefix("mer_"))
        let key = Lines()
        #expect(await Quittance.run(["key", "create"] + data, key.terminal()) == .good)
        #expect(key.output.hasPrefix("qk_test_"))
        #expect(await Quittance.run(["key", "create", "--scopes", "all"] + data, Lines().terminal()) == .wrongUse)
        let doctor = Lines()
        #expect(await Quittance.run(["doctor"] + data, doctor.terminal()) == .good)
        #expect(doctor.output.hasSuffix("All is well."))
        #expect(await Quittance.run(["verify"] + data, Lines().terminal()) == .good)
        let migrate = Lines()
        #expect(await Quittance.run(["migrate"] + data, migrate.terminal()) == .good)
        #expect(migrate.output.contains("was there"))
    }

    @Test("A folder without a gateway is not taken for one in good order", arguments: [
        "verify", "merchant list", "key list", "key create", "key revoke key_1", "key rotate-instance", "migrate",
        "payment list --set-aside", "payment release pay_1 --reason a",
    ])
    func nowhere(_ command: String) async throws {
        let folder = try TemporaryFolder()
        let said = Lines()
        let words = command.split(separator: " ").map(String.init)
        let ending = await Quittance.run(words + ["--data", folder.file("nothing")], said.terminal())
        #expect(ending == .worldFailed)
        #expect(said.errors.joined().contains("there is no gateway in"))
        #expect(!Files.exists(folder.file("nothing")))
    }

    @Test("Before the first start a doctor looks at all that needs no database, and makes nothing", arguments: [
        [:], ["QUITTANCE_STORAGE": "postgres://nobody@127.0.0.1:1/nothing"],
    ])
    func beforeTheFirstStart(_ storage: [String: String]) async throws {
        let folder = try TemporaryFolder()
        let node = [
            "QUITTANCE_BITCOIN_RPC_URL": "http://127.0.0.1:1", "QUITTANCE_BITCOIN_RPC_USER": "a",
            "QUITTANCE_BITCOIN_RPC_PASSWORD": "b",
        ]
        let said = Lines()
        let ending = await Quittance.run(
            ["doctor", "--data", folder.file("nothing")], said.terminal(node.merging(storage) { $1 }))
        #expect(ending == .finding)
        #expect(said.output.contains(storage.isEmpty ? "there is no gateway in" : "there is no data folder"))
        #expect(said.output.contains("bitcoin           the node does not answer"), "\(said.output)")
        #expect(!Files.exists(folder.file("nothing")))
    }

    @Test("A second process on an embedded database is told what to do")
    func taken() async throws {
        let folder = try TemporaryFolder()
        var configuration = Configuration(data: folder.path)
        configuration.port = 0
        let running = try await Running.start(configuration, log: .silent)
        let said = Lines()
        let ending = await Quittance.run(["migrate", "--data", folder.path], said.terminal())
        #expect(ending == .worldFailed)
        #expect(said.errors.joined().contains("another process works on"))
        #expect(said.errors.joined().contains("Stop that one"))
        let second = Lines()
        let serve = ["serve", "--listen", "127.0.0.1:0", "--data", folder.path]
        #expect(await Quittance.run(serve, second.terminal()) == .worldFailed)
        #expect(second.errors.joined().contains("another process works on"))
        try await running.stop()
        #expect(await Quittance.run(["merchant", "list", "--data", folder.path], Lines().terminal()) == .good)
    }

    @Test("A key file that others may read is refused")
    func keyFile() async throws {
        let folder = try TemporaryFolder()
        let entropy = SystemEntropy()
        let made = try InstanceKeyFile.open(folder: folder.path, entropy)
        let read = try InstanceKeyFile.open(folder: folder.path, entropy)
        #expect(made.signing.publicKey == read.signing.publicKey)
        #expect(try Files.permissions(of: folder.file("instance.key")) == 0o600)
        let bytes = try Files.read(folder.file("instance.key"), maxBytes: 4_096)
        try Files.write(bytes, to: folder.file("instance.key"), mode: 0o644)
        #expect(throws: Failure.self) { try InstanceKeyFile.open(folder: folder.path, entropy) }
        try Files.write(Array(bytes.dropLast(5)), to: folder.file("instance.key"))
        #expect(throws: Failure.self) { try InstanceKeyFile.open(folder: folder.path, entropy) }
    }

    @Test("An instance is opened with its own key or not at all")
    func foreignKey() async throws {
        let folder = try TemporaryFolder()
        let data = ["--data", folder.path]
        let file = folder.file("instance.key")
        #expect(await Quittance.run(["merchant", "create", "--name", "a"] + data, Lines().terminal()) == .good)
        let own = try Files.read(file, maxBytes: 4_096)
        try Files.remove(file)
        let missing = Lines()
        #expect(await Quittance.run(["merchant", "list"] + data, missing.terminal()) == .worldFailed)
        #expect(missing.errors.joined().contains("instance.key is missing"))
        #expect(!Files.exists(file), "no other one is made in its place")
        _ = try InstanceKeyFile.open(folder: folder.path, SystemEntropy())
        let foreign = Lines()
        #expect(await Quittance.run(["merchant", "list"] + data, foreign.terminal()) == .worldFailed)
        #expect(foreign.errors.joined().contains("is not the key that this database belongs to"))
        try Files.write(own, to: file, mode: 0o600)
        #expect(await Quittance.run(["merchant", "list"] + data, Lines().terminal()) == .good)
    }

    @Test("Only a gateway that serves sets the fixed rates")
    func rates() async throws {
        let folder = try TemporaryFolder()
        var configuration = Configuration(data: folder.path)
        configuration.port = 0
        let looked = try await Instance.with(configuration) { instance in
            try await instance.gateway.store.read { try $0.rates(of: nil) }
        }
        #expect(looked.isEmpty)
        let running = try await Running.start(configuration, log: .silent)
        let served = try await running.instance.gateway.store.read { try $0.rates(of: nil) }
        #expect(served.count == FixedRate.sandbox.count)
        try await running.stop()
    }

    @Test("What lets a customer see a payment is not written into the log")
    func paths() {
        for (path, segments, told) in [
            ("/checkout/cap_1/state", ["checkout", "cap_1", "state"], "/checkout/…"),
            ("//receipt/cap_1", ["receipt", "cap_1"], "/receipt/…"), ("/checkout", ["checkout"], "/checkout/…"),
            ("/%63heckout/cap_1", ["checkout", "cap_1"], "/checkout/…"),
            ("/v1/payments/pay_1", ["v1", "payments", "pay_1"], "/v1/payments/pay_1"), ("/", [], "/"), ("", [], ""),
        ] {
            #expect(Running.loggable(path, segments) == told)
        }
    }

    @Test("The demo drives every case through the API, and all come out as they should", .timeLimit(.minutes(15)))
    func demo() async throws {
        // In a process of its own: a demo that is broken off ends its process.
        let folder = try TemporaryFolder()
        let ended = try await ChildProcess.run(
            try Self.program(), ["demo", "--check"], environment: ["TMPDIR": folder.path], errors: .output)
        #expect(ended.code == 0, "\(ended.output)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [], "nothing is left")
    }

    /// The program that was built beside the tests.
    private static func program() throws -> String {
        let own = try #require(Environment.program)
        return "/" + own.split(separator: "/").dropLast().joined(separator: "/") + "/quittance"
    }

    @Test("The demo opens its shop: all that it names answers, somebody buys, and it ends when asked to")
    func shop() async throws {
        let folder = try TemporaryFolder()
        let demo = try ChildProcess(
            try Self.program(), ["demo", "--port", "0", "--data", folder.file("data")], errors: .output)
        var named: [String: String] = [:]
        for await line in demo.lines {
            let words = line.split(separator: ":", maxSplits: 1)
            if words.count == 2 { named[String(words[0])] = words[1].trimmingCharacters(in: .whitespaces) }
            if line.hasSuffix("Ctrl-C ends it.") { break }
        }
        let shop = try #require(named["Open the shop"])
        let api = APIClient(url: try #require(named["The gateway"]), key: try #require(named["A test key"]))
        for address in [shop, api.url + "/", api.url + "/healthz", api.url + "/v1/payments"] {
            #expect(try await api.raw(.get, address).status.code == 200, "\(address)")
        }
        let bought = try await api.raw(.post, shop + "/buy/coffee")
        #expect(bought.status.code == 303)
        let page = try #require(bought.headers["location"])
        #expect(page.hasPrefix(api.url + "/checkout/"))
        let made = try await api.get("/v1/payments?limit=1")["data"]?[0]?["merchant_order_id"]?.asString
        let own = [page, "\(shop)/orders/\(try #require(made))/state"]
        for address in own { #expect(try await api.raw(.get, address).status.code == 200, "\(address)") }
        demo.terminate()
        #expect(await demo.ended() == 0)
        for address in own {
            let answer = try? await api.raw(.get, address)
            #expect(answer?.status.code != 200, "nobody answers for \(address) any more")
        }
        // What was bought is there again the next time.
        let orders = try await Database.open(.sqlite(folder.file("data/shop/shop.db")), readers: 1)
        let count = try await orders.read { try $0.first("SELECT count(*) FROM orders")?.integer(0) }
        await orders.close()
        #expect(count == 1)
    }
}
