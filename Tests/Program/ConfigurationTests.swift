import Chains
import Platform
import TestKit
import Testing

@testable import quittance

@Suite("The configuration is checked before it is believed")
struct ConfigurationTests {
    /// Loads a configuration out of a file's text and variables.
    private func load(_ text: String?, _ variables: [String: String] = [:]) throws -> Configuration {
        let folder = try TemporaryFolder()
        if let text { try Files.write(Array(text.utf8), to: folder.file("quittance.json")) }
        guard case .run(let arguments) = try Arguments.parse(["doctor", "--data", folder.path]) else {
            throw WrongUse("no command")
        }
        return try Configuration.load(arguments, variables)
    }

    @Test("Without any, it serves this machine with play money")
    func defaults() throws {
        let configuration = try load(nil)
        #expect(configuration.address == "127.0.0.1" && configuration.port == 8080)
        #expect(configuration.hasSandbox && !configuration.allowsLoopbackWebhooks)
        #expect(configuration.isEmbedded && configuration.nodes.isEmpty)
        #expect(configuration.origins.allSatisfy { $0.source == "default" })
        #expect(configuration.origins.count == Setting.all.count)
    }

    @Test(
        "What tests and scripts are told is no setting, and no mistake",
        arguments: Configuration.otherVariables.subtracting(["QUITTANCE_CONFIG"]))
    func others(_ name: String) throws {
        #expect(try load(nil, [name: "/nowhere"]).origins.allSatisfy { $0.source == "default" })
    }

