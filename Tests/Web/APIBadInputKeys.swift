import Chains
import Crypto
import Domain
import HTTP
import JSON
import Storage
import Testing

@testable import Web

/// A text that is given as a wallet's key, and what each coin says of it: the code of a refusal, or nil for a wallet.
struct KeyRow: Sendable, CustomTestStringConvertible {
    let what: String
    let key: String
    let bitcoin: String?
    let litecoin: String?
    var testDescription: String { what }

    init(_ what: String, _ key: String, bitcoin: String?, litecoin: String?) {
        (self.what, self.key, self.bitcoin, self.litecoin) = (what, key, bitcoin, litecoin)
    }

    /// The private account key of BIP 84's test vectors, which everybody knows.
    static let zprv = """
        zprvAdG4iTXWBoARxkkzNpNh8r6Qag3irQB8PzEMkAFeTRXxHpbF9z4QgEvBRmfvqWvGp42t42nvgGpNgYSJA9iefm1yYNZKEm7z6qUWCroSQnE
        """

    /// What an extended key says in its first bytes; the rest is that of a real account.
    static func text(_ version: UInt32, of key: String) -> String {
        guard let payload = try? Base58Check.decode(key) else { return "" }
        return Base58Check.encode((0..<4).map { UInt8(truncatingIfNeeded: version >> (24 - 8 * $0)) } + payload[4...])
    }

    static func text(_ version: ExtendedKeyVersion) -> String { text(version.publicVersion, of: BadRequest.xpub) }

    /// One private key in the wallets' import format, of the network with that first byte.
    static func single(_ network: UInt8, isCompressed: Bool) -> String {
        Base58Check.encode([network] + [UInt8](repeating: 0x11, count: 32) + (isCompressed ? [1] : []))
    }

    /// What each prefix is for: an `xpub` does not say what its addresses are, a cosigner's key has none.
    static let publicKeys = [
        KeyRow("xpub", text(.xpub), bitcoin: "unsupported_key", litecoin: "unsupported_key"),
        KeyRow("ypub", text(.ypub), bitcoin: nil, litecoin: nil),
        KeyRow("zpub", text(.zpub), bitcoin: nil, litecoin: nil),
        KeyRow("Ypub", text(.sharedYpub), bitcoin: "unsupported_key", litecoin: "unsupported_key"),
        KeyRow("Zpub", text(.sharedZpub), bitcoin: "unsupported_key", litecoin: "unsupported_key"),
        KeyRow("tpub", "wpkh(\(text(.tpub))/0/*)", bitcoin: "wrong_network", litecoin: "wrong_network"),
        KeyRow("upub", text(.upub), bitcoin: "wrong_network", litecoin: "wrong_network"),
        KeyRow("vpub", text(.vpub), bitcoin: "wrong_network", litecoin: "wrong_network"),
        KeyRow("Upub", text(.sharedUpub), bitcoin: "unsupported_key", litecoin: "unsupported_key"),
        KeyRow("Vpub", text(.sharedVpub), bitcoin: "unsupported_key", litecoin: "unsupported_key"),
        KeyRow("Ltub", "pkh(\(text(.ltub))/0/*)", bitcoin: "wrong_network", litecoin: nil),
        KeyRow("Mtub", text(.mtub), bitcoin: "wrong_network", litecoin: nil),
        KeyRow("ttub", "wpkh(\(text(.ttub))/0/*)", bitcoin: "wrong_network", litecoin: "wrong_network"),
    ]

