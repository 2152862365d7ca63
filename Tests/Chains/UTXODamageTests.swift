import Crypto
import Testing

@testable import Chains

@Suite("Damaged blocks")
struct UTXODamageTests {
    /// A block of Litecoin's with everything in it that a block can hold.
    private static func richBlock() -> [UInt8] {
        var generator = SeededGenerator(state: 9)
        var sample = SampleBlock.random(count: 4, seed: 9)
        sample.transactions[1].extensionPart = SampleExtension.transactionPart(using: &generator)
        sample.transactions[3].extensionPart = []
        sample.suffix = SampleExtension.block(using: &generator)
        return sample.bytes
    }

    @Test("a block cut off at any byte is refused")
    func truncations() throws {
        let raw = Self.richBlock()
        #expect(throws: Never.self) { try Block(parsing: raw, on: .litecoin) }
        for count in 0..<raw.count {
            #expect(throws: ParseError.self, "\(count)") {
                try Block(parsing: Array(raw[..<count]), on: .litecoin)
            }
        }
    }

    @Test("a transaction cut off at any byte is refused")
    func truncatedTransactions() throws {
        let raw = try bytes(witnessTransaction)
        for count in 0..<raw.count {
            #expect(throws: ParseError.self) {
                try TransactionTable(transaction: Array(raw[..<count]), on: .bitcoin)
            }
        }
    }

    @Test("a block with altered bytes is refused or has the same transactions", arguments: 0..<8)
    func mutations(seed: Int) throws {
        let raw = Self.richBlock()
        let original = try Block(parsing: raw, on: .litecoin)
        var generator = SeededGenerator(state: UInt64(seed))
        var (accepted, refused) = (0, 0)
        for _ in 0..<500 {
            let mutant = Self.mutate(raw, &generator)
            do {
                let block = try Block(parsing: mutant, on: .litecoin)
                // Only witnesses, extension parts and the header's free fields are outside the Merkle root.
                #expect(block.transactions.map(\.id) == original.transactions.map(\.id))
                accepted += 1
            } catch {
                refused += 1
            }
        }
        #expect(refused > accepted / 4 && accepted > 0, "\(accepted) accepted, \(refused) refused")
    }

    @Test("noise is refused", arguments: 0..<4)
    func noise(seed: Int) {
        var generator = SeededGenerator(state: UInt64(seed) + 100)
        for _ in 0..<300 {
            let noise = generator.bytes(.random(in: 0...400, using: &generator))
            #expect(throws: ParseError.self) { try Block(parsing: noise, on: .litecoin) }
            let transaction = [2, 0, 0, 0] + noise
            if let table = try? TransactionTable(transaction: transaction, on: .litecoin) {
                expectWhole(table, transaction, "noise \(seed)")
            }
        }
    }

    /// Up to three changes: a bit, a byte, one less, one more, or the rest shuffled.
    private static func mutate(_ raw: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var mutant = raw
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let place = Int.random(in: 0..<mutant.count, using: &generator)
            switch UInt8.random(in: 0..<5, using: &generator) {
            case 0: mutant[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1:
                mutant[place] = [0, 1, 0x7f, 0x80, 0xfc, 0xfd, 0xfe, 0xff].randomElement(using: &generator) ?? 0
            case 2: mutant.remove(at: place)
            case 3: mutant.insert(.random(in: 0...255, using: &generator), at: place)
            default: mutant[place...] = mutant[place...].shuffled(using: &generator)[...]
            }
        }
        return mutant
    }

    /// All of the bytes are one transaction, and its name is theirs.
    private func expectWhole(_ table: TransactionTable, _ raw: [UInt8], _ place: String) {
        expectSound(table, raw, place)
        guard table.transactions.count == 1, let transaction = table.transactions.first,
            transaction.place == raw.indices
        else {
            Issue.record("not one transaction: \(place)")
            return
        }
        // Without a witness and an extension part the bytes are what the name is the hash of.
        let isPlain = !transaction.hasWitness && !transaction.hasExtension && !transaction.isHogEx
        if isPlain, transaction.id != Hash256(sha256dOf: raw.span) { Issue.record("another name: \(place)") }
    }

    /// What everybody relies on who reads a table.
    private func expectSound(_ table: TransactionTable, _ raw: [UInt8], _ place: String) {
        var (end, inputs, outputs) = (0, 0, 0)
        for transaction in table.transactions {
            let isNext = transaction.place.lowerBound >= end && transaction.inputs.lowerBound == inputs
                && transaction.outputs.lowerBound == outputs
            (end, inputs, outputs) = (
                transaction.place.upperBound, transaction.inputs.upperBound, transaction.outputs.upperBound
            )
            if !isNext || end > raw.count { Issue.record("a transaction lies elsewhere: \(place)") }
            for output in table.outputs[transaction.outputs] where table.script(of: output).count > raw.count {
                Issue.record("a script is longer than all: \(place)")
            }
        }
        if inputs != table.inputs.count || outputs != table.outputs.count {
            Issue.record("inputs or outputs of nobody: \(place)")
        }
    }
}
