import Chains
import Crypto
import Testing

@testable import Simulator

@Suite("The chain as it really is")
struct TruthTests {
    private static func payment(_ number: UInt8, value: UInt64 = 1_000) -> TrueTransaction {
        let coin = Hash256([UInt8](repeating: number, count: 32)) ?? .zero
        return TrueTransaction(
            inputs: [.init(transaction: coin, index: 0)], outputs: [.init(value: value, script: [0x51, number])])
    }

    private static func chain() -> TrueChain { TrueChain(.bitcoinRegtest, blocks: 12, time: 1_700_000_000) }

    @Test("A transaction waits, is mined, and is put back by a reorganisation", arguments: [
        (TrueChain.Fate.kept, false, true), (.later, false, true), (.pooled, true, false), (.dropped, false, false),
        (.doubleSpent, false, false),
    ])
    func fates(_ fate: TrueChain.Fate, isPooled: Bool, isMined: Bool) {
        var chain = Self.chain()
        let transaction = Self.payment(1)
        chain.submit(transaction)
        #expect(chain.isPooled(transaction.id))
        chain.mineAll(time: 1_700_001_000)
        #expect(chain.mined[transaction.id] == 13)
        #expect(chain.pool.isEmpty)
        let before = chain.best
        chain.reorganise(depth: 1, time: 1_700_002_000) { _ in fate }
        #expect(chain.height == 14)
        #expect(chain.best != before)
        #expect(chain.blocks[before] != nil, "a node knows the branch that it left")
        #expect(chain.isPooled(transaction.id) == isPooled)
        #expect((chain.mined[transaction.id] != nil) == isMined)
        #expect((chain.spender(of: transaction.inputs[0]) != nil) == (isMined || fate == .doubleSpent))
    }

    @Test("Of two that spend one coin the later one stands, until a block decides")
    func replacement() {
        var chain = Self.chain()
        let first = Self.payment(1)
        let second = TrueTransaction(inputs: first.inputs, outputs: [.init(value: 900, script: [0x51])])
        chain.submit(first)
        chain.submit(second)
        #expect(chain.pool.map(\.id) == [second.id])
        chain.mine([first], time: 1_700_001_000)
        #expect(chain.pool.isEmpty)
        let isBack = chain.submit(second)
        #expect(!isBack)
    }

    @Test("What a block makes is gone with it, and so is what spends it")
    func coinbases() {
        var chain = Self.chain()
        let reward = TrueTransaction.Output(value: 700, script: [0x51, 9])
        chain.mine([], time: 1_700_001_000, coinbase: reward)
        let coinbase = chain.block(at: chain.height)?.transactions.first
        #expect(coinbase?.outputs == [reward])
        guard let coinbase else { return }
        let spend = TrueTransaction(inputs: [coinbase.place(0)], outputs: [.init(value: 600, script: [0x51])])
        chain.submit(spend)
        #expect(chain.isPooled(spend.id))
        chain.reorganise(depth: 1, time: 1_700_002_000) { _ in .kept }
        #expect(chain.mined[coinbase.id] == nil)
        #expect(chain.pool.isEmpty)
    }

    @Test("What spends something that is gone is gone too")
    func children() {
        var chain = Self.chain()
        let parent = Self.payment(1)
        let child = TrueTransaction(inputs: [parent.place(0)], outputs: [.init(value: 900, script: [0x51])])
        chain.submit(parent)
        chain.submit(child)
        #expect(chain.pool.count == 2)
        chain.evict(parent.id)
        #expect(chain.pool.isEmpty)
        let isBack = chain.submit(child)
        #expect(!isBack, "it spends nothing that is there")
    }
}
