package import Crypto
internal import JSON

/// What a transaction came to (Yellow Paper, 4.3.1; typed by EIP-2718): whether it succeeded, and what
/// contracts logged meanwhile.
package struct EVMReceipt: Hashable, Sendable {
    /// The type of its transaction, below 128; 0 for the oldest one.
    package let kind: UInt8
    /// False for one that was reverted: it paid its fee and did nothing else.
    package let isSuccess: Bool
    /// In the order in which they were logged.
    package let logs: [EVMLog]
    /// As the block's receipts root commits to it.
    package let encoded: [UInt8]

    /// Why bytes are no receipt.
    package enum Flaw: Error, Hashable, Sendable {
        /// More of them, or more logs, than any receipt has.
        case tooLong
        /// No list of the fields that a receipt has, or one from before Byzantium (2017), which has no
        /// status.
        case form
    }

    /// The type of transactions that bring something from the layer below (OP Stack).
    private static let fromBelow: UInt8 = 0x7e

    /// Reads an encoded receipt. Never traps.
    package init(_ encoded: [UInt8]) throws(Flaw) {
        guard encoded.count <= EVMLimits.encodedBytes else { throw .tooLong }
        guard let first = encoded.first, first >= 0xc0 || (1..<0x80).contains(first) else { throw .form }
        let read: [RLP]?
        do throws(RLP.Flaw) {
            read = try RLP(first < 0x80 ? Array(encoded[1...]) : encoded).asList
        } catch {
            throw .form
        }
        kind = first < 0x80 ? first : 0
        guard let items = read, items.count == 4 || (items.count == 6 && kind == Self.fromBelow),
            let status = items[0].asUInt64, status < 2, items[1].asUInt64 != nil,
            items[2].asBytes?.count == Bloom.size, let list = items[3].asList,
            items[4...].allSatisfy({ $0.asUInt64 != nil })
        else { throw .form }
        guard list.count <= EVMLimits.logs else { throw .tooLong }
        var logs: [EVMLog] = []
        logs.reserveCapacity(list.count)
        for item in list {
            guard let log = EVMLog(item) else { throw .form }
            logs.append(log)
        }
        (isSuccess, self.logs, self.encoded) = (status == 1, logs, encoded)
    }

    /// Reads a receipt that a node tells of. Nothing of it is proven before the root of all receipts of its
    /// block is the header's. Throws for one from before Byzantium (2017), which had no status.
    init(_ receipt: JSON) throws(ChainFault) {
        let status = try receipt.number("status")
        guard status < 2 else { throw .malformed("a status that is none") }
        var logs: [EVMLog] = []
        for log in try receipt.list("logs", most: EVMLimits.logs) { logs.append(try EVMLog(log)) }
        let bloom = try receipt.optionalData(["logsBloom"]) ?? Bloom(logs).bytes
        guard bloom.count == Bloom.size else { throw .malformed("a bloom that is none") }
        var items: [RLP] = [
            .number(status), .number(try receipt.number("cumulativeGasUsed")), .bytes(bloom),
            .list(logs.map(\.item)),
        ]
        kind = try receipt.kind()
        // Before they had a version, the root did not commit to the nonce either.
        if kind == Self.fromBelow, receipt.member(["depositReceiptVersion"]) != nil {
            items.append(.number(try receipt.number("depositNonce")))
            items.append(.number(try receipt.number("depositReceiptVersion")))
        }
        let body = RLP.list(items).encoded
        (isSuccess, self.logs) = (status == 1, logs)
        encoded = kind == 0 ? body : [kind] + body
        guard encoded.count <= EVMLimits.encodedBytes else { throw .malformed("a receipt without end") }
    }
}

/// One thing that a contract logged.
package struct EVMLog: Hashable, Sendable {
    package let contract: EVMAddress
    /// 32 bytes each, at most four.
    package let topics: [Hash256]
    package let data: [UInt8]

    /// - Parameter topics: at most four.
    package init(contract: EVMAddress, topics: [Hash256], data: [UInt8]) {
        (self.contract, self.topics, self.data) = (contract, topics, data)
    }

    /// Reads a log that a node tells of, out of a receipt or by itself.
    init(_ log: JSON) throws(ChainFault) {
        var topics: [Hash256] = []
        for topic in try log.list("topics", most: 4) {
            guard let topic = topic.asData.flatMap({ Hash256($0) }) else {
                throw .malformed("a topic that is none")
            }
            topics.append(topic)
        }
        self.init(contract: try log.address("address"), topics: topics, data: try log.data("data"))
    }

    fileprivate init?(_ item: RLP) {
        guard let items = item.asList, items.count == 3,
            let contract = items[0].asBytes.flatMap({ EVMAddress($0) }), let list = items[1].asList,
            list.count <= 4, let data = items[2].asBytes
        else { return nil }
        let topics = list.compactMap { $0.asBytes.flatMap { Hash256($0) } }
        guard topics.count == list.count else { return nil }
        self.init(contract: contract, topics: topics, data: data)
    }

    fileprivate var item: RLP {
        .list([.bytes(contract.bytes), .list(topics.map { .bytes($0.bytes) }), .bytes(data)])
    }
}
