import Domain
import JSON
import Platform
import Storage
import Testing

/// What a node may say that is not so, through the whole gateway: real answers of a real node, wrong in one place;
/// and messages that mean nothing.
@Suite("A node that says what is not so", .serialized)
struct DamageTests {
    /// One way to be wrong, and what it is taken for.
    struct Damage: Sendable {
        let name: String
        let method: String
        let kind: String
        /// Gets an older block of the same chain as well.
        let change: @Sendable (inout BentNode.Answer, _ other: [UInt8]) -> Void

        init(
            _ name: String, of method: String = "getblock", is kind: String = "malformed",
            _ change: @escaping @Sendable (inout BentNode.Answer, [UInt8]) -> Void
        ) {
            (self.name, self.method, self.kind, self.change) = (name, method, kind, change)
        }
    }

    /// What is wrong about an answer.
    enum Group: String, CaseIterable, Sendable {
        case blocks, envelopes, others

        var damages: [Damage] {
            switch self {
            case .blocks: DamageTests.blocks
            case .envelopes: DamageTests.envelopes
            case .others: DamageTests.others
            }
        }
    }

    /// Bytes of a block that are not the block that was asked for.
    static let blocks = [
        Damage("a block without its last byte") { answer, _ in answer.block.removeLast() },
        Damage("a header alone") { answer, _ in answer.block = Array(answer.block.prefix(80)) },
        Damage("a block cut within a digit") { answer, _ in answer.digits.removeLast() },
        Damage("no block at all") { answer, _ in answer.block = [] },
        Damage("one bit of an amount") { answer, _ in answer.block[answer.block.count - 40] ^= 1 },
        Damage("one bit of the first transaction") { answer, _ in answer.block[90] ^= 0x10 },
        Damage("one bit of the nonce") { answer, _ in answer.block[79] ^= 1 },
        Damage("one bit of the Merkle root") { answer, _ in answer.block[40] ^= 0x80 },
        Damage("one bit of the block before") { answer, _ in answer.block[4] ^= 1 },
        Damage("the Merkle root of another block") { answer, other in
            answer.block.replaceSubrange(36..<68, with: other[36..<68])
        },
        Damage("another block of the chain") { answer, other in answer.block = other },
        Damage("two blocks in one") { answer, other in answer.block += other },
        Damage("as many transactions as there can be") { answer, _ in
            answer.block.replaceSubrange(80..<81, with: [0xfe, 0xff, 0xff, 0xff, 0x01])
        },
        Damage("a size beyond all sizes") { answer, _ in
            answer.block.replaceSubrange(80..<81, with: [UInt8](repeating: 0xff, count: 9))
        },
        Damage("more than any block") { answer, _ in
            answer.digits = String(repeating: "00", count: 33 << 20)
        },
        Damage("letters that are no digits") { answer, _ in answer.digits = "block" },
        Damage("a number") { answer, _ in answer.text = #"{"result":7,"error":null,"id":0}"# },
        Damage("nothing") { answer, _ in answer.text = #"{"result":null,"error":null,"id":0}"# },
    ]

    /// Answers that are none.
    static let envelopes = [
        Damage("no JSON") { answer, _ in answer.text = "<html>busy</html>" },
        Damage("half of it") { answer, _ in answer.body.removeLast(answer.body.count / 2) },
        Damage("the answer to another call") { answer, _ in answer.text.replace(#""id":0"#, with: #""id":1"#) },
        Damage("no body") { answer, _ in answer.body = [] },
        Damage("an error without a body") { answer, _ in (answer.status, answer.body) = ("500 Error", []) },
        Damage("a success with an error's status") { answer, _ in answer.status = "500 Error" },
        Damage("too much to do", is: "unreachable") { answer, _ in
            (answer.status, answer.text) = ("503 Service Unavailable", "Work queue depth exceeded")
        },
        Damage("a block that it lost", is: "unreachable") { answer, _ in
            answer.status = "500 Error"
            answer.text = #"{"result":null,"error":{"code":-1,"message":"Can't read block from disk"},"id":0}"#
        },
        Damage("refused", is: "unauthorized") { answer, _ in answer.status = "401 Unauthorized" },
        Damage("a connection that ends within", is: "unreachable") { answer, _ in
            answer.length = String(answer.body.count)
            answer.body.removeLast(10)
            answer.ending = .closed
        },
        Damage("a connection that is reset", is: "unreachable") { answer, _ in
            (answer.body, answer.length, answer.ending) = ([], "1000", .reset)
        },
        Damage("a body that never ends") { answer, _ in answer.ending = .never },
        Damage("a body of a petabyte") { answer, _ in answer.length = "1000000000000000" },
        Damage("a length that is none") { answer, _ in answer.length = "-1" },
    ]

    /// Answers about the chain and the pool.
    static let others = [
        Damage("another call's number in a list", of: "getblockhash") { answer, _ in
            answer.text.replace(#""id":1"#, with: #""id":7"#)
        },
        Damage("one number twice", of: "getblockhash") { answer, _ in
            answer.text.replace(#""id":1"#, with: #""id":0"#)
        },
        Damage("a list that is too short", of: "getblockhash") { answer, _ in answer.text = "[]" },
        Damage("no list", of: "getblockhash") { answer, _ in
            answer.text = #"{"result":"00","error":null,"id":0}"#
        },
        Damage("the order of the blocks", of: "getblockhash") { answer, _ in
            answer.text.replace(#""id":1"#, with: #""id":"#)
            answer.text.replace(#""id":0"#, with: #""id":1"#)
            answer.text.replace(#""id":}"#, with: #""id":0}"#)
        },
        Damage("another last block", of: "getblockchaininfo", is: "unreachable") { answer, other in
            let best = (try? JSON.parse(answer.body))?["result"]?["bestblockhash"]?.asString ?? ""
            answer.text.replace(best, with: Hex.encode(other[4..<36]))
        },
        Damage("a height beyond all chains", of: "getblockchaininfo") { answer, _ in
            answer.text.replace(#""blocks":"#, with: #""blocks":1844674407370955"#)
        },
        Damage("no pool", of: "getrawmempool") { answer, _ in
            answer.text = #"{"result":{},"error":null,"id":0}"#
        },
        Damage("another transaction than that in the pool", of: "getrawtransaction") { answer, other in
            answer.digits = Hex.encode(other[81...])
        },
        Damage("a transaction cut short", of: "getrawtransaction") { answer, _ in answer.block.removeLast() },
    ]

    @Test(
        "A wrong answer is not believed: nothing is counted, nothing is lost, and it goes on where it was",
        arguments: Coin.started, Group.allCases)
    func damaged(_ coin: Coin, _ group: Group) async throws {
        let node = try await Self.node(coin)
        let bent = try BentNode(before: node)
        let story = Scenario("") { till in
            for damage in group.damages { try await till.withstand(damage, of: bent) }
        }
        do { try await story.run(on: node, through: bent.url) } catch {
            await bent.close()
            throw error
        }
        await bent.close()
    }

    /// Not the ones that are shared: the scenarios stop those.
    static func node(_ coin: Coin) async throws -> RealNode {
        switch coin {
        case .bitcoin: try await bitcoin.value
        case .litecoin: try await litecoin.value
        }
    }

    private static let bitcoin = Task { try await RealNode.start(.bitcoin) }
    private static let litecoin = Task { try await RealNode.start(.litecoin) }
}

extension Till {
    /// One payment is mined and another one sent while the node is wrong; then it is right again.
    fileprivate func withstand(_ damage: DamageTests.Damage, of bent: BentNode) async throws {
        let name = Comment(rawValue: damage.name)
        let (order, next) = (try await open(price), try await open(price))
        try await node.pay([(order.address, price)])
        try await settle()
        let before = try await source
        #expect(try await status(order) == Status(.detected), name)
        let other = Hex.decode(try await node.rawBlocks(from: node.height() - 5)[0]) ?? []
        bent.bend(BentNode.Bend(method: damage.method) { damage.change(&$0, other) })
        try await node.mine(2)
        try await node.pay([(next.address, price)])
        try await settle()
        let after = try await source
        #expect(after?.isHealthy == false, name)
        let fault = after?.fault ?? ""
        #expect(fault.hasPrefix(damage.kind + ": ") && fault.utf8.count < 1_000, "\(damage.name): \(fault)")
        #expect(after?.height == before?.height && after?.block == before?.block, name)
        #expect(try await status(order) == Status(.detected), name)
        #expect(try await status(next) == Status(.awaitingPayment), name)
        bent.bend(nil)
        try await settle()
        #expect(try await source?.isHealthy == true, name)
        #expect(try await status(order) == Status(.paid), name)
        #expect(try await status(next) == Status(.detected), name)
        try await expectStory(order, ["created", "awaiting_payment", "detected", "paid"])
    }
}
