internal import Crypto
internal import Domain
internal import JSON
internal import Platform

extension EVMChain {
    /// The chain changed while it was read.
    private struct Moved: Error {}

    /// See `Chain`.
    package func advance(from cursor: Cursor?, kept: any KeptHeaders) async throws -> Batch {
        do {
            for _ in 0..<EVMLimits.attempts {
                do { return try await attempt(from: cursor, kept) } catch is Moved { continue }
            }
            throw ChainFault(.unreachable, "The chain changes faster than it can be read.")
        } catch {
            // Another one may do better.
            reader.withLock { $0 &+= 1 }
            if Task.isCancelled { throw CancellationError() }
            throw error
        }
    }

    private func attempt(from cursor: Cursor?, _ kept: any KeptHeaders) async throws -> Batch {
        let view = try await providers.view()
        var batch = batch(at: cursor ?? view.head.cursor, view)
        if let cursor, let start = try await start(cursor, view, kept) {
            batch.cursor = start.cursor
            batch.forkHeight = start.isFork ? start.cursor.height : nil
            if start.cursor != view.head.cursor {
                batch.connected = try await blocks(above: start.cursor, view)
            }
            if let last = batch.connected.last {
                batch.cursor = Cursor(height: last.height, block: last.block)
            }
            batch.isAtTip = batch.cursor.height >= view.head.number
            if !batch.isAtTip { (batch.doubt, batch.seenUntil) = (nil, nil) }
        }
        batch.safe = try await highest(view.agreeing.map(\.standing.safe), in: batch, kept)
        batch.finalized = try await highest(view.agreeing.map(\.standing.finalized), in: batch, kept)
        return batch
    }

    /// A batch that has nothing new up to `cursor`.
    private func batch(at cursor: Cursor, _ view: EVMProviders.View) -> Batch {
        var batch = Batch(cursor: cursor, isAtTip: true)
        batch.pool = []
        batch.doubt = doubt(view)
        // What has happened since its last block nobody has seen yet. Where blocks come when somebody makes
        // them nothing happens in between.
        if place.blockSeconds != nil { batch.seenUntil = view.head.instant }
        return batch
    }

    // MARK: Where to begin

    /// Where the story goes on: at the cursor, or below it where enough providers have left it. Nil where
    /// they are not that far, and have not left it: that is no news.
    private func start(
        _ cursor: Cursor, _ view: EVMProviders.View, _ kept: any KeptHeaders
    ) async throws -> (cursor: Cursor, isFork: Bool)? {
        if view.head.number < cursor.height {
            guard let block = try await kept.block(at: view.head.number) else {
                throw ChainFault(
                    .syncing, "They are at block \(view.head.number), and \(cursor.height) was heard before.")
            }
            if block == view.head.block { return nil }
            return (try await fork(below: view.head.number, view, kept), true)
        }
        guard let here = try await providers.mark(at: cursor.height, in: view) else { throw Moved() }
        if here.block == cursor.block { return (cursor, false) }
        return (try await fork(below: cursor.height, view, kept), true)
    }

    /// The highest kept block below a height that enough providers name too: down in growing steps until one
    /// is common, then between the last two by halves.
    private func fork(
        below height: UInt64, _ view: EVMProviders.View, _ kept: any KeptHeaders
    ) async throws -> Cursor {
        let lowest = min(try await kept.lowest() ?? height, height)
        var parted = height
        var step: UInt64 = 1
        var common: Cursor?
        while parted > lowest, common == nil {
            let next = parted - min(step, parted - lowest)
            common = try await self.common(at: next, view, kept)
            if common == nil { parted = next }
            step *= 2
        }
        guard var common else {
            throw ChainFault(
                .malformed, "They have left the chain below block \(lowest), the lowest that is kept.")
        }
        while parted - common.height > 1 {
            let middle = common.height + (parted - common.height) / 2
            if let higher = try await self.common(at: middle, view, kept) {
                common = higher
            } else {
                parted = middle
            }
        }
        return common
    }

    private func common(
        at height: UInt64, _ view: EVMProviders.View, _ kept: any KeptHeaders
    ) async throws -> Cursor? {
        guard let block = try await kept.block(at: height) else { return nil }
        guard let mark = try await providers.mark(at: height, in: view) else { throw Moved() }
        return mark.block == block ? mark.cursor : nil
    }

