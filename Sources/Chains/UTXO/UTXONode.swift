internal import Crypto
internal import Domain
internal import JSON
internal import Platform

/// The questions that a gateway has for a node of Bitcoin's kind, each answer checked as far as it can be.
struct UTXONode: Sendable {
    let network: UTXONetwork
    let rpc: NodeRPC

    /// Where the node stands.
    struct Standing: Sendable {
        let chain: String
        let height: UInt64
        let headers: UInt64
        let best: Hash256
        /// All that was put into its chain.
        let work: ChainWork
        let isInitialDownload: Bool
        let isPruned: Bool
        let warnings: [String]
    }

    func standing() async throws(ChainFault) -> Standing {
        let answer = try await ask { () async throws(NodeFailure) in try await rpc.call("getblockchaininfo")
        }
        guard let chain = answer["chain"]?.asString, let height = Self.height(answer["blocks"]),
            let headers = Self.height(answer["headers"]), let best = Self.hash(answer["bestblockhash"]),
            let work = ChainWork(answer["chainwork"]),
            let isInitialDownload = answer["initialblockdownload"]?.asBool
        else { throw .malformed("no state of its chain") }
        let warnings = answer["warnings"]
        let texts = warnings?.asArray?.compactMap(\.asString) ?? [warnings?.asString ?? ""]
        return Standing(
            chain: Self.words(chain), height: height, headers: headers, best: best, work: work,
            isInitialDownload: isInitialDownload,
            isPruned: answer["pruned"]?.asBool ?? false,
            warnings: texts.filter { !$0.isEmpty }.prefix(UTXOLimits.warnings).map(Self.words))
    }

    /// What the node calls itself and its version, as `/Satoshi:29.0.0/`, and how many others it speaks to.
    func identity() async throws(ChainFault) -> (version: String, connections: UInt64) {
        let answer = try await ask { () async throws(NodeFailure) in try await rpc.call("getnetworkinfo") }
        guard let version = answer["subversion"]?.asString,
            let connections = answer["connections"]?.asUInt64
        else { throw .malformed("no version") }
        return (Self.words(version), connections)
    }

    /// Asks for each other call once, for nothing that exists, so that the answer is short: whoever lists
    /// what a login may call forgets one easily. Throws where the node does not serve one.
    func mustServe() async throws(ChainFault) {
        for method in ["getbestblockhash", "getmempoolinfo"] { try await mustServe(method) }
        for method in ["getblock", "getblockheader", "getrawmempool", "getrawtransaction"] {
            try await mustServe(method, "?")
        }
    }

    private func mustServe(_ method: String, _ nothing: JSON? = nil) async throws(ChainFault) {
        do throws(NodeFailure) {
            if let nothing { _ = try await rpc.call(method, nothing) } else { _ = try await rpc.call(method) }
        } catch {
            guard case .fault(let fault) = error else { return }
            guard fault.kind == .unauthorized else { throw fault }
            throw ChainFault(.unauthorized, "The node does not serve \(method): is it in rpcwhitelist?")
        }
    }

    func best() async throws(ChainFault) -> Hash256 {
        let answer = try await ask { () async throws(NodeFailure) in try await rpc.call("getbestblockhash")
        }
        guard let hash = Self.hash(answer) else { throw .malformed("no block hash") }
        return hash
    }

    /// The block of the node's chain at a height; nil above its tip.
    func blockHash(at height: UInt64) async throws(ChainFault) -> Hash256? {
        try await blockHashes(from: height, count: 1).first
    }

    /// The blocks of the node's chain from a height on; fewer when it ends before. At most
    /// `UTXOLimits.callsPerRequest`.
    func blockHashes(from height: UInt64, count: Int) async throws(ChainFault) -> [Hash256] {
        let calls = (0..<count).map { NodeRPC.Call("getblockhash", .integer(height + UInt64($0))) }
        let results = try await ask { () async throws(NodeFailure) in try await rpc.batch(calls) }
        var hashes: [Hash256] = []
        for result in results {
            switch result {
            case .success(let value):
                guard let hash = Self.hash(value) else { throw .malformed("no block hash") }
                hashes.append(hash)
            case .failure(let failure):
                guard failure.isUnknownThing else { throw failure.fault }
                return hashes
            }
        }
        return hashes
    }

    /// A block, checked against its name and its work.
    func block(_ hash: Hash256) async throws(ChainFault) -> Block {
        let bytes = try await ask { () async throws(NodeFailure) in
            try await rpc.bytes("getblock", .string(hash.displayText), 0)
        }
        let block: Block
        do throws(ParseError) {
            block = try Block(parsing: bytes, on: network)
        } catch {
            throw .malformed("a block \(hash.displayText) that is none (\(error))")
        }
        guard block.hash == hash else { throw .malformed("another block than \(hash.displayText)") }
        guard block.header.hasProofOfWork(on: network) else {
            throw .malformed("a block \(hash.displayText) without proof of work")
        }
        return block
    }

    /// The headers of blocks, checked against their names, in the same order.
    func headers(_ hashes: [Hash256]) async throws(ChainFault) -> [BlockHeader] {
        let calls = hashes.map { NodeRPC.Call("getblockheader", .string($0.displayText), false) }
        let results = try await ask { () async throws(NodeFailure) in try await rpc.batch(calls) }
        var headers: [BlockHeader] = []
        for (hash, result) in zip(hashes, results) {
            switch result {
            case .success(let value):
                guard let bytes = value.asString.flatMap({ Self.bytes($0) }),
                    let header = try? BlockHeader(bytes),
                    header.hash == hash
                else { throw .malformed("another header than that of \(hash.displayText)") }
                headers.append(header)
            case .failure(let failure): throw failure.fault
            }
        }
        return headers
    }

