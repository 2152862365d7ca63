internal import Crypto
internal import Domain
internal import Platform

extension UTXOChain {
    /// The node's chain changed while it was read.
    private struct Moved: Error {}

    /// See `Chain`.
    package func advance(from cursor: Cursor?, kept: any KeptHeaders) async throws -> Batch {
        do {
            for _ in 0..<UTXOLimits.attempts {
                do { return try await attempt(from: cursor, kept) } catch is Moved { continue }
            }
            throw ChainFault(.unreachable, "The node's chain changes faster than it can be read.")
        } catch {
            memory.withLock { $0.isRightNetwork = false }
            if Task.isCancelled { throw CancellationError() }
            throw error
        }
    }

    private func attempt(from cursor: Cursor?, _ kept: any KeptHeaders) async throws -> Batch {
        let standing = try await checkedStanding()
        let start = try await start(cursor, standing, kept)
        var batch = Batch(cursor: start.cursor, isAtTip: true)
        batch.forkHeight = start.isFork ? start.cursor.height : nil
        let blocks = try await blocks(above: start.cursor, standing)
        let headers = try await headers(upTo: start.cursor, before: blocks)
        connect(blocks, to: &batch, after: headers)
        batch.isAtTip = batch.cursor.height == standing.height
        guard !batch.isAtTip || batch.cursor.block.text == standing.best.displayText else { throw Moved() }
        try await hearPool(&batch, askedFrom: cursor, standing)
        let recent = (headers + blocks.map(\.header)).suffix(UTXOLimits.medianHeaders)
        memory.withLock { $0.headers = Array(recent) }
        return batch
    }

    /// Where the node stands. Throws when that is another network, or not yet where its network is.
    private func checkedStanding() async throws -> UTXONode.Standing {
        let standing = try await node.standing()
        guard standing.chain == place.nodeName else {
            throw ChainFault(.wrongNetwork, "The node is on \"\(standing.chain)\" and not on \(network).")
        }
        if !memory.withLock({ $0.isRightNetwork }) { try await checkNetwork() }
        guard !isCatchingUp(standing) else {
            throw ChainFault(
                .syncing, "The node is at block \(standing.height) of \(standing.headers) and catches up.")
        }
        memory.withLock { $0.isRightNetwork = true }
        return standing
    }

    private func checkNetwork() async throws {
        guard try await isRightNetwork() else {
            throw ChainFault(.wrongNetwork, "The node's blocks are not those of \(network).")
        }
    }

    /// Whether the node has the network's first block, and its landmark where it is that far. Chains that
    /// have split from another one share its first blocks, its name and the form of its addresses.
    func isRightNetwork() async throws(ChainFault) -> Bool {
        guard try await node.blockHash(at: 0) == place.genesis else { return false }
        guard let landmark = place.landmark else { return true }
        let block = try await node.blockHash(at: landmark.height)
        return block == nil || block == landmark.block
    }

    /// Whether the node is behind its network. One on regtest has no network to be behind of: it takes its
    /// own old tip, and headers that were made invalid, for signs of it.
    func isCatchingUp(_ standing: UTXONode.Standing) -> Bool {
        guard !place.isRegtest else { return false }
        if let landmark = place.landmark, standing.height < landmark.height { return true }
        return standing.isInitialDownload || standing.headers > standing.height + UTXOLimits.headerLead
    }

    // MARK: Where to begin

    private func start(
        _ cursor: Cursor?, _ standing: UTXONode.Standing, _ kept: any KeptHeaders
    ) async throws -> (cursor: Cursor, isFork: Bool) {
        guard let cursor else {
            return (Cursor(height: standing.height, block: BlockID(standing.best)), false)
        }
        if cursor.block == BlockID(standing.best) {
            // Or it would be asked for the blocks in between for ever.
            guard cursor.height == standing.height else {
                throw ChainFault.malformed("another height for the block that was heard last")
            }
            return (cursor, false)
        }
        if try await isActive(cursor) {
            // Above the tip that the node named a moment ago.
            guard cursor.height <= standing.height else { throw Moved() }
            return (cursor, false)
        }
        // Another node may answer at the old address.
        try await checkNetwork()
        try await checkWork(of: standing, against: cursor)
        return (try await fork(below: cursor, kept), true)
    }

    /// A chain is left only for one that has as much work, as nodes do. A node that has less has lost blocks,
    /// reads them anew (`-reindex`) or was put back from a copy: nothing of what was heard is undone by that.
    /// Of a block that the node does not know, the height tells.
    private func checkWork(of standing: UTXONode.Standing, against cursor: Cursor) async throws {
        let isBehind =
            if let known = try await node.place(of: cursor.block) {
                standing.work < known.work
            } else {
                standing.height < cursor.height
            }
        guard !isBehind else {
            throw ChainFault(
                .syncing,
                "The node is at block \(standing.height), with less work than block \(cursor.height) that"
                    + " was heard before: it catches up, or it has lost blocks.")
        }
    }

    private func isActive(_ cursor: Cursor) async throws -> Bool {
        try await node.blockHash(at: cursor.height).map { BlockID($0) } == cursor.block
    }

    /// The highest kept block that the node's chain has: down in growing steps until one is common, then
    /// between the last two by halves.
    private func fork(below cursor: Cursor, _ kept: any KeptHeaders) async throws -> Cursor {
        let lowest = min(try await kept.lowest() ?? cursor.height, cursor.height)
        var parted = cursor.height
        var step: UInt64 = 1
        while parted > lowest {
            let height = parted - min(step, parted - lowest)
            if let common = try await common(at: height, kept) {
                return try await fork(above: common, below: parted, kept)
            }
            parted = height
            step *= 2
        }
        return try await forkBelowKept(lowest, try await kept.block(at: lowest) ?? cursor.block)
    }

