import Crypto
import Domain
import HTTP
import JSON
import Platform
import Testing

@testable import Chains

@Suite("A node that is not what it should be")
struct UTXONodeTests {
    /// One way to be wrong, and what it is taken for.
    struct Wrong: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let kind: ChainFault.Kind
        fileprivate let change: @Sendable (inout ScriptedNode) -> Void

        fileprivate init(
            _ name: String, _ kind: ChainFault.Kind,
            _ change: @escaping @Sendable (inout ScriptedNode) -> Void
        ) {
            (testDescription, self.kind, self.change) = (name, kind, change)
        }

        fileprivate init(_ name: String, _ kind: ChainFault.Kind, whole: Response) {
            self.init(name, kind) { $0.whole = { _ in whole } }
        }

        fileprivate init(_ method: String, answers text: String, _ kind: ChainFault.Kind) {
            self.init("\(method) answers \(text.prefix(60))", kind) { $0.results[method] = text }
        }
    }

    static let wrongs: [Wrong] = [
        Wrong("getblockchaininfo", answers: ScriptedNode.standing(chain: "test"), .wrongNetwork),
        Wrong("getblockhash", answers: #""\#(ScriptedNode.tip)""#, .wrongNetwork),
        Wrong("getblockchaininfo", answers: ScriptedNode.standing(isInitial: true), .syncing),
        Wrong("getblockchaininfo", answers: ScriptedNode.standing(headers: 900_004), .syncing),
        Wrong(
            "getblockchaininfo", answers: #"!{"code":-28,"message":"Loading block index…"}"#, .syncing),
        Wrong("getblockchaininfo", answers: #"!{"code":-1,"message":"something"}"#, .unreachable),
        Wrong(
            "getblockchaininfo", answers: #"!{"code":-32601,"message":"Method not found"}"#, .unusable),
        Wrong("getblockchaininfo", answers: #"!{"code":"-28"}"#, .malformed),
        Wrong("getblockchaininfo", answers: #"{"chain":"main"}"#, .malformed),
        Wrong("getblockchaininfo", answers: ScriptedNode.standing(blocks: .max), .malformed),
        Wrong("getblockchaininfo", answers: ScriptedNode.standing(headers: .max), .malformed),
        Wrong("getblockchaininfo", answers: "7", .malformed),
        Wrong("getrawmempool", answers: #"["short"]"#, .malformed),
        Wrong("getrawmempool", answers: #"{"txids":[]}"#, .malformed),
        Wrong("getrawmempool", answers: #"["\#(String(repeating: "5A", count: 32))"]"#, .malformed),
        Wrong("getrawmempool", answers: #"["\#(String(repeating: "zz", count: 32))"]"#, .malformed),
        Wrong("getmempoolinfo", answers: "{}", .malformed),
        Wrong("no JSON", .malformed, whole: .json(Array("<html>".utf8))),
        Wrong(
            "a state of five megabytes", .malformed,
            whole: .json([UInt8](repeating: 0x20, count: 5 << 20) + Array("{}".utf8))),
        Wrong("half an answer", .malformed, whole: .json(Array(#"{"result":{"#.utf8))),
        Wrong(
            "two answers", .malformed, whole: .json(Array(#"{"result":1,"error":null,"id":0}{}"#.utf8))),
        Wrong(
            "the answer to another call", .malformed,
            whole: .json(Array(#"{"result":{},"error":null,"id":9}"#.utf8))),
        Wrong(
            "a success with an error's status", .malformed, whole: .json(Status(500), Array("{}".utf8))),
        Wrong("credentials are refused", .unauthorized, whole: .text(Status(401), "")),
        Wrong("this machine is refused", .unauthorized, whole: .text(Status(403), "")),
        Wrong("too much to do", .unreachable, whole: .text(Status(503), "Work queue depth exceeded")),
        Wrong("sent elsewhere", .unreachable, whole: .redirect(to: "http://127.0.0.1:1/")),
    ]

    @Test("is a fault, and never an empty answer", arguments: wrongs)
    func wrong(_ wrong: Wrong) async throws {
        var node = ScriptedNode()
        wrong.change(&node)
        let fault = try await node.serve { chain in
            await #expect(throws: ChainFault.self) {
                try await chain.advance(from: nil, kept: NoHeaders())
            }
        }
        #expect(fault?.kind == wrong.kind, "\(fault?.detail ?? "")")
        #expect(fault?.detail.contains("hunter2") == false)
    }

    @Test("Its own words are passed on in part, and on one line")
    func words() async throws {
        let long = #"\u001b[31m\n\u0301"# + String(repeating: "\u{301}x", count: 50_000)
        var foreign = ScriptedNode()
        foreign.results["getblockchaininfo"] = ScriptedNode.standing(chain: long)
        var wrong = ScriptedNode()
        wrong.results["getblockchaininfo"] = #"!{"code":-1,"message":"\#(long)"}"#
        for node in [foreign, wrong] {
            let fault = try await node.serve { chain in
                await #expect(throws: ChainFault.self) { try await chain.advance(from: nil, kept: NoHeaders()) }
            }
            let detail = try #require(fault?.detail)
            #expect(detail.utf8.count < 1_000 && detail.utf8.allSatisfy { $0 >= 0x20 })
        }
        var worried = ScriptedNode()
        let warnings = (0..<20).map { _ in "\"\(long)\"" }.joined(separator: ",")
        worried.results["getblockchaininfo"] = ScriptedNode.standing().replacing(#"["old"]"#, with: "[\(warnings)]")
        let report = try await worried.serve { try await $0.probe() }
        #expect(report.warnings.count == UTXOLimits.warnings)
        #expect(report.warnings.allSatisfy { $0.unicodeScalars.count == UTXOLimits.wordScalars })
    }

    @Test("A block above the tip that it names is no place to stand on")
    func aboveTip() async throws {
        let cursor = Cursor(height: 900_001, block: BlockID(ScriptedNode.tip))
        var node = ScriptedNode()
        node.told = { method, first in
            method == "getblockhash" && first.asUInt64 == cursor.height ? #""\#(ScriptedNode.tip)""# : nil
        }
        node.results["getblockchaininfo"] = ScriptedNode.standing()
            .replacing(#""bestblockhash":"5a5a"#, with: #""bestblockhash":"5b5b"#)
        let fault = try await node.serve { chain in
            await #expect(throws: ChainFault.self) { try await chain.advance(from: cursor, kept: NoHeaders()) }
        }
        #expect(fault?.kind == .unreachable)
    }

    @Test("otherwise it is heard from its tip on")
    func right() async throws {
        let batch = try await ScriptedNode().serve {
            try await $0.advance(from: nil, kept: NoHeaders())
        }
        #expect(batch.cursor == Cursor(height: 900_000, block: BlockID(ScriptedNode.tip)))
        #expect(batch.isAtTip && batch.pool == [] && batch.connected.isEmpty && batch.forkHeight == nil)
    }

    @Test(
        "A pool is not believed while it is read back, nor when the tip moved",
        arguments: [
            ("getmempoolinfo", #"{"loaded":false}"#),
            ("getbestblockhash", #""\#(String(repeating: "5b", count: 32))""#),
        ])
    func pool(_ method: String, _ answer: String) async throws {
        var node = ScriptedNode()
        node.results[method] = answer
        let batch = try await node.serve { try await $0.advance(from: nil, kept: NoHeaders()) }
        #expect(batch.isAtTip && batch.pool == nil)
    }

    @Test("A pool too large for one batch is told in parts, out of one listing, and a fault costs one part")
    func largePool() async throws {
        let pool = (0..<UTXOLimits.batchPool + 10).map { number in
            SampleTransaction(
                inputs: [(.init(repeating: 7, count: 32), UInt32(number), [], 0)],
                outputs: [(1_000, [0, 20] + [UInt8](repeating: 1, count: 20))])
        }
        let bytes = Dictionary(uniqueKeysWithValues: pool.map { ($0.id.displayText, Hex.encode($0.bytes)) })
        let listing = "[\(bytes.keys.sorted().map { "\"\($0)\"" }.joined(separator: ","))]"
        let calls = Lock<[String: Int]>([:])
        let isBusy = Lock(false)
        var node = ScriptedNode()
        node.told = { method, first in
            calls.withLock { $0[method, default: 0] += 1 }
            switch method {
            case "getrawmempool": return listing
            case "getrawtransaction" where isBusy.withLock { $0 }:
                return #"!{"code":-1,"message":"Work queue depth exceeded"}"#
            case "getrawtransaction": return bytes[first.asString ?? ""].map { "\"\($0)\"" }
            default: return nil
            }
        }
        try await node.serve { chain in
            let first = try await chain.advance(from: nil, kept: NoHeaders())
            #expect(first.entered.count == UTXOLimits.batchPool)
            #expect(first.isAtTip && first.hasMore && first.pool == nil, "its blocks are all there")
            isBusy.withLock { $0 = true }
            for _ in 0..<2 {
                await #expect(throws: ChainFault.self) {
                    try await chain.advance(from: first.cursor, kept: NoHeaders())
                }
            }
            isBusy.withLock { $0 = false }
            let second = try await chain.advance(from: first.cursor, kept: NoHeaders())
            #expect(second.entered.count == 10 && second.isAtTip && second.hasMore && second.pool == nil)
            #expect(calls.withLock { $0["getrawmempool"] } == 1)
            let last = try await chain.advance(from: second.cursor, kept: NoHeaders())
            #expect(last.entered.isEmpty && !last.hasMore && last.pool?.count == pool.count)
        }
    }

    @Test("Of a pool of giants a batch tells some, and the next the rest")
    func giantPool() async throws {
        let script = [UInt8](repeating: 0x51, count: 340_000)
        let pool = (0..<UTXOLimits.callsPerRequest + 5).map { number in
            SampleTransaction(
                inputs: [(.init(repeating: 7, count: 32), UInt32(number), [], 0)], outputs: [(1_000, script)])
        }
        let bytes = Dictionary(uniqueKeysWithValues: pool.map { ($0.id.displayText, Hex.encode($0.bytes)) })
        var node = ScriptedNode()
        node.results["getrawmempool"] = "[\(bytes.keys.sorted().map { "\"\($0)\"" }.joined(separator: ","))]"
        node.told = { method, first in
            method == "getrawtransaction" ? bytes[first.asString ?? ""].map { "\"\($0)\"" } : nil
        }
        try await node.serve { chain in
            var (counts, last): ([Int], Batch?) = ([], nil)
            while last?.hasMore ?? true, counts.count < 4 {
                let batch = try await chain.advance(from: last?.cursor, kept: NoHeaders())
                counts.append(batch.entered.count)
                #expect((batch.pool == nil) == batch.hasMore)
                last = batch
            }
            #expect(counts == [UTXOLimits.callsPerRequest, 5, 0])
        }
    }

    @Test(
        "A block that is not the one that was asked for is malformed",
        arguments: [
            "00", bitcoinGenesisBlock, String(bitcoinGenesisBlock.dropLast(2)), "zz", "0",
        ])
    func blocks(_ text: String) async throws {
        var node = ScriptedNode()
        node.results["getblock"] = #""\#(text)""#
        let hash = try #require(Hash256(displayText: ScriptedNode.tip))
        let fault = try await node.serve { chain in
            await #expect(throws: ChainFault.self) { try await chain.node.block(hash) }
        }
        #expect(fault?.kind == .malformed)
    }

    @Test("A block is read without its text")
    func block() async throws {
        var node = ScriptedNode()
        node.results["getblock"] = #""\#(bitcoinGenesisBlock)""#
        let block = try await node.serve { try await $0.node.block(UTXONetwork.bitcoin.genesis) }
        #expect(block.hash == UTXONetwork.bitcoin.genesis)
    }

    @Test("Nobody there is unreachable; no cookie is unauthorized")
    func nobody() async throws {
        let url = try HTTP.URL(parsing: "http://127.0.0.1:1")
        for (credentials, kind) in [
            (NodeCredentials.password(user: "shop", Secret([1])), ChainFault.Kind.unreachable),
            (.cookie(file: "/nowhere/.cookie"), .unauthorized),
        ] {
            let chain = UTXOChain(UTXOSettings(network: .bitcoin, url: url, credentials: credentials))
            let fault = await #expect(throws: ChainFault.self) { try await chain.probe() }
            #expect(fault?.kind == kind)
        }
    }

    @Test("A chain that split from the network is another network; a node that is not that far catches up")
    func split() async throws {
        var node = ScriptedNode()
        node.results["getblockhash 478559"] = #""\#(ScriptedNode.other)""#
        try await node.serve { chain in
            let report = try await chain.probe()
            #expect(!report.isRightNetwork)
            let fault = await #expect(throws: ChainFault.self) {
                try await chain.advance(from: nil, kept: NoHeaders())
            }
            #expect(fault?.kind == .wrongNetwork)
        }
        node.results["getblockchaininfo"] = ScriptedNode.standing(blocks: 478_558, headers: 478_558)
        node.results["getblockhash 478559"] = #"!{"code":-8,"message":"Block height out of range"}"#
        try await node.serve { chain in
            let report = try await chain.probe()
            #expect(report.isRightNetwork && report.isCatchingUp)
            let fault = await #expect(throws: ChainFault.self) {
                try await chain.advance(from: nil, kept: NoHeaders())
            }
            #expect(fault?.kind == .syncing)
        }
        node.results["getblockhash 478559"] = #""\#(ScriptedNode.landmark)""#
        node.results["getblockchaininfo"] = ScriptedNode.standing()
        #expect(try await node.serve { try await $0.probe() }.isRightNetwork)
    }

    @Test("What a node says of itself is told")
    func probe() async throws {
        let report = try await ScriptedNode().serve { try await $0.probe() }
        #expect(report.version == "/Test:1/" && report.chain == "main" && report.height == 900_000)
        #expect(report.isRightNetwork && !report.isCatchingUp && !report.isPruned && report.connections == 8)
        #expect(report.warnings == ["old"])
    }
}
