import Crypto
import Database
import Domain
import Engine
import JSON
import Platform
import Storage

extension Simulation {
    /// Everything is mended, and the gateway goes on until nothing is left to do.
    func settle() async throws {
        note("mended")
        if machine.disk.isDead || isBroken { try await begin(after: .none) }
        try await machine.reopen()
        post.set(.good, of: Self.host)
        if mustRotate { try await rotateSecret() }
        for index in networks.indices {
            networks[index].deafUntil = 0
            networks[index].line.set(.none)
        }
        try await reviveEndpoint()
        matureCoinbases()
        var quiet = 0
        // Money that no block confirms is asked about for as long as it waits: each chain goes on until what
        // came last is deeper than anybody wants it.
        var blocksLeft = networks.map { _ in Limits.lastBlocks }
        for _ in 0..<Limits.settlingRounds {
            // Blocks take all that waits; half an hour brings every window and every retry to its end.
            for index in networks.indices {
                if !networks[index].truth.pool.isEmpty { blocksLeft[index] = Limits.lastBlocks }
                if blocksLeft[index] > 0 {
                    networks[index].truth.mineAll(time: UInt32(clamping: clock.now / 1_000))
                    blocksLeft[index] -= 1
                }
                inform(index)
                for process in machine.gateways.indices {
                    machine.active = process
                    try await look(index)
                }
            }
            try await tick()
            try await deliver()
            try await hearken()
            let now = Instant(milliseconds: clock.now)
            let isOwed = try await machine.store.read { tx in
                try tx.nextDelivery(after: Instant(milliseconds: 0)) != nil
                    || tx.nextLook(isTest: true).map { $0 <= now.adding(seconds: 7 * 24 * 3_600) } ?? false
            }
            quiet = isOwed ? 0 : quiet + 1
            if quiet > 12 { return }
            clock.advance(by: 30 * 60 * 1_000)
        }
        throw Failure(problem: "something is still owed after \(Limits.settlingRounds) half hours of peace")
    }

    /// What must hold at rest.
    func check() async throws {
        try await compareAll()
        try require(post.violations.isEmpty, "receivers object: \(post.violations.prefix(3))")
        let report = try await machine.store.verify()
        try require(report.isClean, "verify finds \(report.findings.prefix(3))")
        let there = networks.map(Self.received)
        for index in orders.indices { try check(index, there) }
        try await checkEvents()
    }

    /// One payment against the chains as they really are.
    private func check(_ index: Int, _ received: [[[UInt8]: UInt64]]) throws {
        guard let payment = compared[index]?.payment else {
            throw Failure(problem: "payment \(index) was never compared")
        }
        count("ended \(payment.state.rawValue)")
        if payment.epoch > 1 { count("epochs beyond the first", payment.epoch - 1) }
        for known in oracle.cases[index].known where known.transaction.inputs.isEmpty {
            if known.confirmedIn != nil { count("coinbases that matured") }
        }
        let scripts = Set(oracle.cases[index].offers.map(\.script))
        for (network, net) in networks.enumerated() {
            let there = scripts.reduce(UInt128(0)) { $0 + UInt128(received[network][$1] ?? 0) }
            let credited = payment.evidence.transfers
                .filter { $0.block != nil && $0.key.network == net.method.network }
                .reduce(UInt128(0)) { $0 + ($1.amount ?? 0) }
            try require(
                credited == there,
                "payment \(index) (\(payment.id)): \(credited) seen, \(there) on \(net.method.network)")
        }
        let epochs = post.receiver(Self.host)?.paidEpochs[payment.id.text] ?? []
        try require(
            epochs == Set((0..<payment.epoch).map { Int64($0 + 1) }),
            "payment \(index): announced paid for the epochs \(epochs), paid \(payment.epoch) times")
    }

    /// What the chain that counts holds, by script.
    private static func received(_ net: Net) -> [[UInt8]: UInt64] {
        var sums: [[UInt8]: UInt64] = [:]
        for block in net.truth.active.compactMap({ net.truth.blocks[$0] }) {
            for transaction in block.transactions {
                for output in transaction.outputs { sums[output.script, default: 0] += output.value }
            }
        }
        return sums
    }

    /// Every event was told, as it is stored, and those of a payment tell one story.
    private func checkEvents() async throws {
        let heard = post.receiver(Self.host)?.heard ?? [:]
        var stories: [String: Story] = [:]
        var (position, count) = (Int64(0), 0)
        while true {
            let from = position
            let merchant = caller.merchant
            let page = try await machine.store.read { tx in
                try tx.events(of: merchant, after: from, isTest: true, type: nil, subject: nil, limit: 500)
            }
            for event in page.items {
                let bytes = Array(event.body.utf8)
                try require(heard[event.id.text] == bytes, "\(event.id) was not told as it is stored")
                var story = stories[event.subject] ?? Story()
                let before = story.state
                if let problem = story.go(on: event.type, event.sequence, try JSON.parse(bytes)) {
                    throw Failure(problem: "\(event.id): \(problem)")
                }
                stories[event.subject] = story
                if let before, let next = story.state, before != next { self.count("\(before) → \(next)") }
                position = event.position
                count += 1
            }
            if !page.hasMore { break }
        }
        try require(heard.count == count, "\(heard.count) events were told, and \(count) are stored")
        self.count("events", count)
        for order in orders {
            let story = stories[order.payment.text]
            let state = orderOfPayment[order.payment].flatMap { compared[$0]?.payment.state.rawValue }
            try require(
                story?.state == state,
                "\(order.payment) was told to be \(story?.state ?? "nothing"), and is \(state ?? "nothing")")
        }
    }

    /// What was told of one payment.
    private struct Story {
        var state: String?
        private var sequence: Int64 = 0
        private var version: Int64 = 0
        private var paid: Int64 = 0
        private var reversed: Int64 = 0

        private static let settled: Set<String> = ["paid", "overpaid"]
        /// States that nothing leads out of, and those that nothing leads back to.
        private static let last: Set<String> = ["failed"]
        private static let first: Set<String> = ["created"]

        /// Gives what does not follow from what was told before.
        mutating func go(on type: String, _ number: Int64, _ body: JSON) -> String? {
            guard number == sequence + 1 else { return "it comes after event \(sequence)" }
            sequence = number
            guard let payment = body["data"]?["payment"], let next = payment["state"]?.asString,
                let version = payment["version"]?.asInt64, let epoch = payment["epoch"]?.asInt64
            else { return "it tells of no payment" }
            guard type.hasPrefix("payment.") else {
                return next == state || state == nil ? nil : "it tells of \(next), and nothing led there"
            }
            guard version == self.version + 1 else { return "version \(version) comes after \(self.version)" }
            self.version = version
            if let state {
                if Self.last.contains(state) { return "nothing leads out of \(state)" }
                if Self.first.contains(next) { return "nothing leads back to \(next)" }
                if state == next { return "it tells of no change" }
                let (was, isNow) = (Self.settled.contains(state), Self.settled.contains(next))
                if was, !isNow {
                    reversed += 1
                    if type != "payment.reversed" { return "\(state) is taken back as \(type)" }
                }
                if !was, isNow { paid += 1 }
                if was, isNow, type != "payment.updated" { return "\(state) becomes \(next) as \(type)" }
            } else if next != "created" {
                return "it begins with \(next)"
            }
            state = next
            guard epoch == paid else { return "it is of epoch \(epoch), and was paid \(paid) times" }
            return (0...1).contains(paid - reversed) ? nil : "it is paid twice"
        }
    }
}
