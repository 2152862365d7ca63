package import Crypto

/// One output of one transaction, spent or not.
package struct OutPoint: Hashable, Sendable {
    /// The transaction's id.
    package let transaction: Hash256

    /// The output's place in it, from 0.
    package let index: UInt32

    package init(transaction: Hash256, index: UInt32) {
        (self.transaction, self.index) = (transaction, index)
    }

    /// What a coinbase names instead of an output.
    package var isNull: Bool { index == .max && transaction == .zero }
}

/// What an output pays and under which script.
package struct TransactionOutput: Hashable, Sendable {
    /// Its place in its transaction, from 0.
    package let index: UInt32

    /// Satoshis, or litoshis.
    package let value: UInt64

    /// Where its script lies in the bytes that it was parsed from.
    package let script: Range<Int>
}

/// One parsed transaction. Inputs and outputs lie flat in the `TransactionTable` that it belongs to.
package struct Transaction: Sendable {
    /// The transaction id, which does not cover witnesses. One that lives in Litecoin's extension block alone
    /// has another name there, and none that matters here: it has no outputs.
    package let id: Hash256

    /// How many of its bytes the id covers: all but flags, witnesses and extension part.
    package let baseSize: Int

    /// Where the transaction lies in the bytes that it was parsed from.
    package let place: Range<Int>

    /// Its rows in `TransactionTable.inputs`.
    package let inputs: Range<Int>

    /// Its rows in `TransactionTable.outputs`.
    package let outputs: Range<Int>

    /// The version field.
    package let version: Int32

    /// The lock-time field: a height below 500,000,000, else Unix seconds.
    package let lockTime: UInt32

    /// Whether it creates coins. Its outputs can be spent only after `UTXONetwork.coinbaseMaturity` blocks.
    package let isCoinbase: Bool

    /// Whether it says by BIP 125 that it may be replaced. Nodes replace others as well, so false promises
    /// nothing.
    package let signalsReplacement: Bool

    /// Whether it has witnesses.
    package let hasWitness: Bool

    /// Whether it carries a part for Litecoin's extension block.
    package let hasExtension: Bool

    /// Whether it is the one that settles Litecoin's extension block with its canonical block.
    package let isHogEx: Bool
}

/// Transactions over one buffer: three flat arrays instead of arrays within arrays, and scripts left where
/// they are.
package struct TransactionTable: Sendable {
    /// What all places refer to.
    package let bytes: [UInt8]

    /// In the order of the bytes.
    package let transactions: [Transaction]

    /// The outputs that the transactions spend.
    package let inputs: [OutPoint]

    /// The outputs that the transactions make.
    package let outputs: [TransactionOutput]

    /// Parses the bytes of exactly one transaction, as `getrawtransaction` and ZMQ give it.
    package init(transaction bytes: [UInt8], on network: UTXONetwork) throws(ParseError) {
        guard bytes.count <= UTXOLimits.transactionBytes else { throw .tooLong }
        var parser = TransactionParser(bytes: bytes, network: network)
        try parser.transaction()
        try parser.finish()
        self.init(parser)
    }

    init(_ parser: consuming TransactionParser) {
        bytes = parser.reader.bytes
        transactions = parser.transactions
        inputs = parser.inputs
        outputs = parser.outputs
    }

    /// The bytes of an output's script.
    package func script(of output: TransactionOutput) -> ArraySlice<UInt8> { bytes[output.script] }
}
