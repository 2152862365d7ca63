package import Domain

/// The state of the sandbox: a fold over commands. The same commands give the same state, hashes included.
///
/// It is a value: whoever drives the sandbox tries commands on a copy, stores them, and hands the copy to the
/// `SandboxWorld` once they are durable.
package struct SandboxLedger: Hashable, Sendable {
    private(set) var stories: [SandboxNetwork: SandboxStory]
    /// The number of the last command, from 1 on; 0 before the first.
    package private(set) var sequence: Int64 = 0
    /// How far the sandbox's clock runs before the real one.
    private(set) var offsetSeconds: Int64 = 0
    /// The sandbox's time of the last command.
    private(set) var lastTime = Instant(milliseconds: .min)

    /// Nothing but the genesis blocks.
    package init() {
        stories = Dictionary(uniqueKeysWithValues: SandboxNetwork.allCases.map { ($0, SandboxStory($0)) })
    }

    init(
        _ stories: [SandboxNetwork: SandboxStory], sequence: Int64, offsetSeconds: Int64, lastTime: Instant
    ) {
        self.stories = stories
        self.sequence = sequence
        self.offsetSeconds = offsetSeconds
        self.lastTime = lastTime
    }

    func story(_ network: SandboxNetwork) -> SandboxStory { stories[network] ?? SandboxStory(network) }

    /// The sandbox's time at a real one: never before that of the last command, even if the real clock steps
    /// back.
    package func now(at real: Int64) -> Instant {
        max(Instant(milliseconds: real).adding(seconds: offsetSeconds), lastTime)
    }

    /// Applies one command. Throws `unusable` when it makes no sense here, and changes nothing then.
    package mutating func apply(_ command: SandboxCommand) throws(ChainFault) -> SandboxOutcome {
        guard SandboxTime.range.contains(command.at) else {
            throw ChainFault(.unusable, "The time of the command is out of range.")
        }
        var outcome = SandboxOutcome(now: now(at: command.at))
        switch command.action {
        case .pay(let network, let outputs, let isMined):
            try change(network) { story throws(ChainFault) in
                try story.pay(outputs, isMined: isMined, &outcome)
            }
        case .replace(let network, let txid, let replacement):
            try change(network) { story throws(ChainFault) in
                try story.replace(txid, by: replacement, &outcome)
            }
        case .evict(let network, let txid):
            try change(network) { story throws(ChainFault) in try story.evict(txid, &outcome) }
        case .rebroadcast(let network, let txid):
            try change(network) { story throws(ChainFault) in try story.rebroadcast(txid, &outcome) }
        case .mine(let network, let blocks):
            try change(network) { story throws(ChainFault) in try story.mine(blocks, &outcome) }
        case .confirm(let network, let scripts, let blocks):
            try change(network) { story throws(ChainFault) in
                try story.confirm(scripts, blocks, &outcome)
            }
        case .reorg(let network, let reorg):
            try change(network) { story throws(ChainFault) in try story.reorg(reorg, &outcome) }
        case .spend(let network, let place):
            try change(network) { story throws(ChainFault) in try story.spend(place, &outcome) }
        case .clock(let seconds):
            outcome.now = try advance(seconds, at: command.at)
        case .fail(let network):
            try change(network) { story throws(ChainFault) in story.isDown = true }
        case .recover(let network):
            try change(network) { story throws(ChainFault) in story.isDown = false }
        }
        lastTime = outcome.now
        sequence += 1
        return outcome
    }

    /// The newest transaction to a script, whatever has become of it; nil when none ever paid it, or none
    /// that is still known.
    package func latest(to script: String, on network: SandboxNetwork) -> SandboxSight? {
        story(network).latest(to: script)
    }

    /// The newest transaction to one of these scripts that waits in the pool; nil when none does.
    package func pooled(to scripts: [String], on network: SandboxNetwork) -> String? {
        let story = story(network)
        let sights = scripts.compactMap { story.latest(to: $0) }
        let newest = Set(sights.filter { $0.standing == .pooled }.map(\.txid))
        return newest.isEmpty ? nil : story.pool.last(where: newest.contains)
    }

    /// What would have to leave the chain to take the newest payment to one of these scripts back into the
    /// pool: the blocks from its own one on, and all in them that paid such a script. Nil when the newest to
    /// each of them is not on the chain.
    package func takenBack(
        from scripts: [String], on network: SandboxNetwork
    ) -> (depth: Int64, transactions: [String])? {
        let story = story(network)
        let heights = scripts.compactMap { script -> UInt64? in
            if case .mined(let height)? = story.latest(to: script)?.standing { height } else { nil }
        }
        guard let height = heights.max() else { return nil }
        return (Int64(story.tip.height - height) + 1, story.mined(to: Set(scripts), from: height))
    }

    /// Whether it has become long enough to be cut soon.
    package var isLong: Bool { stories.values.contains { $0.active.count > SandboxLimits.longChain } }

    /// Forgets what no command and no watcher can ask for any more on a network whose blocks were absorbed up
    /// to `cursor`. Another world's cursor, or one off the chain, forgets nothing.
    package mutating func cut(_ network: SandboxNetwork, absorbed cursor: Cursor) {
        guard story(network).block(at: cursor.height)?.id == cursor.block else { return }
        stories[network, default: SandboxStory(network)].cut(absorbed: cursor.height)
    }

    /// Changes one story where it stands, so that several commands in a row copy a long history once.
    private mutating func change(
        _ network: SandboxNetwork, _ body: (inout SandboxStory) throws(ChainFault) -> Void
    ) throws(ChainFault) {
        try body(&stories[network, default: SandboxStory(network)])
    }

    private mutating func advance(_ seconds: Int64, at real: Int64) throws(ChainFault) -> Instant {
        guard SandboxLimits.clockSeconds.contains(seconds) else {
            throw ChainFault(
                .unusable, "The clock goes forward by 1 to \(SandboxLimits.clockSeconds.upperBound) seconds.")
        }
        let (sum, overflow) = offsetSeconds.addingReportingOverflow(seconds)
        guard !overflow, sum <= SandboxTime.largestOffsetSeconds else {
            throw ChainFault(.unusable, "The clock is too far in the future already.")
        }
        // The last command's time may run before the real clock when that stepped back: what is asked for is
        // that the sandbox's time moves, so it moves from where it stands.
        let before = now(at: real)
        offsetSeconds = sum
        return max(now(at: real), before.adding(seconds: seconds))
    }
}

/// Times that a command can have: the years 1970 to 2200 or so, with room for the clock's offset.
enum SandboxTime {
    static let range: ClosedRange<Int64> = 0...7_258_118_400_000
    static let largestOffsetSeconds: Int64 = 3_153_600_000
    /// The latest time that the sandbox's clock can show, in milliseconds.
    static let latest = range.upperBound + largestOffsetSeconds * 1_000
}

/// A transaction as the sandbox's owner may see it.
package struct SandboxSight: Hashable, Sendable {
    /// Where it stands now.
    package enum Standing: Hashable, Sendable {
        case pooled
        case mined(height: UInt64)
        case gone
    }

    package let txid: String
    package let standing: Standing
}
