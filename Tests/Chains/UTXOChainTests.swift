import Crypto
import Domain
import HTTP
import Testing

@testable import Chains

/// A chain that asks nobody: what is told here needs no node.
private func chain(_ network: UTXONetwork) throws -> UTXOChain {
    UTXOChain(
        UTXOSettings(
            network: network, url: try HTTP.URL(parsing: "http://127.0.0.1:1"),
            credentials: .password(user: "", Secret([]))))
}

@Suite("Bitcoin and Litecoin as the gateway takes them")
struct UTXOChainTests {
    @Test(
        "Every account in every spelling has one key, one fingerprint and its addresses",
        arguments: accountVectors)
    func accounts(_ vector: AccountVector) throws {
        let chain = try chain(vector.network)
        let key = try chain.receivingKey(parsing: vector.descriptor)
        #expect(try chain.receivingKey(parsing: " \(key.key.text)\n") == key)
        for (index, text) in vector.addresses {
            let destination = try chain.destination(of: key.key, at: index)
            #expect(destination.address == text)
            #expect(chain.script(ofAddress: text) == destination.script)
        }
    }

    @Test("Of a thousand accounts and more each keeps its own addresses")
    func manyKeys() throws {
        let chain = try chain(.bitcoin)
        let key = try chain.receivingKey(parsing: accountVectors[0].descriptor).key
        let first = try chain.destination(of: key, at: 0)
        let body = accountVectors[0].descriptor.split(separator: "/0/*")[0]
        for branch in 1...1_100 {
            let other = try chain.receivingKey(parsing: "\(body)/\(branch)/*)")
            #expect(try chain.destination(of: other.key, at: 0).address != first.address)
        }
        #expect(try chain.destination(of: key, at: 0) == first)
    }

    @Test(
        "What is no receiving key is refused in words",
        arguments: [
            (publicKey, UTXONetwork.bitcoin, KeyRefusal.Code.unsupportedKey, "wpkh(\(publicKey)/0/*)"),
            ("wpkh(\(publicKey)/0/*)", .bitcoinRegtest, .wrongNetwork, "main network"),
            (privateKey, .bitcoin, .privateKey, "consider it exposed"),
            ("wpkh(\(privateKey)/0/*)", .bitcoin, .privateKey, "consider it exposed"),
            ("wpkh(\(publicKey)/0/5)", .bitcoin, .unsupportedKey, "/*"),
            ("wpkh(\(publicKey)/0/*)#aaaaaaaa", .bitcoin, .invalidKey, "checksum"),
            ("hello", .bitcoin, .invalidKey, "extended"),
            ("", .bitcoin, .invalidKey, "extended"),
        ])
    func refusals(_ text: String, _ network: UTXONetwork, _ code: KeyRefusal.Code, _ words: String)
        throws
    {
        let chain = try chain(network)
        let refusal = #expect(throws: KeyRefusal.self) { try chain.receivingKey(parsing: text) }
        #expect(refusal?.code == code)
        #expect(refusal?.detail.contains(words) == true, "\(refusal?.detail ?? "")")
        #expect(refusal?.detail.contains("xprv") == false)
    }

    @Test("Payment links are those of BIP 21")
    func links() throws {
        let chain = try chain(.bitcoin)
        let link = chain.paymentURI(
            address: "bc1qexample", asset: chain.assets[0], amount: 123_450_000,
            label: "Shop & Söhne #7")
        #expect(link == "bitcoin:bc1qexample?amount=1.2345&label=Shop%20%26%20S%C3%B6hne%20%237")
    }

    @Test("Outputs that no account has, and those of nothing, are left out; coinbases mature")
    func outputs() throws {
        let block = try Block(parsing: bytes(bitcoinGenesisBlock), on: .bitcoin)
        let coinbase = try #require(block.contents.chainTransactions(on: .bitcoin).first)
        #expect(coinbase.inputs.isEmpty && coinbase.outputs.isEmpty && coinbase.maturity == 100)
        var hogEx = SampleTransaction()
        hogEx.inputs = [([UInt8](repeating: 3, count: 32), 0, [], .max)]
        hogEx.outputs = [
            (5, [0x58, 32] + [UInt8](repeating: 1, count: 32)),
            (7, [0, 20] + [UInt8](repeating: 2, count: 20)),
        ]
        hogEx.extensionPart = []
        let pegOuts = try TransactionTable(transaction: hogEx.bytes, on: .litecoin)
            .chainTransactions(on: .litecoin)
        #expect(pegOuts.map(\.maturity) == [6] && pegOuts[0].outputs.last?.amountText == "7")
        let table = try TransactionTable(transaction: bytes(witnessTransaction), on: .bitcoin)
        let transaction = try #require(table.chainTransactions(on: .bitcoin).first)
        #expect(transaction.maturity == 0 && transaction.inputs.count == 2)
        #expect(transaction.outputs.map(\.amountText) == ["112340000", "223450000"])
        #expect(transaction.outputs[1].place == transaction.id + ":1")
        #expect(transaction.outputs[0].script == "76a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac")
    }
}

/// The master keys of BIP 32's first test vector.
private let publicKey =
    "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1E"
    + "GMcet8"
private let privateKey =
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGB"
    + "xrMPHi"
