import Crypto

/// Parses transactions one after another into flat arrays. One pass; each byte of a transaction is hashed
/// once.
struct TransactionParser {
    private static let witnessFlag: UInt8 = 1
    private static let extensionFlag: UInt8 = 8

    /// Least bytes of an input: an outpoint, an empty script and a sequence.
    private static let inputBytes = 41

    /// Least bytes of an output: a value and an empty script.
    private static let outputBytes = 9

    private let hasExtensionBlocks: Bool
    private let greatestAmount: UInt64
    var reader: ByteReader
    var transactions: [Transaction] = []
    var inputs: [OutPoint] = []
    var outputs: [TransactionOutput] = []

    init(bytes: [UInt8], network: UTXONetwork) {
        reader = ByteReader(bytes)
        hasExtensionBlocks = network.hasExtensionBlocks
        greatestAmount = network.greatestAmount
    }

    /// Makes sure that nothing is left over.
    func finish() throws(ParseError) {
        guard reader.remaining == 0 else { throw .trailing(at: reader.position) }
    }

    /// Parses the transaction that comes next (BIP 144, and LIP 2 and 3 for Litecoin).
    mutating func transaction() throws(ParseError) {
        let start = reader.position
        let (firstInput, firstOutput) = (inputs.count, outputs.count)
        let version = try reader.uint32()
        let bodyStart = reader.position
        var flags: UInt8 = 0
        var coreStart = bodyStart
        if reader.remaining >= 2, reader.bytes[bodyStart] == 0, reader.bytes[bodyStart + 1] != 0 {
            flags = reader.bytes[bodyStart + 1]
            try reader.take(2)
            coreStart = reader.position
        }
        let known = hasExtensionBlocks ? Self.witnessFlag | Self.extensionFlag : Self.witnessFlag
        guard flags & ~known == 0 else { throw .flags(flags, at: bodyStart) }
        let signalsReplacement = try readInputs()
        try readOutputs()
        let core = coreStart..<reader.position
        let hasWitness = flags & Self.witnessFlag != 0
        if hasWitness { try skipWitnesses(of: inputs.count - firstInput, from: bodyStart) }
        let marksExtension = flags & Self.extensionFlag != 0
        let hasExtension = marksExtension ? try reader.skipOptionalExtensionTransaction() : false
        // A transaction that lives in the extension block alone, seen in the mempool, has neither inputs nor
        // outputs; the first HogEx of a chain has no HogEx before it to spend.
        guard inputs.count > firstInput || marksExtension, outputs.count > firstOutput || hasExtension
        else { throw .emptyTransaction(at: start) }
        let lockTimeStart = reader.position
        let lockTime = try reader.uint32()
        transactions.append(
            Transaction(
                id: id(start: start, core: core, lockTime: lockTimeStart, isWhole: flags == 0),
                baseSize: core.count + 8, place: start..<reader.position,
                inputs: firstInput..<inputs.count, outputs: firstOutput..<outputs.count,
                version: Int32(bitPattern: version), lockTime: lockTime,
                isCoinbase: inputs.count == firstInput + 1 && inputs[firstInput].isNull,
                signalsReplacement: signalsReplacement, hasWitness: hasWitness,
                hasExtension: hasExtension, isHogEx: marksExtension && !hasExtension))
    }

    /// Double SHA-256 of version, inputs, outputs and lock time, without what the flags added in between.
    private func id(start: Int, core: Range<Int>, lockTime: Int, isWhole: Bool) -> Hash256 {
        let bytes = reader.bytes.span
        if isWhole { return Hash256(sha256dOf: bytes.extracting(start..<reader.position)) }
        var hash = SHA256()
        hash.update(bytes.extracting(start..<start + 4))
        hash.update(bytes.extracting(core))
        hash.update(bytes.extracting(lockTime..<lockTime + 4))
        return hash.finalizeTwice()
    }

    private mutating func readInputs() throws(ParseError) -> Bool {
        let count = try reader.count(ofAtLeast: Self.inputBytes)
        var signalsReplacement = false
        for _ in 0..<count {
            let transaction = try reader.hash()
            let index = try reader.uint32()
            inputs.append(OutPoint(transaction: transaction, index: index))
            try reader.sized()
            if try reader.uint32() < UInt32.max - 1 { signalsReplacement = true }
        }
        return signalsReplacement
    }

    private mutating func readOutputs() throws(ParseError) {
        let count = try reader.count(ofAtLeast: Self.outputBytes)
        for index in 0..<count {
            let place = reader.position
            let value = try reader.uint64()
            guard value <= greatestAmount else { throw .amount(at: place) }
            let script = try reader.sized()
            outputs.append(TransactionOutput(index: UInt32(index), value: value, script: script))
        }
    }

    private mutating func skipWitnesses(of count: Int, from start: Int) throws(ParseError) {
        var isEmpty = true
        for _ in 0..<count {
            let items = try reader.count(ofAtLeast: 1)
            if items > 0 { isEmpty = false }
            for _ in 0..<items { try reader.sized() }
        }
        guard !isEmpty else { throw .superfluousWitness(at: start) }
    }
}