    // MARK: Blocks

    /// The blocks above the cursor, as many as a batch takes. The last one is named by enough providers, and
    /// each names the one before: so all of them are.
    private func blocks(above cursor: Cursor, _ view: EVMProviders.View) async throws -> [ChainBlock] {
        let height = min(view.head.number, cursor.height + EVMLimits.batchBlocks)
        guard let last = try await providers.mark(at: height, in: view) else { throw Moved() }
        let reader = view.agreeing[reader.withLock { $0 } % view.agreeing.count].provider
        do {
            return try await blocks(above: cursor, upTo: last, from: reader)
        } catch let fault as ChainFault {
            throw ChainFault(fault.kind, "\(reader.name): \(fault.detail)")
        }
    }

    private func blocks(
        above cursor: Cursor, upTo last: EVMProvider.Mark, from reader: EVMProvider
    ) async throws -> [ChainBlock] {
        let told = try await reader.blocks(from: cursor.height + 1, count: Int(last.number - cursor.height))
        var blocks: [EVMBlock] = []
        var parent = cursor.block
        for block in told {
            let block = try EVMBlock(block, on: place)
            guard BlockID(block.header.parent.dataText) == parent,
                block.header.number == cursor.height + UInt64(blocks.count) + 1
            else { throw Moved() }
            parent = BlockID(block.header.hash.dataText)
            blocks.append(block)
        }
        guard parent == last.block else { throw Moved() }
        for index in blocks.indices {
            for place in blocks[index].places {
                try blocks[index].take(
                    try await reader.raw(at: place, of: blocks[index].header.hash), at: place)
            }
            try blocks[index].checkTransactions()
        }
        let full = blocks.filter { !$0.transactions.isEmpty }.map(\.header.hash)
        let receipts = Dictionary(
            uniqueKeysWithValues: zip(full, try await reader.receipts(of: full)))
        return try blocks.map { block in
            block.chainBlock(try block.receipts(receipts[block.header.hash] ?? []), on: place)
        }
    }

    // MARK: What stays

    /// The highest mark that as many as the quorum have reached, up to the last block that was heard. One
    /// that names another block than ours does not count.
    private func highest(
        _ marks: [EVMProvider.Mark?], in batch: Batch, _ kept: any KeptHeaders
    ) async throws -> UInt64? {
        var heights: [UInt64] = []
        for mark in marks.compactMap({ $0 }) {
            if mark.number <= batch.cursor.height, let ours = try await block(at: mark.number, batch, kept),
                ours != mark.block
            { continue }
            heights.append(min(mark.number, batch.cursor.height))
        }
        guard heights.count >= providers.quorum else { return nil }
        return heights.sorted(by: >)[providers.quorum - 1]
    }

    /// The block of our chain at a height after the batch; nil where none is kept.
    private func block(at height: UInt64, _ batch: Batch, _ kept: any KeptHeaders) async throws -> BlockID? {
        if let block = batch.connected.first(where: { $0.height == height }) { return block.block }
        if height == batch.cursor.height { return batch.cursor.block }
        return try await kept.block(at: height)
    }

    /// Why nothing becomes confirmed at the moment.
    private func doubt(_ view: EVMProviders.View) -> String? {
        if let seconds = place.blockSeconds {
            let age = clock.now / 1_000 - Int64(view.head.time)
            if age > Int64(max(EVMLimits.leastSilence, EVMLimits.silentBlocks * seconds)) {
                return "head: the newest block is \(age / 60) minutes old"
            }
        }
        guard let bound = place.finalitySeconds else { return nil }
        let marks = view.agreeing.compactMap(\.standing.finalized?.time).sorted(by: >)
        guard marks.count >= providers.quorum else { return "finality: no finalized block is named" }
        let behind = view.head.time - min(marks[providers.quorum - 1], view.head.time)
        return behind > bound ? "finality: it is \(behind / 60) minutes behind" : nil
    }
}

extension EVMProvider.Mark {
    var block: BlockID { BlockID(hash.dataText) }
    var cursor: Cursor { Cursor(height: number, block: block) }
    var instant: Instant { Instant(milliseconds: Int64(time) * 1_000) }
}