    private func fork(above common: Cursor, below parted: UInt64, _ kept: any KeptHeaders) async throws
        -> Cursor
    {
        var (common, parted) = (common, parted)
        while parted - common.height > 1 {
            let middle = common.height + (parted - common.height) / 2
            if let higher = try await self.common(at: middle, kept) {
                common = higher
            } else {
                parted = middle
            }
        }
        return common
    }

    private func common(at height: UInt64, _ kept: any KeptHeaders) async throws -> Cursor? {
        guard let block = try await kept.block(at: height) else { return nil }
        let cursor = Cursor(height: height, block: block)
        return try await isActive(cursor) ? cursor : nil
    }

    /// No kept block is on the node's chain. Nodes know the branch that they left: walks it down. A node that
    /// does not (its data is new) is heard from below the lowest kept block on.
    private func forkBelowKept(_ lowest: UInt64, _ block: BlockID) async throws -> Cursor {
        var walked = block
        for _ in 0..<UTXOLimits.branchSteps {
            guard let place = try await node.place(of: walked) else { break }
            if place.isActive {
                let common = Cursor(height: place.height, block: walked)
                guard try await isActive(common) else { throw Moved() }
                return common
            }
            guard let parent = place.parent else { break }
            walked = parent
        }
        let tip = try await node.standing().height
        let height = min(lowest - min(lowest, 1), tip)
        guard let hash = try await node.blockHash(at: height) else { throw Moved() }
        return Cursor(height: height, block: BlockID(hash))
    }

    // MARK: Blocks

    /// The blocks above the cursor, as many as a batch takes; each one's parent is the one before.
    private func blocks(above cursor: Cursor, _ standing: UTXONode.Standing) async throws -> [Block] {
        guard standing.height > cursor.height else { return [] }
        let count = Int(min(standing.height - cursor.height, UTXOLimits.batchBlocks))
        let hashes = try await node.blockHashes(from: cursor.height + 1, count: count)
        var blocks: [Block] = []
        var parent = cursor.block
        var bytes = 0
        for chunk in stride(from: 0, to: hashes.count, by: UTXOLimits.requests) {
            let wanted = hashes[chunk..<min(chunk + UTXOLimits.requests, hashes.count)]
            for block in try await fetch(Array(wanted)) {
                guard BlockID(block.header.previous) == parent else { throw try await brokenLink(standing) }
                blocks.append(block)
                bytes += block.contents.bytes.count
                parent = BlockID(block.hash)
            }
            if bytes >= UTXOLimits.batchBytes { break }
        }
        guard !blocks.isEmpty else { throw Moved() }
        return blocks
    }

    /// A chain that changed meanwhile, or a node that contradicts itself.
    private func brokenLink(_ standing: UTXONode.Standing) async throws -> any Error {
        try await node.best() == standing.best
            ? ChainFault.malformed("blocks that do not follow each other") : Moved()
    }

    private func fetch(_ hashes: [Hash256]) async throws -> [Block] {
        if hashes.count == 1 { return [try await node.block(hashes[0])] }
        let node = node
        return try await withThrowingTaskGroup(of: (Int, Block).self) { group in
            for (index, hash) in hashes.enumerated() {
                group.addTask { (index, try await node.block(hash)) }
            }
            var blocks: [(Int, Block)] = []
            for try await block in group { blocks.append(block) }
            return blocks.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// Up to ten headers that end with the cursor's, oldest first: the times before those of the blocks.
    private func headers(upTo cursor: Cursor, before blocks: [Block]) async throws -> [BlockHeader] {
        let known = memory.withLock { $0.headers }
        if let last = known.last, BlockID(last.hash) == cursor.block { return known }
        guard !blocks.isEmpty else { return [] }
        let count = min(UInt64(UTXOLimits.medianHeaders), cursor.height + 1)
        let first = cursor.height + 1 - count
        let headers = try await node.headers(
            try await node.blockHashes(from: first, count: Int(count)))
        guard headers.count == Int(count), headers.last.map({ BlockID($0.hash) }) == cursor.block,
            zip(headers, headers.dropFirst()).allSatisfy({ $0.hash == $1.previous })
        else { throw Moved() }
        return headers
    }

    private func connect(_ blocks: [Block], to batch: inout Batch, after headers: [BlockHeader]) {
        var times = headers.map(\.time)
        for block in blocks {
            times = (times + [block.header.time]).suffix(UTXOLimits.medianHeaders)
            let median = Instant(milliseconds: Int64(times.sorted()[times.count / 2]) * 1_000)
            let connected = ChainBlock(
                height: batch.cursor.height + 1, block: BlockID(block.hash),
                parent: BlockID(block.header.previous),
                medianTime: median, header: block.header.bytes,
                transactions: block.contents.chainTransactions(on: place, in: block.tree))
            batch.connected.append(connected)
            batch.cursor = Cursor(height: connected.height, block: connected.block)
        }
    }
}

extension BlockID {
    init(_ hash: Hash256) { self.init(hash.displayText) }
}

extension UTXONetwork {
    /// What a node calls it in `getblockchaininfo`.
    var nodeName: String {
        switch self {
        case .bitcoin, .litecoin: "main"
        case .bitcoinTestnet3, .litecoinTestnet: "test"
        case .bitcoinTestnet4: "testnet4"
        case .bitcoinSignet: "signet"
        case .bitcoinRegtest, .litecoinRegtest: "regtest"
        }
    }

    /// Whether blocks on it are made at will, by whoever runs the node.
    package var isRegtest: Bool { self == .bitcoinRegtest || self == .litecoinRegtest }
}
