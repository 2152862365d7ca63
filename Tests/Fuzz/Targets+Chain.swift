import Crypto
import Domain
import HTTP
import JSON
import Platform

@testable import Chains

extension FuzzTarget {
    /// What nodes say, which may lie or be broken.
    static let chain: [FuzzTarget] = [block, transaction, node]

    /// The genesis block of Bitcoin, in bytes.
    private static let genesis: [UInt8] = Hex.decode(
        "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f61"
            + "7fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c010100000001000000000000000000000000000000000000"
            + "0000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f3230303920436861"
            + "6e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f205"
            + "2a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e5"
            + "1ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000") ?? []

    private static func network(_ choice: Int) -> UTXONetwork {
        UTXONetwork.allCases[choice % UTXONetwork.allCases.count]
    }

    /// A block that is taken is the one of its header, and each of its transactions can be shown to be in it.
    private static let block = FuzzTarget(
        "block", most: 4_096, words: ["\u{0}\u{1}"], seeds: [[0] + genesis, [5] + genesis]
    ) { input throws(Flaw) in
        let (choice, parsed) = input.choice
        var raw = parsed
        // A fuzzer finds no hash that leads to a root, so half of the inputs get the right one.
        if choice >= 0x80, raw.count > BlockHeader.size, let root = root(of: raw, network(choice)) {
            raw.replaceSubrange(36..<68, with: root.bytes)
        }
        guard let block = try? Block(parsing: raw, on: network(choice)) else { return false }
        try expect(block.header.bytes == Array(raw[..<BlockHeader.size]), "another header")
        try expect(block.tree.root == block.header.merkleRoot, "another root")
        try expectSound(block.contents, raw)
        for (index, transaction) in block.transactions.enumerated().prefix(5) {
            let bytes = Array(raw[transaction.place])
            guard let alone = try? TransactionTable(transaction: bytes, on: network(choice)) else {
                throw Flaw("transaction \(index) is none by itself")
            }
            try expect(alone.transactions[0].id == transaction.id, "transaction \(index) has another name by itself")
            do throws(ProvenTransaction.Flaw) {
                _ = try ProvenTransaction(
                    raw: bytes, branch: block.tree.branch(of: index).flatMap(\.bytes), place: UInt32(index),
                    header: block.header.bytes, on: network(choice))
            } catch {
                let isHonest = error == .sixtyFourBytes || error == .hollow || error == .copy
                try expect(isHonest, "transaction \(index) is not shown: \(error)")
            }
        }
        let kept = block.contents.chainTransactions(on: network(choice), in: block.tree)
        try expect(kept.count <= block.transactions.count, "transactions from nowhere")
        return true
    }

    /// The Merkle root of whatever transactions stand behind a header.
    private static func root(of raw: [UInt8], _ network: UTXONetwork) -> Hash256? {
        var parser = TransactionParser(bytes: Array(raw[BlockHeader.size...]), network: network)
        guard let count = try? parser.reader.count(ofAtLeast: 10), count > 0 else { return nil }
        for _ in 0..<count where (try? parser.transaction()) == nil { return nil }
        return (try? TransactionTree(parser.transactions.map(\.id)))?.root
    }

    /// What everybody relies on who reads a table.
    private static func expectSound(_ table: TransactionTable, _ raw: [UInt8]) throws(Flaw) {
        var (end, inputs, outputs) = (0, 0, 0)
        for transaction in table.transactions {
            let isNext =
                transaction.place.lowerBound >= end && transaction.inputs.lowerBound == inputs
                && transaction.outputs.lowerBound == outputs
            end = transaction.place.upperBound
            (inputs, outputs) = (transaction.inputs.upperBound, transaction.outputs.upperBound)
            try expect(isNext && end <= raw.count, "a transaction lies elsewhere")
            for output in table.outputs[transaction.outputs] {
                try expect(table.script(of: output).count <= raw.count, "a script is longer than all")
            }
        }
        try expect(inputs == table.inputs.count && outputs == table.outputs.count, "inputs or outputs of nobody")
    }

    private static let transaction = FuzzTarget(
        "transaction", most: 2_048,
        seeds: [
            [0] + genesis.dropFirst(81),
            [0, 2, 0, 0, 0, 0, 1, 1] + [UInt8](repeating: 7, count: 36) + [0, 253, 255, 255, 255, 1, 9]
                + [0, 0, 0, 0, 0, 0, 0, 1, 0x51, 1, 2, 7, 7, 0, 0, 0, 0],
            // Litecoin's, that lives in the extension block alone, and one that settles a block.
            [5, 2, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0],
            [5, 2, 0, 0, 0, 0, 8, 1] + [UInt8](repeating: 7, count: 36) + [0, 255, 255, 255, 255, 1, 9]
                + [0, 0, 0, 0, 0, 0, 0, 2, 0x58, 0x20, 0, 0, 0, 0, 0],
        ]
    ) { input throws(Flaw) in
        let (choice, raw) = input.choice
        guard let table = try? TransactionTable(transaction: raw, on: network(choice)) else { return false }
        try expectSound(table, raw)
        guard table.transactions.count == 1, let one = table.transactions.first, one.place == raw.indices else {
            throw Flaw("not one transaction")
        }
        // Without a witness and an extension part the bytes are what the name is the hash of.
        let isPlain = !one.hasWitness && !one.hasExtension && !one.isHogEx
        try expect(!isPlain || one.id == Hash256(sha256dOf: raw.span), "another name")
        try expect(one.baseSize <= raw.count && (!isPlain || one.baseSize == raw.count), "\(one.baseSize) bytes")
        for output in table.outputs {
            let script = Script(bytes: Array(table.script(of: output)))
            guard let address = Address(script: script, on: network(choice)) else { continue }
            let again = try? Address(parsing: address.text, on: network(choice))
            try expect(again?.script == script, "\(address.text) is another script")
        }
        return true
    }