    @Test("What is wrong is refused with its place", arguments: [
        ("{\"listn\": \"a\"}", [:], "/listn: there is no such setting.", "Did you mean “listen”?"),
        ("{\"webhooks\": {\"allow_lopback\": true}}", [:], "/webhooks/allow_lopback: there is no such setting.",
            "Did you mean “webhooks.allow_loopback”?"),
        ("{\"listen\": 8080}", [:], "/listen: it is a text, not a number.", nil),
        ("{\"sandbox\": \"true\"}", [:], "/sandbox: it is a flag, not a string.", nil),
        ("{\"readers\": 0}", [:], "/readers: it is a number from 1 to 64.", nil),
        ("{\"readers\": 1e1}", [:], "/readers: it is a number from 1 to 64.", nil),
        ("{\"listen\": \"8080\"}", [:], "/listen: it is an address and a port", nil),
        ("{\"listen\": \"localhost:8080\"}", [:], "/listen: the address is numeric", nil),
        ("{\"listen\": \"0.0.0.0:65536\"}", [:], "/listen: it is a number from 0 to 65535.", nil),
        ("{\"base_url\": \"pay.example\"}", [:], "/base_url: it is where customers reach", nil),
        ("{\"storage\": \"mysql://x\"}", [:], "/storage: it is sqlite:PATH or postgres://", nil),
        ("{\"storage\": \"postgres://me:secret@db/pay\"}", [:], "/storage: a password does not belong", nil),
        ("{\"log_level\": \"loud\"}", [:], "/log_level: it is one of debug", nil),
        ("{\"trusted_proxies\": [1]}", [:], "/trusted_proxies: it is a list of texts.", nil),
        ("[]", [:], "is not a JSON object.", nil),
        ("{\"listen\": ", [:], "is not JSON", nil),
        ("{\"listen\": \"a\", \"listen\": \"b\"}", [:], "is not JSON", nil),
        ("{\"networks\": [{\"network\": \"bitcoin\"}]}", [:], "/networks/0: a network has at least", nil),
        ("{\"networks\": [{\"network\": \"bitcon\", \"rpc_url\": \"http://a\", \"rpc_cookie_file\": \"c\"}]}", [:],
            "/networks/0/network: there is no network “bitcon”.", "Did you mean “bitcoin”?"),
        ("{\"networks\": [{\"network\": \"bitcoin\", \"rpc_url\": \"http://a\", \"rpc_password\": \"x\"}]}", [:],
            "/networks/0/rpc_password: there is no such setting.", nil),
        ("{\"networks\": [{\"network\": \"bitcoin\", \"rpc_url\": \"http://a:b@c\", \"rpc_cookie_file\": \"c\"}]}", [:],
            "/networks/0/rpc_url: a password does not belong", nil),
        ("{\"networks\": [{\"network\": \"bitcoin\", \"rpc_url\": \"http://a\", \"rpc_user\": \"x\"}]}", [:],
            "/networks/0: it needs “rpc_cookie_file”", nil),
        ("{\"rates\": [{\"asset\": \"BTC\", \"currency\": \"EUR\", \"rate\": 5}]}", [:],
            "/rates/0/rate: it must be text, such as \"5\".", nil),
        ("{\"rates\": [{\"asset\": \"BTC\", \"currency\": \"EUR\", \"rate\": true}]}", [:],
            "/rates/0/rate: it must be text, not a boolean.", nil),
        ("{\"rates\": [{\"asset\": \"BTC\", \"currency\": \"EUR\", \"rate\": \"-5\"}]}", [:],
            "/rates/0: a rate is like", nil),
        ("{\"rates\": [{\"asset\": \"BTC\", \"currency\": \"EURO\", \"rate\": \"5\"}]}", [:],
            "/rates/0/currency: “EURO” is no currency", nil),
        ("{\"rates\": [{\"asset\": \"BTC\", \"currency\": \"EUR\", \"rate\": \"5\"}, "
            + "{\"asset\": \"BTC\", \"currency\": \"EUR\", \"rate\": \"6\"}]}", [:],
            "/rates/1: BTC in EUR is there twice.", nil),
        ("{\"networks\": [{\"network\": \"bitcoin\", \"rpc_url\": \"http://a\", \"rpc_cookie_file\": \"c\", "
            + "\"zmq\": \"127.0.0.1:28332\"}]}", [:], "/networks/0/zmq: it is the node's publisher", nil),
        (nil, ["QUITTANCE_BITCOIN_RPC_URL": "http://a", "QUITTANCE_BITCOIN_RPC_COOKIE_FILE": "c",
            "QUITTANCE_BITCOIN_ZMQ": "tcp://127.0.0.1"], "QUITTANCE_BITCOIN_ZMQ: it is the node's publisher", nil),
        (nil, ["QUITTANCE_LISTN": "x"], "QUITTANCE_LISTN: there is no such setting.",
            "Did you mean “QUITTANCE_LISTEN”?"),
        (nil, ["QUITTANCE_TRUSTED_PROXIES": "127.0.0.1,nginx"],
            "QUITTANCE_TRUSTED_PROXIES: “nginx” is no address and no block of them", nil),
        (nil, ["QUITTANCE_LISTEN": "1.2.3.4.5:80"], "QUITTANCE_LISTEN: the address is numeric", nil),
        (nil, ["QUITTANCE_BASE_URL": "https://a.example/pay/x"], "QUITTANCE_BASE_URL: it has no path", nil),
        ("{\"networks\": [{\"network\": \"bitcoin\", \"rpc_url\": \"http://bad host:1\", "
            + "\"rpc_cookie_file\": \"c\"}]}", [:], "/networks/0/rpc_url: it is the address of the node", nil),
        (nil, ["QUITTANCE_READERS": "many"], "QUITTANCE_READERS: it is a number from 1 to 64.", nil),
        (nil, ["QUITTANCE_BITCOIN_RPC_URL": "http://a"], "QUITTANCE_BITCOIN_RPC_URL needs", nil),
    ] as [(String?, [String: String], String, String?)])
    func refusals(text: String?, variables: [String: String], problem: String, hint: String?) {
        do {
            _ = try load(text, variables)
            Issue.record("it was taken")
        } catch let error as WrongUse {
            #expect(error.problem.contains(problem))
            if let hint { #expect(error.hint == hint) }
        } catch {
            Issue.record(error)
        }
    }

    @Test("All that is wrong is said at once")
    func allAtOnce() throws {
        let text = """
            {"base_ur": "x", "log_level": "loud", "rates": [{"asset": "BTC"}, {"rat": "1"}],
             "networks": [{"network": "bitcon", "rpc_url": "http://a"}, {"network": "bitcoin", "rpc_url": "http://a"}]}
            """
        let variables = ["QUITTANCE_READERS": "x", "QUITTANCE_X": ""]
        let error = try #require(throws: WrongUse.self) { try load(text, variables) }
        #expect(error.problem == "the configuration has 8 mistakes.")
        let lines = (error.hint ?? "").split(separator: "\n")
        let places = [
            "/base_ur:", "/log_level:", "/rates/0:", "/rates/1/rat:", "/networks/0/network:", "/networks/1:",
            "QUITTANCE_READERS:", "QUITTANCE_X:",
        ]
        try #require(lines.count == places.count)
        for (line, place) in zip(lines, places) { #expect(line.contains(place), "\(line)") }
        #expect(lines[4].hasSuffix("Did you mean “bitcoin”?"))
    }

    @Test("Where a file is not JSON is said by line and column", arguments: [
        ("{\n  \"sandbox\": true,\n}", "at line 3, column 1.", "After the last member there is no comma."),
        ("{\"a\" \"é\": x}", "at line 1, column 6.", nil), ("", "at line 1, column 1.", nil),
        ("{\n", "at line 2, column 1.", nil), ("{\"trusted_proxies\": [\"::1\", ]}", "at line 1, column 29.",
            "After the last member there is no comma."),
    ] as [(String, String, String?)])
    func places(_ text: String, _ place: String, _ hint: String?) throws {
        let error = try #require(throws: WrongUse.self) { try load(text) }
        #expect(error.problem.hasSuffix(place), "\(error.problem)")
        #expect(error.hint == hint)
    }

    @Test("A variable goes before the file, and the file before the default")
    func precedence() throws {
        let text = "{\"listen\": \"0.0.0.0:1\", \"webhooks\": {\"allow_loopback\": true}, \"readers\": 7}"
        let configuration = try load(text, ["QUITTANCE_LISTEN": "127.0.0.1:2", "QUITTANCE_SANDBOX": "false"])
        #expect(configuration.port == 2 && configuration.readers == 7)
        #expect(configuration.allowsLoopbackWebhooks && !configuration.hasSandbox)
        let sources = Dictionary(configuration.origins.map { ($0.key, $0.source) }) { first, _ in first }
        #expect(sources["listen"] == "QUITTANCE_LISTEN")
        #expect(sources["readers"]?.hasSuffix("quittance.json") == true)
        #expect(sources["storage"] == "default")
    }

    @Test("An option goes before the variable, and each value knows where it comes from")
    func options() throws {
        let folder = try TemporaryFolder()
        let words = ["serve", "--data", folder.path, "--listen", "127.0.0.1:3"]
        guard case .run(let arguments) = try Arguments.parse(words) else { throw WrongUse("no command") }
        let configuration = try Configuration.load(arguments, ["QUITTANCE_LISTEN": "127.0.0.1:2"])
        #expect(configuration.port == 3)
        #expect(configuration.source(of: "listen") == "--listen")
        #expect(configuration.source(of: "readers") == "default")
        #expect(configuration.origins.count == Setting.all.count)
    }

    @Test("Secrets are not shown")
    func redaction() throws {
        let configuration = try load(nil, [
            "QUITTANCE_STORAGE": "postgres://me:hidden@db/pay", "QUITTANCE_BITCOIN_RPC_URL": "http://127.0.0.1:1",
            "QUITTANCE_BITCOIN_RPC_USER": "me", "QUITTANCE_BITCOIN_RPC_PASSWORD": "hidden",
            "QUITTANCE_BITCOIN_NETWORK": "bitcoin-regtest",
        ])
        #expect(configuration.nodes.map(\.network) == [.bitcoinRegtest])
        #expect(!configuration.isEmbedded)
        #expect(Setting.redacted("postgres://u@h/d?sslpassword=a&x=y&password=b") ==
            "postgres://u@h/d?sslpassword=…&x=y&password=…")
        #expect(configuration.origins.contains { $0.value == "postgres://me:…@db/pay" })
        #expect(!configuration.origins.contains { $0.value.contains("hidden") })
    }
}
