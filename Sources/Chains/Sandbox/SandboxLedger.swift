import Domain

/// The state of the sandbox: a fold over commands. The same commands give the same state, hashes included.
struct SandboxLedger: Hashable, Sendable {
    private(set) var stories: [SandboxNetwork: SandboxStory]
    /// How far the sandbox's clock runs before the real one.
    private(set) var offsetSeconds: Int64 = 0
    /// The sandbox's time of the last command.
    private(set) var lastTime = Instant(milliseconds: .min)

    init() {
        stories = Dictionary(uniqueKeysWithValues: SandboxNetwork.allCases.map { ($0, SandboxStory($0)) })
    }

    func story(_ network: SandboxNetwork) -> SandboxStory { stories[network] ?? SandboxStory(network) }

    /// The sandbox's time at a real one: never before that of the last command, even if the real clock steps
    /// back.
    func now(at real: Int64) -> Instant {
        max(Instant(milliseconds: real).adding(seconds: offsetSeconds), lastTime)
    }

    /// Applies one command. Throws `unusable` when it makes no sense here, and changes nothing then.
    mutating func apply(_ command: SandboxCommand) throws(ChainFault) -> SandboxOutcome {
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
        return outcome
    }

    /// Changes one story where it stands, so that a long history is not copied for each command.
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
}