    /// Answers to each question that a node is asked: a fault, or what was asked for.
    private static let node = FuzzTarget(
        "node", most: 4_096,
        words: [
            #"{"result":"#, #","error":null,"id":0}"#, #""error":{"code":-8,"message":"x"}"#, #""blocks":"#,
            #""height":"#, #""bestblockhash":"#, #""chainwork":"#, #""initialblockdownload":false"#,
            #""confirmations":-1"#, "\n[",
            "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
        ],
        seeds: nodeSeeds, asking: { input throws(Flaw) in try await ask(input) })

    private static let nodeSeeds: [[UInt8]] = {
        let hash = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
        func envelope(_ result: String) -> String { #"{"result":\#(result),"error":null,"id":0}"# }
        let info =
            #"{"chain":"main","blocks":0,"headers":0,"bestblockhash":"\#(hash)","chainwork":"\#(hash)","#
            + #""initialblockdownload":false,"pruned":false,"warnings":""}"#
        let entry = #"{"vsize":100,"depends":[],"bip125-replaceable":true}"#
        return bytes([
            "0" + envelope(info), "1" + envelope(#"{"version":250000,"subversion":"/x/","connections":8}"#),
            "2" + envelope("\"\(hash)\""), "3" + envelope("\"\(hash)\""),
            "4[" + #"{"result":"\#(hash)","error":null,"id":0},"#
                + #"{"result":null,"error":{"code":-8,"message":"no"},"id":1}]"#,
            "5" + envelope("\"" + Hex.encode(genesis) + "\""),
            "6[" + envelope("\"" + Hex.encode(genesis[..<80]) + "\"") + "]",
            "7" + envelope(#"{"height":0,"confirmations":5,"hash":"\#(hash)"}"#), "8" + envelope(#"{"loaded":true}"#),
            "9" + envelope("[\"\(hash)\"]"), ":" + "[" + envelope("\"\(Hex.encode(genesis.dropFirst(81)))\"") + "]",
            "9" + envelope(#"{"\#(hash)":\#(entry)}"#),
            #"0{"result":null,"error":{"code":-28,"message":"Loading"},"id":0}"#,
            "0<html>", "=[]",
        ])
    }()

    private static func ask(_ input: [UInt8]) async throws(Flaw) -> Bool {
        let (choice, body) = input.choice
        guard let url = try? HTTP.URL(parsing: "http://127.0.0.1:1") else { return false }
        let said = SaidBefore(status: choice & 0x40 != 0 ? 500 : 200, body: body)
        let rpc = NodeRPC(url, .password(user: "u", Secret([1])), through: said)
        let node = UTXONode(network: network(choice), rpc: rpc)
        do throws(ChainFault) {
            try await answer(choice & 15, node, body)
            return true
        } catch {
            try expect(!"\(error)".contains("Authorization"), "a fault tells credentials")
            return false
        }
    }

    private static func answer(_ question: Int, _ node: UTXONode, _ body: [UInt8]) async throws(ChainFault) {
        // The block that the answer would be, if it is one.
        let header = body.firstRange(of: Array(#""result":""#.utf8)).flatMap { place in
            Hex.decode(utf8: body[place.upperBound...].prefix(160))
        }
        let hash = header.flatMap { try? BlockHeader($0) }?.hash ?? .zero
        switch question {
        case 0: _ = try await node.standing()
        case 1: _ = try await node.identity()
        case 2: _ = try await node.best()
        case 3: _ = try await node.blockHash(at: 0)
        case 4: _ = try await node.blockHashes(from: 0, count: 2)
        case 5: _ = try await node.block(hash)
        case 6: _ = try await node.headers([hash])
        case 7: _ = try await node.place(of: .init(hash.displayText))
        case 8: _ = try await node.hasLoadedPool()
        case 9: _ = try await node.pool()
        case 10: _ = try await node.poolTransactions([hash.displayText])
        default: try await node.mustServe()
        }
    }
}

/// A node that gives one answer to everything.
private struct SaidBefore: Sender {
    let status: Int
    let body: [UInt8]

    func send(_ request: ClientRequest) async throws(ClientError) -> ClientResponse {
        ClientResponse(status: Status(status), headers: Headers(), body: body, isTruncated: false)
    }

    func close() {}
}
