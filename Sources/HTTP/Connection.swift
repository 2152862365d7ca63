/// One accepted connection. Belongs to its loop and is only touched on the loop's thread.
final class Connection {
    /// Names a connection over its life: descriptors are used again, so a number that counts goes with them,
    /// and what arrives late for a connection that is gone finds nobody.
    struct ID: Hashable, Sendable {
        let descriptor: Int32
        let generation: UInt32

        /// As carried by the kernel's events.
        var tag: UInt { UInt(generation) << 32 | UInt(UInt32(bitPattern: descriptor)) }

        init(descriptor: Int32, generation: UInt32) {
            self.descriptor = descriptor
            self.generation = generation
        }

        init(tag: UInt) {
            descriptor = Int32(bitPattern: UInt32(truncatingIfNeeded: tag))
            generation = UInt32(truncatingIfNeeded: tag >> 32)
        }
    }

    enum Phase {
        /// Between requests or inside one.
        case reading
        /// A handler is at work.
        case handling(Handling)
        case streaming(Streaming)
        /// The last answer is out; what still comes is thrown away until the client has seen it.
        case lingering
    }

    struct Handling {
        let task: Task<Void, Never>
        let exchange: Exchange
        let request: Request
        /// Whether it was reported that the handler takes too long.
        var isOverdue = false
    }

    /// What an answer needs to know of its request.
    struct Exchange: Sendable {
        let minorVersion: Int
        let keepsAlive: Bool
        let isHead: Bool
        let lastEventID: String?
        /// Who is counted for it: not the proxy.
        let client: IPAddress
        /// Whether it is counted while it is handled.
        let isCounted: Bool
    }

    struct Streaming {
        let stream: EventStream
        let isChunked: Bool
        let client: IPAddress
        /// The newest event already sent.
        var sequence: Int
    }

    let id: ID
    let address: IPAddress
    /// Whether the other end is a configured proxy.
    let isProxy: Bool
    let peer: Peer
    var phase = Phase.reading
    var parser = RequestParser()
    var progress = RequestParser.Progress.nothing
    /// When the present phase, or the present part of a request, began.
    var since: Int64
    var hasServed = false
    /// What this connection adds to the loop's `bodyBytes`.
    var countedBody = 0
    /// Bytes thrown away since requests stopped being read.
    var discarded = 0

    var output: [UInt8] = []
    var written = 0
    /// When output began to wait, how much went out since, and when anything was last sent.
    var waitingSince: Int64?
    var writtenSince = 0
    var lastWrite: Int64
    var closesAfterOutput = false

    /// Whether the client's end was read, and when it was first noticed.
    var hasEnded = false
    var departed: Int64?
    /// What the kernel was asked to report.
    var interest: UInt32 = 0
    /// Whether it is on the loop's list for the end of the pass.
    var isListed = false

    init(id: ID, address: IPAddress, isProxy: Bool, now: Int64) {
        self.id = id
        self.address = address
        self.isProxy = isProxy
        peer = Peer(address: address.description, isSecure: false)
        since = now
        lastWrite = now
    }

    var waiting: Int { output.count - written }

    var isReading: Bool { if case .reading = phase { true } else { false } }
    var isHandling: Bool { if case .handling = phase { true } else { false } }
    var isStreaming: Bool { if case .streaming = phase { true } else { false } }
    var isLingering: Bool { if case .lingering = phase { true } else { false } }

    /// Whether nothing is owed to the client.
    var isIdle: Bool { isReading && progress == .nothing && waiting == 0 }

    /// Whether more should be read now.
    func wantsInput(_ limits: Limits) -> Bool {
        guard !hasEnded else { return false }
        switch phase {
        case .reading: return waiting < limits.pipelinedBytes
        case .handling: return parser.bufferedCount < limits.pipelinedBytes
        case .streaming, .lingering: return true
        }
    }
}

/// How many connections are open, over all loops, and what each client has of them.
///
/// A client is an IPv4 address or a /64 of IPv6, which is what one customer of a network has.
struct Census {
    private(set) var total = 0
    private var peers: [IPAddress: Int] = [:]
    /// Requests under way of the clients behind proxies, whose connections are many clients'.
    private var requests: [IPAddress: Int] = [:]
    private var streams: [IPAddress: Int] = [:]

    /// Counts a connection, or says why not. A configured proxy is many clients, so it has no limit of its
    /// own.
    mutating func admit(_ address: IPAddress, isProxy: Bool, _ limits: Limits) -> Refusal? {
        guard total < limits.connections else { return .overloaded }
        guard isProxy || Self.take(&peers, address.client, limits.connectionsPerPeer) else {
            return .tooManyConnections
        }
        total += 1
        return nil
    }

    mutating func leave(_ address: IPAddress, isProxy: Bool) {
        total -= 1
        if !isProxy { Self.giveBack(&peers, address.client) }
    }

    /// Counts a request that came through a proxy; false when its client has as many under way as it may have
    /// connections.
    mutating func beginRequest(of client: IPAddress, _ limits: Limits) -> Bool {
        Self.take(&requests, client, limits.connectionsPerPeer)
    }

    mutating func endRequest(of client: IPAddress) { Self.giveBack(&requests, client) }

    /// Counts a stream of events; false when its client has too many.
    mutating func beginStream(of client: IPAddress, _ limits: Limits) -> Bool {
        Self.take(&streams, client, limits.streamsPerPeer)
    }

    mutating func endStream(of client: IPAddress) { Self.giveBack(&streams, client) }

    private static func take(_ counts: inout [IPAddress: Int], _ client: IPAddress, _ limit: Int) -> Bool {
        let count = counts[client] ?? 0
        guard count < limit else { return false }
        counts[client] = count + 1
        return true
    }

    private static func giveBack(_ counts: inout [IPAddress: Int], _ client: IPAddress) {
        guard let count = counts[client] else { return }
        counts[client] = count > 1 ? count - 1 : nil
    }
}

extension IPAddress {
    /// The part of an address that one client cannot choose at will.
    var client: IPAddress {
        guard case .v6(let value) = self else { return self }
        return .v6((value >> 64) << 64)
    }
}
