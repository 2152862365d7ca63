internal import Crypto
internal import Domain
internal import JSON
internal import Platform

/// A block of an EVM network with its transactions, checked against its header as far as they are known.
struct EVMBlock: Sendable {
    let header: EVMHeader
    private(set) var transactions: [EVMTransaction]

    /// Reads a block that a provider tells of.
    init(_ block: JSON, on network: EVMNetwork) throws(ChainFault) {
        header = network.isHashedAsEthereum ? try EVMHeader(block) : try EVMHeader(opaque: block)
        transactions = []
        for transaction in try block.list("transactions", most: EVMLimits.listed) {
            transactions.append(try EVMTransaction(transaction, on: network.chainID))
        }
    }

    /// The places of transactions whose bytes are not known: of types that this program cannot read.
    var places: [Int] { transactions.indices.filter { transactions[$0].encoded == nil } }

    /// Takes the bytes of the transaction at `place`, which have its name.
    mutating func take(_ bytes: [UInt8], at place: Int) throws(ChainFault) {
        transactions[place] = try transactions[place].encoded(as: bytes)
    }

    /// Throws where the transactions are not those that the header names.
    func checkTransactions() throws(ChainFault) {
        let encoded = transactions.compactMap(\.encoded)
        guard encoded.count == transactions.count else {
            throw .malformed("a transaction whose bytes nobody knows")
        }
        guard Trie(encoded).root == header.transactionsRoot else {
            throw .malformed("other transactions than those of the block")
        }
    }

    /// The receipts of its transactions out of a provider's answer, which the header names.
    func receipts(_ answer: [JSON]) throws(ChainFault) -> [EVMReceipt] {
        guard answer.count == transactions.count else {
            throw .malformed("another number of receipts than of transactions")
        }
        var receipts: [EVMReceipt] = []
        for receipt in answer { receipts.append(try EVMReceipt(receipt)) }
        guard Trie(receipts.map(\.encoded)).root == header.receiptsRoot else {
            throw .malformed("other receipts than those of the block")
        }
        return receipts
    }

    /// What it moves, for the gateway.
    func chainBlock(_ receipts: [EVMReceipt], on network: EVMNetwork) -> ChainBlock {
        let movements = zip(transactions, receipts).enumerated().map { index, item in
            item.0.movement(item.1, at: UInt32(clamping: index), on: network)
        }
        return ChainBlock(
            height: header.number, block: BlockID(header.hash.dataText),
            parent: BlockID(header.parent.dataText),
            medianTime: Instant(milliseconds: Int64(header.time) * 1_000), header: header.encoded ?? [],
            transactions: movements.filter { !$0.outputs.isEmpty })
    }
}

extension EVMTransaction {
    /// What it moves to whom: its own value, and what its logs say of tokens. Nothing of nothing.
    ///
    /// Each is named by the transaction, what moved, to whom, and which one of those it is: what runs again
    /// in another block may write its logs in other places of the block, but these names stay.
    func movement(_ receipt: EVMReceipt, at index: UInt32, on network: EVMNetwork) -> ChainTransaction {
        let name = hash.dataText
        var outputs: [ChainOutput] = []
        // Of a type that this program cannot read the value is one provider's word: it is not believed.
        if !isOpaque, let recipient, value > .zero {
            outputs.append(
                ChainOutput(
                    place: "\(name):coin:\(recipient.hexadecimal):0", script: recipient.script,
                    asset: network.coin.method.asset, amountText: value.text))
        }
        if receipt.isSuccess {
            outputs += tokens(receipt.logs, on: network)
        } else if !isOpaque, let recipient, let call = TokenCall(input: input), call.value > .zero,
            let token = network.token(recipient)
        {
            // What it would have moved: support is shown that it was tried.
            outputs.append(
                Self.output(name, of: recipient, token, to: call.recipient, call.value, number: 0))
        }
        return ChainTransaction(
            id: name, index: index, inputs: [], outputs: outputs, maturity: 0, hasFailed: !receipt.isSuccess,
            observation: { [encoded] in SHA256.hash((encoded ?? []) + receipt.encoded) })
    }

    private func tokens(_ logs: [EVMLog], on network: EVMNetwork) -> [ChainOutput] {
        let name = hash.dataText
        var numbers: [String: Int] = [:]
        var outputs: [ChainOutput] = []
        for log in logs {
            guard let transfer = TokenTransfer(log), transfer.value > .zero else { continue }
            let key = transfer.contract.hexadecimal + transfer.recipient.hexadecimal
            let number = numbers[key, default: 0]
            numbers[key] = number + 1
            outputs.append(
                Self.output(
                    name, of: transfer.contract, network.token(transfer.contract), to: transfer.recipient,
                    transfer.value, number: number))
        }
        return outputs
    }

    private static func output(
        _ name: String, of contract: EVMAddress, _ token: Asset?, to recipient: EVMAddress, _ value: UInt256,
        number: Int
    ) -> ChainOutput {
        ChainOutput(
            place: "\(name):\(contract.hexadecimal):\(recipient.hexadecimal):\(number)",
            script: recipient.script, asset: token?.method.asset, amountText: value.text)
    }
}