    static let others = [
        ("a descriptor without a range", "wpkh(\(BadRequest.xpub)/0/7)", "unsupported_key"),
        ("a descriptor with a hardened step", "wpkh(\(BadRequest.xpub)/0h/*)", "unsupported_key"),
        ("a descriptor of a shared wallet", "wsh(multi(1,\(BadRequest.xpub)/0/*))", "unsupported_key"),
        ("a descriptor with a wrong checksum", "wpkh(\(BadRequest.xpub)/0/*)#qqqqqqqq", "invalid_key"),
        ("a mistyped key", BadRequest.xpub.replacing("xpub6B", with: "xpub6C"), "invalid_key"),
        ("half a key", String(BadRequest.xpub.prefix(60)), "invalid_key"),
        ("a key too long", String(repeating: "x", count: 2_000), "invalid_key"),
        ("a prefix that nobody has", text(0x0101_0101, of: BadRequest.xpub), "invalid_key"),
        ("an address", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "invalid_key"),
        ("nonsense", "nonsense", "invalid_key"),
    ].map { KeyRow($0.0, $0.1, bitcoin: $0.2, litecoin: $0.2) }

    /// Every private spelling, bare and inside a descriptor.
    static let privateKeys: [KeyRow] =
        ExtendedKeyVersion.allCases.flatMap { version in
            let key = text(version.privateVersion, of: zprv)
            return [("the private key behind a \(version)", key), ("the same in a descriptor", "wpkh(\(key)/0/*)")]
        }.map { KeyRow($0.0, $0.1, bitcoin: "private_key", litecoin: "private_key") }
        + [UInt8(0x80), 0xB0, 0xEF].flatMap { network in
            [true, false].map { single(network, isCompressed: $0) }
        }.map { KeyRow("a single private key \($0.prefix(2))", $0, bitcoin: "private_key", litecoin: "private_key") }
        + [
            KeyRow("a single private key in a descriptor", "wpkh(\(single(0x80, isCompressed: true)))",
                bitcoin: "private_key", litecoin: "private_key")
        ]
}

@Suite("Keys that must not receive are refused for what they are, and nothing of them is kept")
struct APIBadInputKeys {
    @Test("Keys of Bitcoin, of Litecoin, of their test networks, and private ones, over both coins", arguments: [
        "bitcoin", "litecoin",
    ])
    func keys(network: String) async throws {
        let gateway = try await TestGateway(live: [.bitcoin, .litecoin])
        let tenant = try await gateway.tenant()
        let rows = KeyRow.publicKeys + KeyRow.others + KeyRow.privateKeys
        var wallets = 0
        for row in rows {
            let body: JSON = ["network": .string(network), "key": .string(row.key)]
            if let code = network == "bitcoin" ? row.bitcoin : row.litecoin {
                let bad = BadRequest(
                    row.what, .post, "/v1/wallets", body: body.encodedText, 422, code, ["/key: \(code)"])
                try await tenant.refuses(bad, key: tenant.live)
            } else {
                let made = await tenant.post("/v1/wallets", body, key: tenant.live)
                #expect(made.status == 201, "\(row.what): \(made.text)")
                wallets += 1
            }
        }
        let list = await tenant.get("/v1/wallets", key: tenant.live).json?["data"]?.asArray
        #expect(list?.count == wallets && wallets > 1)
        let told = try await gateway.told()
        for row in rows where row.bitcoin == "private_key" {
            #expect(!row.key.isEmpty && !told.contains { $0.contains(row.key) }, "\(row.what) was kept")
        }
    }

    @Test("No answer repeats a private key")
    func unrepeated() async throws {
        let tenant = try await TestGateway().tenant()
        for row in KeyRow.privateKeys {
            let body: JSON = ["network": "bitcoin", "key": .string(row.key)]
            let answer = await tenant.post("/v1/wallets", body, key: tenant.live)
            #expect(answer.code == "private_key")
            #expect(!answer.text.contains(row.key), "\(row.what)")
        }
    }

    @Test("The sandbox takes its own keys only")
    func sandbox() async throws {
        let tenant = try await TestGateway().tenant()
        for row in KeyRow.publicKeys + KeyRow.privateKeys {
            let body: JSON = ["network": "sandbox", "key": .string(row.key)]
            let answer = await tenant.post("/v1/wallets", body)
            #expect(answer.status == 422 && answer.places == ["/key"], "\(row.what): \(answer.text)")
            #expect(!answer.text.contains(row.key))
        }
    }
}
