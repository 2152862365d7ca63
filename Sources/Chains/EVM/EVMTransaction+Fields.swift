internal import Crypto
internal import JSON

extension EVMTransaction {
    /// One field of a transaction's encoding, by its name in Ethereum's JSON-RPC.
    enum Field: Hashable {
        /// Whom the value goes to; no bytes where a contract is made.
        case recipient
        /// A whole number: how much goes there.
        case value
        /// Bytes.
        case input
        /// A whole number, which nodes may leave out.
        case chain
        /// A whole number; 0 where the node leaves it out.
        case optional(String)
        /// A whole number.
        case number(String)
        /// A whole number that has two names.
        case either(String, String)
        /// 20 bytes.
        case address(String)
        /// 20 bytes, or none.
        case optionalAddress(String)
        /// 32 bytes.
        case hash(String)
        /// Bytes.
        case bytes(String)
        /// 1, or no bytes for false, which nodes may leave out.
        case flag(String)
        /// A list of 32 bytes each.
        case hashes(String)
        /// A list of addresses with lists of 32 bytes each (EIP-2930).
        case accessList
        /// A list of signed permissions (EIP-7702).
        case authorizations
    }

    /// The fields of each type that is known, in their order.
    static let forms: [UInt8: [Field]] = [
        0: [.number("nonce"), .number("gasPrice"), .number("gas"), .recipient, .value, .input]
            + [.number("v"), .number("r"), .number("s")],
        1: [.chain, .number("nonce"), .number("gasPrice"), .number("gas"), .recipient, .value, .input]
            + [.accessList] + signature,
        2: priced + signature,
        3: priced + [.number("maxFeePerBlobGas"), .hashes("blobVersionedHashes")] + signature,
        4: priced + [.authorizations] + signature,
        // Arbitrum: what comes from the layer below, tickets, and the start of each block. (Its 0x78 is of
        // blocks from before August 2022.)
        0x64: [.chain, .hash("requestId"), .address("from"), .recipient, .value],
        0x65: [.chain, .address("from"), .number("nonce"), price, .number("gas"), .recipient, .value, .input],
        0x66: [.chain, .hash("requestId"), .address("from"), price, .number("gas"), .recipient, .value]
            + [.input],
        0x68: [.chain, .number("nonce"), .address("from"), price, .number("gas"), .recipient, .value, .input]
            + [.hash("ticketId"), .address("refundTo"), .number("maxRefund"), .number("submissionFeeRefund")],
        0x69: [.chain, .hash("requestId"), .address("from"), .number("l1BaseFee"), .number("depositValue")]
            + [price, .number("gas"), .optionalAddress("retryTo"), .number("retryValue")]
            + [.address("beneficiary"), .number("maxSubmissionFee"), .address("refundTo")]
            + [.bytes("retryData")],
        0x6a: [.chain, .input],
        // The OP Stack: what comes from the layer below.
        0x7e: [.hash("sourceHash"), .address("from"), .recipient, .optional("mint"), .value, .number("gas")]
            + [.flag("isSystemTx"), .input],
    ]

    private static let signature: [Field] = [.either("yParity", "v"), .number("r"), .number("s")]
    private static let price = Field.either("maxFeePerGas", "gasPrice")
    /// What types 2, 3 and 4 begin with.
    private static let priced: [Field] = [
        .chain, .number("nonce"), .number("maxPriorityFeePerGas"), .number("maxFeePerGas"), .number("gas"),
        .recipient, .value, .input, .accessList,
    ]
}

// MARK: Reading and writing

extension EVMTransaction.Field {
    /// What stands in its place for a transaction that a node tells of.
    func item(of transaction: JSON, on chain: UInt64) throws(ChainFault) -> RLP {
        switch self {
        case .recipient: .bytes(try transaction.optionalAddress("to")?.bytes ?? [])
        case .value: .bytes(try transaction.quantity("value").bytes)
        case .input: .bytes(try transaction.data("input", "data"))
        case .chain: .bytes((try transaction.optionalQuantity("chainId") ?? UInt256(chain)).bytes)
        case .optional(let name): .bytes((try transaction.optionalQuantity(name) ?? .zero).bytes)
        case .number(let name): .bytes(try transaction.quantity(name).bytes)
        case .either(let one, let other): .bytes(try transaction.quantity(one, other).bytes)
        case .address(let name): .bytes(try transaction.address(name).bytes)
        case .optionalAddress(let name): .bytes(try transaction.optionalAddress(name)?.bytes ?? [])
        case .hash(let name): .bytes(try transaction.hash(name).bytes)
        case .bytes(let name): .bytes(try transaction.data(name))
        case .flag(let name): transaction[name]?.asBool == true ? .number(1) : .number(0)
        case .hashes(let name): try Self.hashes(name, of: transaction)
        case .accessList: try Self.accessList(of: transaction)
        case .authorizations: try Self.authorizations(of: transaction)
        }
    }

    private static func hashes(_ name: String, of object: JSON) throws(ChainFault) -> RLP {
        var hashes: [RLP] = []
        for element in try object.list(name, most: EVMLimits.listed) {
            guard let bytes = element.asData, bytes.count == 32 else {
                throw .malformed("a hash that is none")
            }
            hashes.append(.bytes(bytes))
        }
        return .list(hashes)
    }

    private static func accessList(of transaction: JSON) throws(ChainFault) -> RLP {
        var entries: [RLP] = []
        for entry in try transaction.optionalList("accessList", most: EVMLimits.listed) ?? [] {
            entries.append(
                .list([.bytes(try entry.address("address").bytes), try hashes("storageKeys", of: entry)]))
        }
        return .list(entries)
    }

    private static func authorizations(of transaction: JSON) throws(ChainFault) -> RLP {
        var items: [RLP] = []
        for one in try transaction.list("authorizationList", most: EVMLimits.listed) {
            items.append(
                .list([
                    .bytes(try one.quantity("chainId").bytes), .bytes(try one.address("address").bytes),
                    .bytes(try one.quantity("nonce").bytes), .bytes(try one.quantity("yParity", "v").bytes),
                    .bytes(try one.quantity("r").bytes), .bytes(try one.quantity("s").bytes),
                ]))
        }
        return .list(items)
    }

    /// Whether `item` can stand in its place.
    func fits(_ item: RLP) -> Bool {
        switch self {
        case .value, .chain, .optional, .number, .either: item.asUInt256 != nil
        case .recipient, .optionalAddress: item == .bytes([]) || item.asBytes?.count == 20
        case .address: item.asBytes?.count == 20
        case .hash: item.asBytes?.count == 32
        case .input, .bytes: item.asBytes != nil
        case .flag: item == .number(0) || item == .number(1)
        case .hashes: Self.areHashes(item)
        case .accessList: item.asList?.allSatisfy(Self.isAccess) ?? false
        case .authorizations: item.asList?.allSatisfy(Self.isAuthorization) ?? false
        }
    }

    private static func areHashes(_ item: RLP) -> Bool {
        item.asList?.allSatisfy { $0.asBytes?.count == 32 } ?? false
    }

    private static func isAccess(_ item: RLP) -> Bool {
        guard let parts = item.asList, parts.count == 2 else { return false }
        return parts[0].asBytes?.count == 20 && areHashes(parts[1])
    }

    private static func isAuthorization(_ item: RLP) -> Bool {
        guard let parts = item.asList, parts.count == 6 else { return false }
        return parts[1].asBytes?.count == 20 && [0, 2, 3, 4, 5].allSatisfy { parts[$0].asUInt256 != nil }
    }
}
