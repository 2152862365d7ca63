import Crypto
import Platform
import Testing

@testable import Chains

@Suite("A branch shows that a block holds a transaction")
struct UTXOProofTests {
    @Test("Each transaction of a block is shown to be in it, and at no other place", arguments: 1...9)
    func every(_ count: Int) throws {
        let block = try Block(parsing: SampleBlock.random(count: count, seed: UInt64(count)).bytes, on: .bitcoin)
        for (index, transaction) in block.transactions.enumerated() {
            let raw = Array(block.contents.bytes[transaction.place])
            let branch = block.tree.branch(of: index).flatMap(\.bytes)
            for place in 0..<(2 << UInt32(branch.count / 32)) {
                let flaw = flaw(raw, branch, UInt32(place), block.header.bytes)
                #expect((flaw == nil) == (place == index), "\(count): \(index) as \(place)")
            }
        }
    }

    @Test("A Litecoin block ends with the transaction that settles its extension block, which is shown as well")
    func litecoin() throws {
        let block = try Block(parsing: bytes(litecoinExtensionBlock), on: .litecoin)
        for (index, transaction) in block.transactions.enumerated() {
            let proven = try ProvenTransaction(
                raw: Array(block.contents.bytes[transaction.place]),
                branch: block.tree.branch(of: index).flatMap(\.bytes), place: UInt32(index),
                header: block.header.bytes, on: .litecoin)
            #expect(proven.id == transaction.id.displayText)
            #expect(proven.maturity(on: .litecoin) == (index == 0 ? 100 : transaction.isHogEx ? 6 : 0))
            #expect(proven.output(0) != nil && proven.output(10_000) == nil)
        }
        let odd = try Block(parsing: bytes(litecoinActivationBlock), on: .litecoinRegtest)
        let last = try #require(odd.transactions.last)
        #expect(odd.transactions.count == 3 && last.isHogEx)
        let branch = odd.tree.branch(of: 2)
        #expect(branch[0] == last.id, "an odd level is filled with its own last node")
        _ = try ProvenTransaction(
            raw: Array(odd.contents.bytes[last.place]), branch: branch.flatMap(\.bytes), place: 2,
            header: odd.header.bytes, on: .litecoinRegtest)
    }

    @Test("What shows nothing is refused, each for its own reason")
    func flaws() throws {
        let block = try Block(parsing: SampleBlock.random(count: 3, seed: 5).bytes, on: .bitcoin)
        let header = block.header.bytes
        let raw = Array(block.contents.bytes[block.transactions[2].place])
        let branch = block.tree.branch(of: 2).flatMap(\.bytes)
        #expect(flaw(raw, branch, 2, header) == nil)
        #expect(flaw(raw, branch, 2, Array(header.dropLast())) == .header)
        #expect(flaw(Array(raw.dropLast()), branch, 2, header) == .transaction)
        #expect(flaw(raw, Array(branch.dropLast()), 2, header) == .branch)
        #expect(flaw(raw, [UInt8](repeating: 0, count: 32 * 32), 2, header) == .branch)
        #expect(flaw(raw, branch, 6, header) == .place)
        // The last one of an odd level stands there twice: at its own place, and as the copy.
        #expect(flaw(raw, branch, 3, header) == .copy)
        #expect(flaw(raw, Array(branch.reversed()), 2, header) == .root)
        let other = Array(block.contents.bytes[block.transactions[1].place])
        #expect(flaw(other, branch, 2, header) == .root)
    }

    @Test("Sixty-four bytes are no transaction, and what hangs under such a one is refused")
    func sixtyFour() throws {
        let short: [UInt8] =
            [2, 0, 0, 0, 1] + [UInt8](repeating: 5, count: 32) + [0, 0, 0, 0, 0, 255, 255, 255, 255]
            + [1, 9, 0, 0, 0, 0, 0, 0, 0, 4, 0x51, 0x51, 0x51, 0x51, 0, 0, 0, 0]
        #expect(try TransactionTable(transaction: short, on: .bitcoin).transactions[0].baseSize == 64)
        var header = [UInt8](repeating: 0, count: BlockHeader.size)
        header.replaceSubrange(36..<68, with: sha256d(short))
        #expect(flaw(short, [], 0, header) == .sixtyFourBytes)
        // To find a transaction whose id is one of its halves takes some 2^60 tries: the node is looked at alone.
        let left = try #require(Hash256(short[..<32]))
        let right = try #require(Hash256(short[32...]))
        #expect(ProvenTransaction.isHollow(left, right, .bitcoin))
        #expect(!ProvenTransaction.isHollow(right, left, .bitcoin))
    }

    private func flaw(
        _ raw: [UInt8], _ branch: [UInt8], _ place: UInt32, _ header: [UInt8]
    ) -> ProvenTransaction.Flaw? {
        do throws(ProvenTransaction.Flaw) {
            _ = try ProvenTransaction(raw: raw, branch: branch, place: place, header: header, on: .bitcoin)
            return nil
        } catch {
            return error
        }
    }
}
