import Crypto
import Platform
import Testing

@testable import Chains

/// The bytes of hexadecimal text in a vector.
func bytes(_ hex: String) throws -> [UInt8] { try #require(Hex.decode(hex)) }

@Suite("UTXO headers, transactions and blocks")
struct UTXOBlockTests {
    @Test("Bitcoin's first block reads as it is")
    func genesis() throws {
        let block = try Block(parsing: bytes(bitcoinGenesisBlock), on: .bitcoin)
        #expect(block.hash == UTXONetwork.bitcoin.genesis)
        #expect(block.header.previous == .zero)
        #expect(block.header.time == 1_231_006_505)
        #expect(block.header.nonce == 2_083_236_893)
        #expect(block.header.hasProofOfWork(on: .bitcoin))
        let transaction = try #require(block.transactions.first)
        #expect(block.transactions.count == 1 && transaction.isCoinbase && !transaction.hasWitness)
        #expect(
            transaction.id.displayText == "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b")
        #expect(block.contents.outputs.map(\.value) == [5_000_000_000])
        #expect(block.contents.script(of: block.contents.outputs[0]).count == 67)
    }

    @Test("a witness transaction has the ids that other implementations compute")
    func witness() throws {
        let table = try TransactionTable(transaction: bytes(witnessTransaction), on: .bitcoin)
        let transaction = try #require(table.transactions.first)
        #expect(
            transaction.id.displayText == "e8151a2af31c368a35053ddd4bdb285a8595c769a3ad83e0fa02314a602d4609")
        #expect(
            table.witnessID(of: transaction).displayText
                == "c36c38370907df2324d9ce9d149d191192f338b37665a82e78e76a12c909b762")
        #expect(transaction.hasWitness && transaction.signalsReplacement && !transaction.isCoinbase)
        #expect(transaction.lockTime == 17 && transaction.version == 1)
        #expect(table.outputs.map(\.value) == [112_340_000, 223_450_000])
        #expect(table.inputs.map(\.index) == [0, 1])
        #expect(
            Address(script: Script(bytes: Array(table.script(of: table.outputs[0]))), on: .bitcoin)?.text
                == "1Cu32FVupVCgHkMMRJdYJugxwo2Aprgk7H")
    }

    @Test("a Litecoin block with HogEx and extension block reads as it is")
    func litecoin() throws {
        let raw = try bytes(litecoinExtensionBlock)
        let block = try Block(parsing: raw, on: .litecoin)
        #expect(block.hash.displayText == "0e6ab03c6ffc04a9bd9dc85a3e216a09f8d42b6f0bf0ce009c47c2c1347e11c2")
        #expect(block.header.hasProofOfWork(on: .litecoin), "scrypt")
        #expect(!block.header.hasProofOfWork(on: .bitcoin), "double SHA-256")
        #expect(block.transactions.map(\.isHogEx) == [Bool](repeating: false, count: 7) + [true])
        #expect(
            block.transactions.last?.id.displayText
                == "fbcbab14f31bc094410e300b0e7be55c415a18bdee5a5285df52b17acda245df")
        #expect(block.contents.outputs.last?.value == 793_199_220_526)
        let addresses = block.contents.outputs.map { output in
            Address(script: Script(bytes: Array(block.contents.script(of: output))), on: .litecoin)?.text
        }
        #expect(addresses.contains("MDpYp682EJWL4sMvdDztEEDfgJh16Fvyv4"))
        #expect(addresses.contains("ltc1qrqlkqqa7d9kpvxdcpd6ycja8uerskwxkhfy500"))
        #expect(addresses.contains("LTCPodha2LAxSyBGsGfkWcmKDEB8cWrqLU"))
        #expect(throws: ParseError.flags(8, at: 1_654)) { try Block(parsing: raw, on: .bitcoin) }
        #expect(throws: ParseError.trailing(at: raw.count)) { try Block(parsing: raw + [0], on: .litecoin) }
    }

    @Test("a block of a real node with pegged-in coins in its extension block reads as it is")
    func litecoinActivation() throws {
        let raw = try bytes(litecoinActivationBlock)
        let block = try Block(parsing: raw, on: .litecoinRegtest)
        #expect(block.hash.displayText == "52ba9e592068c5b4440a43ba035ef312bd9365095493f52ac7581d564a218dae")
        #expect(block.header.hasProofOfWork(on: .litecoinRegtest))
        #expect(block.transactions.map(\.isHogEx) == [false, false, true])
        #expect(
            block.transactions[1].id.displayText
                == "26e4f27dbf5f822ef0bf5eb0bbe14ae4e2c82bfc69b755c6546c38f163b9177d")
        for count in stride(from: raw.count - 1, to: raw.count - 800, by: -1) {
            #expect(throws: ParseError.self) {
                try Block(parsing: Array(raw[..<count]), on: .litecoinRegtest)
            }
        }
    }

    @Test("sample blocks come back as they were written", arguments: [1, 2, 3, 4, 5, 7, 8, 60])
    func samples(count: Int) throws {
        let sample = SampleBlock.random(count: count, seed: UInt64(count))
        let raw = sample.bytes
        let block = try Block(parsing: raw, on: .bitcoinRegtest)
        #expect(block.transactions.count == count)
        for (parsed, written) in zip(block.transactions, sample.transactions) {
            #expect(parsed.id == written.id)
            #expect(Array(raw[parsed.place]) == written.bytes)
            let inputs = block.contents.inputs[parsed.inputs]
            #expect(inputs.map(\.transaction.bytes) == written.inputs.map(\.transaction))
            #expect(inputs.map(\.index) == written.inputs.map(\.index))
            let outputs = block.contents.outputs[parsed.outputs]
            #expect(outputs.map(\.index) == (0..<UInt32(written.outputs.count)).map { $0 })
            #expect(outputs.map(\.value) == written.outputs.map(\.value))
            #expect(outputs.map { Array(block.contents.script(of: $0)) } == written.outputs.map(\.script))
            let alone = try TransactionTable(transaction: written.bytes, on: .bitcoinRegtest)
            #expect(alone.transactions.map(\.id) == [written.id])
            #expect(parsed.hasWitness == !written.witnesses.isEmpty)
            #expect(block.contents.witnessID(of: parsed) == Hash256(sha256dOf: written.bytes.span))
        }
    }

    @Test("the extension block is passed over field by field, to the last byte")
    func extensionBlocks() throws {
        var generator = SeededGenerator(state: 3)
        var sample = SampleBlock.random(count: 4, seed: 3)
        sample.transactions[2].extensionPart = SampleExtension.transactionPart(using: &generator)
        sample.transactions[3].extensionPart = []
        sample.suffix = SampleExtension.block(using: &generator)
        let block = try Block(parsing: sample.bytes, on: .litecoinRegtest)
        #expect(block.transactions.map(\.id) == sample.transactions.map(\.id))
        #expect(block.transactions.map(\.isHogEx) == [false, false, false, true])
        #expect(block.transactions.map(\.hasExtension) == [false, false, true, false])
        sample.suffix = [0]
        #expect(try Block(parsing: sample.bytes, on: .litecoinRegtest).transactions.count == 4)
        sample.suffix = [2]
        #expect(throws: ParseError.self) { try Block(parsing: sample.bytes, on: .litecoinRegtest) }
        sample.suffix = []
        #expect(throws: ParseError.truncated(at: sample.bytes.count)) {
            try Block(parsing: sample.bytes, on: .litecoinRegtest)
        }
        sample.transactions.swapAt(1, 3)
        #expect(throws: ParseError.hogEx) { try Block(parsing: sample.bytes, on: .litecoinRegtest) }
    }

    @Test("a transaction that lives only in the extension block is read and pays nobody")
    func extensionOnly() throws {
        var generator = SeededGenerator(state: 5)
        var sample = SampleTransaction()
        sample.extensionPart = SampleExtension.transactionPart(using: &generator)
        let table = try TransactionTable(transaction: sample.bytes, on: .litecoin)
        #expect(table.outputs.isEmpty && table.inputs.isEmpty && table.transactions.count == 1)
        #expect(throws: ParseError.self) { try TransactionTable(transaction: sample.bytes, on: .bitcoin) }
    }

    @Test("blocks that do not hold together are refused")
    func inconsistent() throws {
        let sample = SampleBlock.random(count: 5, seed: 11)
        var raw = sample.bytes
        raw[40] ^= 1
        #expect(throws: ParseError.merkleRoot) { try Block(parsing: raw, on: .bitcoin) }
        var doubled = sample
        doubled.transactions.append(sample.transactions[4])
        #expect(
            Array(doubled.bytes[36..<68]) == Array(sample.bytes[36..<68]), "the same root: CVE-2012-2459")
        #expect(throws: ParseError.duplicateTransactions) { try Block(parsing: doubled.bytes, on: .bitcoin) }
        var headless = sample
        headless.transactions.removeFirst()
        #expect(throws: ParseError.coinbase) { try Block(parsing: headless.bytes, on: .bitcoin) }
        var swapped = sample
        swapped.transactions.swapAt(0, 1)
        #expect(throws: ParseError.coinbase) { try Block(parsing: swapped.bytes, on: .bitcoin) }
        let empty = SampleBlock(transactions: [])
        let header = sample.bytes[..<80]
        #expect(empty.transactions.isEmpty)
        #expect(throws: ParseError.coinbase) { try Block(parsing: header + [0], on: .bitcoin) }
    }

    @Test("transactions that nodes would refuse are refused")
    func malformedTransactions() throws {
        var generator = SeededGenerator(state: 21)
        let plain = SampleTransaction.random(using: &generator)
        var excessive = plain
        excessive.outputs[0].value = 21_000_000 * 100_000_000 + 1
        #expect(throws: ParseError.self) { try TransactionTable(transaction: excessive.bytes, on: .bitcoin) }
        #expect(try TransactionTable(transaction: excessive.bytes, on: .litecoin).transactions.count == 1)
        var mute = plain
        mute.outputs = []
        #expect(throws: ParseError.emptyTransaction(at: 0)) {
            try TransactionTable(transaction: mute.bytes, on: .bitcoin)
        }
        var bare = plain
        bare.witnesses = bare.inputs.map { _ in [] }
        #expect(throws: ParseError.superfluousWitness(at: 4)) {
            try TransactionTable(transaction: bare.bytes, on: .bitcoin)
        }
        #expect(throws: ParseError.trailing(at: plain.bytes.count)) {
            try TransactionTable(transaction: plain.bytes + [0], on: .bitcoin)
        }
        let version: [UInt8] = [2, 0, 0, 0]
        for (tail, error): ([UInt8], ParseError) in [
            ([0, 0, 0, 0, 0, 0], .emptyTransaction(at: 0)), ([0, 2, 0, 0], .flags(2, at: 4)),
            ([0xfd, 1, 0], .size(at: 4)), ([0xfe, 1, 0, 0, 0], .size(at: 4)),
            ([0xff, 1, 0, 0, 0, 0, 0, 0, 0], .size(at: 4)),
            ([0xff] + [UInt8](repeating: 255, count: 8), .size(at: 4)),
            ([0xfe, 255, 255, 255, 1], .truncated(at: 4)), ([0xfe, 255, 255, 255, 255], .size(at: 4)),
            ([], .truncated(at: 4)),
        ] {
            #expect(throws: error) { try TransactionTable(transaction: version + tail, on: .bitcoin) }
        }
    }

    @Test("numbers of the extension block are read as they are written")
    func varInts() throws {
        for (raw, value): ([UInt8], UInt64) in [
            ([0], 0), ([0x7f], 127), ([0x80, 0], 128), ([0x80, 0x7f], 255), ([0x82, 0xfe, 0x7f], 65_535),
            ([0x8e, 0xfe, 0xfe, 0xff, 0], 4_294_967_296),
            ([0x80, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0x7f], .max),
        ] {
            var reader = ByteReader(raw)
            #expect(try reader.varInt() == value)
        }
        var endless = ByteReader([UInt8](repeating: 0xff, count: 32))
        #expect(throws: ParseError.size(at: 0)) { try endless.varInt() }
    }

    @Test(
        "proof of work is judged by the target in the header, within the network's easiest",
        arguments: [
            (UInt32(0x207f_ffff), true), (0x2080_0000, false), (0x2100_ffff, false), (0x0000_0000, false),
            (0x0180_0001, false), (0x0100_0000, false), (0x0000_0001, false), (0x0300_0001, false),
            (0xff00_0001, false),
            (0x1d00_ffff, false),
        ])
    func proofOfWork(bits: UInt32, isPossible: Bool) throws {
        var sample = SampleBlock.random(count: 1, seed: 77)
        sample.bits = bits
        let raw = Array(sample.bytes[..<80])
        var proven = 0
        for nonce in UInt8(0)..<32 {
            let header = try BlockHeader(raw[..<76] + [nonce, 0, 0, 0])
            if header.hasProofOfWork(on: .bitcoinRegtest) { proven += 1 }
            #expect(!header.hasProofOfWork(on: .bitcoin))
        }
        #expect(proven > 0 && proven < 32 || !isPossible)
        #expect(proven == 0 || isPossible)
    }

    @Test("compact targets expand")
    func targets() {
        let expanded = BlockHeader.target(0x1d00_ffff)
        #expect(expanded == [0, 0, 0, 0, 255, 255] + [UInt8](repeating: 0, count: 26))
        #expect(BlockHeader.target(0x0312_3456) == [UInt8](repeating: 0, count: 29) + [0x12, 0x34, 0x56])
        #expect(BlockHeader.target(0x0112_3456) == [UInt8](repeating: 0, count: 31) + [0x12])
        #expect(BlockHeader.target(0x2100_ffff) == [255, 255] + [UInt8](repeating: 0, count: 30))
        #expect(BlockHeader.target(0x2101_0000) == nil)
        #expect(BlockHeader.target(0x04ff_ffff) == nil)
    }

    @Test("hashes print backwards and are read back")
    func hashText() throws {
        for network in UTXONetwork.allCases {
            #expect(Hash256(displayText: network.genesis.displayText) == network.genesis)
        }
        #expect(Hash256(displayText: "00") == nil)
        #expect(Hash256(displayText: String(repeating: "g", count: 64)) == nil)
        #expect(Set(UTXONetwork.allCases.map(\.genesis)).count == UTXONetwork.allCases.count)
    }
}

extension TransactionTable {
    /// The id that covers witnesses too (BIP 141): it shows that a transaction is found whole.
    fileprivate func witnessID(of transaction: Transaction) -> Hash256 {
        Hash256(sha256dOf: bytes.span.extracting(transaction.place))
    }
}