    /// Where a block stands that the node knows.
    struct Place: Sendable {
        let height: UInt64
        /// Whether it is on the node's chain.
        let isActive: Bool
        let parent: BlockID?
        /// All that was put into the chain up to it.
        let work: ChainWork
    }

    /// A block that the node knows, on its chain or not; nil when it does not know it.
    func place(of block: BlockID) async throws(ChainFault) -> Place? {
        let answer: JSON
        do throws(NodeFailure) {
            answer = try await rpc.call("getblockheader", .string(block.text), true)
        } catch {
            guard error.isUnknownThing else { throw error.fault }
            return nil
        }
        guard let height = Self.height(answer["height"]), let work = ChainWork(answer["chainwork"]),
            let confirmations = answer["confirmations"]?.asInt64
        else {
            throw .malformed("no header of \(block.text)")
        }
        return Place(
            height: height, isActive: confirmations > 0,
            parent: Self.hash(answer["previousblockhash"]).map { BlockID($0) }, work: work)
    }

    /// Whether the node has its pool: after a start it reads it back in the background.
    func hasLoadedPool() async throws(ChainFault) -> Bool {
        let answer = try await ask { () async throws(NodeFailure) in try await rpc.call("getmempoolinfo") }
        guard let isLoaded = answer["loaded"]?.asBool else { throw .malformed("no state of its pool") }
        return isLoaded
    }

    /// The ids of all transactions in the pool.
    func pool() async throws(ChainFault) -> [String] {
        let answer = try await ask { () async throws(NodeFailure) in
            try await rpc.call("getrawmempool", isLarge: true)
        }
        guard let elements = answer.asArray else { throw .malformed("no list of its pool") }
        let ids = elements.compactMap(\.asString)
        guard ids.count == elements.count, ids.allSatisfy(Self.isID) else {
            throw .malformed("a pool of something else than transactions")
        }
        return ids
    }

    /// Transactions of the pool; those that have left it are left out.
    func poolTransactions(_ ids: ArraySlice<String>) async throws(ChainFault) -> [(
        id: String, TransactionTable
    )] {
        let calls = ids.map { NodeRPC.Call("getrawtransaction", .string($0), false) }
        let results: [Result<JSON, NodeFailure>]
        do throws(NodeFailure) {
            results = try await rpc.batch(calls, isLarge: true)
        } catch {
            // Several giants at once may be more than an answer may have.
            guard case .fault(let fault) = error, fault.kind == .malformed, ids.count > 1 else {
                throw error.fault
            }
            let middle = ids.startIndex + ids.count / 2
            return try await poolTransactions(ids[..<middle]) + poolTransactions(ids[middle...])
        }
        var transactions: [(id: String, TransactionTable)] = []
        for (id, result) in zip(ids, results) {
            switch result {
            case .success(let value): transactions.append((id, try poolTransaction(id, value)))
            case .failure(let failure):
                guard failure.isUnknownThing else { throw failure.fault }
            }
        }
        return transactions
    }

    private func poolTransaction(_ id: String, _ value: JSON) throws(ChainFault) -> TransactionTable {
        guard let bytes = value.asString.flatMap({ Self.bytes($0) }) else {
            throw .malformed("no transaction \(id)")
        }
        let table: TransactionTable
        do throws(ParseError) {
            table = try TransactionTable(transaction: bytes, on: network)
        } catch {
            throw .malformed("a transaction \(id) that is none (\(error))")
        }
        // One that lives in Litecoin's extension block alone is named otherwise there; it pays nobody here.
        guard table.outputs.isEmpty || table.transactions.first?.id.displayText == id else {
            throw .malformed("another transaction than \(id)")
        }
        return table
    }

    private func ask<Answer: Sendable>(
        _ question: () async throws(NodeFailure) -> Answer
    ) async throws(ChainFault) -> Answer {
        do throws(NodeFailure) { return try await question() } catch { throw error.fault }
    }

    /// A height that a chain can have: those around it can be computed with.
    private static func height(_ value: JSON?) -> UInt64? {
        value?.asUInt64.flatMap { $0 <= UTXOLimits.height ? $0 : nil }
    }

    /// As nodes write it and we do: an id in capitals would be another one.
    private static func isID(_ text: String) -> Bool {
        let digits = [0x30...0x39, 0x61...0x66] as [ClosedRange<UInt8>]
        return text.utf8.count == 64 && text.utf8.allSatisfy { byte in digits.contains { $0.contains(byte) } }
    }

    /// What the node says in its own words, as far as it is passed on: one line, and not a long one.
    static func words(_ text: String) -> String {
        var words = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(UTXOLimits.wordScalars) {
            words.append(scalar.properties.generalCategory == .control ? " " : scalar)
        }
        return String(words)
    }

    private static func hash(_ value: JSON?) -> Hash256? {
        value?.asString.flatMap { Hash256(displayText: $0) }
    }

    private static func bytes(_ text: String) -> [UInt8]? { Hex.decode(text) }
}

/// The expected number of hashes behind a chain: of two chains, nodes follow the one with more.
struct ChainWork: Hashable, Comparable, Sendable {
    /// 64 hexadecimal digits, so that texts are ordered as the numbers are.
    private let text: String

    /// Nil for what is no such number.
    init?(_ value: JSON?) {
        guard let text = value?.asString, text.utf8.count == 64, Hash256(displayText: text) != nil else {
            return nil
        }
        self.text = text.lowercased()
    }

    static func < (left: Self, right: Self) -> Bool { left.text < right.text }
}
