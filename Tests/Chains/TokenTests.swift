import Crypto
import JSON
import Platform
import Testing

@testable import Chains

@Suite("Tokens")
struct TokenTests {
    private let part: JSON
    private let us: EVMAddress
    private let someone: EVMAddress

    init() throws {
        part = try EVMVectors.part("tokens")
        us = try EVMAddress(parsing: part.member("us").text())
        someone = try EVMAddress(parsing: part.member("someone").text())
    }

    // MARK: Logs

    private func log(_ topics: [[UInt8]], _ data: [UInt8]) throws -> EVMLog {
        EVMLog(contract: someone, topics: try topics.map { try #require(Hash256($0)) }, data: data)
    }

    @Test("A transfer is read out of the log of a transaction that was really mined")
    func mined() throws {
        let receipts = try EVMVectors.part("block").member("receipts").elements().map { try EVMReceipt($0) }
        let transfers = receipts.flatMap(\.logs).compactMap { TokenTransfer($0) }
        #expect(transfers.map(\.value.text) == [
            "50000000", "50000000", "50000000", "50000000", "1", "1000000", "1000000000000000000",
            "1000000000000000000000000000000",
        ])
        let logger = try #require(EVMAddress([UInt8](repeating: 0x77, count: 20)))
        #expect(transfers.allSatisfy { $0.recipient == us && $0.contract == logger && $0.sender != us })
    }

    @Test("A log is a transfer in one form only")
    func logs() throws {
        let topics =
            try [part.member("topic").hexadecimal()] + part.member("topics").elements().map { try $0.hexadecimal() }
        let value = UInt256(123_456_789).word
        #expect(TokenTransfer.topic.bytes == topics[0])
        let transfer = try #require(TokenTransfer(try log(topics, value)))
        #expect(transfer.contract == someone && transfer.sender == someone && transfer.recipient == us)
        #expect(transfer.value == UInt256(123_456_789))
        let most = [UInt8](repeating: 0xff, count: 32)
        #expect(TokenTransfer(try log(topics, most))?.value.bytes == most)
        var wrong: [([[UInt8]], [UInt8])] = [
            ([], value), ([topics[0]], value), (Array(topics[..<2]), value), (topics + [value], []),
            (topics + [value], value), (topics, []), (topics, Array(value.dropLast())), (topics, value + [0]),
            (topics, value + value), ([topics[1], topics[1], topics[2]], value),
        ]
        // One bit more in front of an address, and it is no address.
        for (topic, byte) in [(1, 0), (1, 11), (2, 0), (2, 11)] {
            var changed = topics
            changed[topic][byte] = 1
            wrong.append((changed, value))
        }
        for (topics, data) in wrong { #expect(TokenTransfer(try log(topics, data)) == nil) }
    }

    // MARK: Calls

    @Test("A call is written and read as another implementation of the ABI writes it")
    func calls() throws {
        let (most, amount) = (try #require(UInt256([UInt8](repeating: 0xff, count: 32))), UInt256(123_456_789))
        let rows = [
            ("transfer", TokenCall(to: us, value: amount)),
            ("transferFrom", TokenCall(from: someone, to: us, value: most)),
        ]
        for (name, call) in rows {
            let input = try part.member(name).hexadecimal()
            #expect(call.input == input && TokenCall(input: input) == call)
            #expect(TokenCall(input: input + [0]) == nil && TokenCall(input: Array(input.dropLast())) == nil)
            for byte in [0, 1, 2, 3, 4, 15] {
                var changed = input
                changed[byte] ^= 0x80
                #expect(TokenCall(input: changed) == nil)
            }
        }
        for input in [[], [0xa9, 0x05, 0x9c], [0xa9, 0x05, 0x9c, 0xbb]] as [[UInt8]] {
            #expect(TokenCall(input: input) == nil)
        }
        // The selector of the one, the words of the other.
        let (one, other) = (try part.member("transfer").hexadecimal(), try part.member("transferFrom").hexadecimal())
        #expect(TokenCall(input: one.prefix(4) + Array(other.dropFirst(4))) == nil)
        #expect(TokenCall(input: other.prefix(4) + Array(one.dropFirst(4))) == nil)
    }

    @Test("Questions are written as another implementation of the ABI writes them")
    func questions() throws {
        #expect(TokenQuestion.balance(us).input == (try part.member("balanceOf").hexadecimal()))
        #expect(TokenQuestion.decimals.input == (try part.member("decimals").hexadecimal()))
        #expect(TokenQuestion.symbol.input == (try part.member("symbol").hexadecimal()))
    }

    // MARK: Answers

    @Test("A number is one word; nothing is no number")
    func numbers() throws {
        let word = UInt256(7).word
        #expect(TokenQuestion.number(word) == UInt256(7))
        for answer in [[], [7], word + [0], Array(word.dropLast())] { #expect(TokenQuestion.number(answer) == nil) }
        for row in try part.member("decimal").elements() {
            let answer = try row.element(1).hexadecimal()
            #expect(TokenQuestion.decimals(answer) == UInt8(exactly: try row.element(0).count()))
        }
        #expect(TokenQuestion.decimals(UInt256(256).word) == nil && TokenQuestion.decimals([]) == nil)
        #expect(TokenQuestion.decimals([UInt8](repeating: 0xff, count: 32)) == nil)
    }

    @Test("A symbol is a short text that can be seen, in either form, or none")
    func symbols() throws {
        for row in try part.member("symbols").elements() {
            #expect(TokenQuestion.symbol(try row.element(1).hexadecimal()) == (try row.element(0).text()))
        }
        for answer in try part.member("wrongSymbols").elements() {
            #expect(TokenQuestion.symbol(try answer.hexadecimal()) == nil, "\(answer)")
        }
        let long = UInt256(32).word + UInt256(4).word + Array("USDC".utf8) + [UInt8](repeating: 0, count: 1_024)
        #expect(TokenQuestion.symbol(long) == nil, "an answer without end")
        #expect(TokenQuestion.symbol(Array(long[..<68])) == "USDC", "without what fills the word")
        #expect(TokenQuestion.symbol(Array(long[..<67])) == nil)
    }

    // MARK: Accounts

    @Test("The addresses of an account are those that wallets make of the same phrase")
    func accounts() throws {
        let part = try EVMVectors.part("accounts")
        let account = try EVMAccountKey(ExtendedPublicKey(parsing: part.member("account").text()))
        for row in try part.member("addresses").elements() {
            let index = try #require(UInt32(exactly: try row.element(0).count()))
            #expect(try account.address(at: index).text == row.element(1).text())
        }
        #expect(throws: ExtendedKeyError.hardened) { try account.address(at: 1 << 31) }
        #expect(try account.address(at: 0).text == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
        #expect(try account.address(at: 1).text == "0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
    }
}
