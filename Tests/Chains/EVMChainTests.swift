import Domain
import HTTP
import Testing

@testable import Chains

/// What a network of Ethereum's kind says without being asked anything.
@Suite("Networks of Ethereum's kind")
struct EVMChainTests {
    private static func chain(_ network: EVMNetwork) throws -> EVMChain {
        EVMChain(
            EVMSettings(
                network: network,
                providers: [EVMProvider(name: "none", url: try HTTP.URL(parsing: "http://127.0.0.1:1"))]))
    }

    @Test("Each that is known has a name, a number and contracts of its own, well written")
    func known() throws {
        let networks = EVMNetwork.known
        #expect(Set(networks.map(\.name)).count == networks.count)
        #expect(Set(networks.map(\.chainID)).count == networks.count)
        for network in networks {
            #expect(EVMNetwork.known(network.name) == network)
            #expect(Set(network.assets.map(\.method)).count == network.assets.count)
            let contracts = try network.tokens.map { try EVMAddress(parsing: $0.contract ?? "") }
            #expect(contracts.map(\.text) == network.tokens.map(\.contract))
            #expect(Set(contracts).count == contracts.count)
            for (token, contract) in zip(network.tokens, contracts) { #expect(network.token(contract) == token) }
        }
        #expect(EVMNetwork.known.map(\.name.text).contains("ethereum"))
    }

    @Test("A link names the chain, and for a token its contract")
    func links() throws {
        let network = try #require(EVMNetwork.known.first { $0.name.text == "polygon" })
        let chain = try Self.chain(network)
        let address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
        #expect(
            chain.paymentURI(address: address, asset: network.coin, amount: 1_500_000, label: "Order 7")
                == "ethereum:\(address)@137?value=1500000")
        #expect(
            chain.paymentURI(address: address, asset: network.tokens[0], amount: 25_000_000, label: nil)
                == "ethereum:0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359@137/transfer?address=\(address)"
                + "&uint256=25000000")
    }

    private static let account =
        "xpub6Ce9NcJvTk36xtLSrJLZqE7wtgA5deCeYs7rSQtreh4cj6ByPtrg9sD7V2FNFLPnf8heNP3FGkeV9qwfzvZNSd54JoNXVsXFYSYwH"
        + "snJxqP"

    @Test("An account gives an address for each index, the same on all networks")
    func destinations() throws {
        var fingerprints: Set<String> = []
        for network in EVMNetwork.known {
            let chain = try Self.chain(network)
            let key = try chain.receivingKey(parsing: "  \(Self.account)\n")
            #expect(key.key.text == Self.account && key.warnings.isEmpty)
            fingerprints.insert(key.fingerprint)
            let destinations = try (0...1).map { try chain.destination(of: key.key, at: $0) }
            #expect(
                destinations == [
                    DerivedDestination(
                        address: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
                        script: "evm:f39fd6e51aad88f6f4ce6ab8827279cfffb92266", path: "m/44h/60h/0h/0/0"),
                    DerivedDestination(
                        address: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
                        script: "evm:70997970c51812dc3a010c7d01b50e0d17dc79c8", path: "m/44h/60h/0h/0/1"),
                ])
            #expect(chain.script(ofAddress: destinations[0].address) == destinations[0].script)
        }
        #expect(fingerprints.count == 1)
    }

    @Test(
        "What is no account is refused, and what can spend is named first",
        arguments: [
            ("0x" + String(repeating: "4c", count: 32), .privateKey),
            (String(repeating: "4C", count: 32), .privateKey),
            ("test test test test test test test test test test test junk", .privateKey),
            ("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", .unsupportedKey), (String(account.dropLast()), .invalidKey),
            (
                "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2A"
                    + "GutZYs", .wrongNetwork
            ), ("", .invalidKey), ("https://pay.example", .invalidKey),
        ] as [(String, KeyRefusal.Code)])
    func refusals(_ text: String, _ code: KeyRefusal.Code) throws {
        let chain = try Self.chain(EVMNetwork.known[0])
        let refusal = #expect(throws: KeyRefusal.self) { _ = try chain.receivingKey(parsing: text) }
        #expect(refusal?.code == code)
    }
}
