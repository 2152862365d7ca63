import Platform
import Testing

@Suite("The supervisor", .timeLimit(.minutes(15)))
struct SupervisorTests {
    struct Passing: Error {}
    struct Corrupt: FatefulError { let isFatal = true }

    /// A resident that does what the test says.
    struct Part: Resident {
        let name: String
        var isEssential = false
        let body: @Sendable () async throws -> Void
        func run() async throws { try await body() }
    }

    let clock = ManualClock()
    let told = Lock<[String]>([])

    func supervisor(_ residents: [any Resident]) -> Supervisor {
        Supervisor(residents, clock: clock, entropy: SeededEntropy(seed: 1), log: .silent)
    }

    /// Sleeps on a clock that nobody moves, so until it is cancelled, and tells of both ends.
    func forever(_ name: String, isEssential: Bool = false, on clock: ManualClock) -> Part {
        Part(name: name, isEssential: isEssential) { [told] in
            told.withLock { $0.append("+" + name) }
            defer { told.withLock { $0.append("-" + name) } }
            try await clock.sleep(milliseconds: .max)
        }
    }

    @Test("On cancellation the residents stop in the reverse order of their start")
    func order() async throws {
        let idle = ManualClock()
        let supervisor = supervisor(["a", "b", "c"].map { forever($0, on: idle) })
        let running = Task { try await supervisor.run() }
        await idle.untilSleeping(3)
        #expect(supervisor.isHealthy && supervisor.health.map(\.name) == ["a", "b", "c"])
        running.cancel()
        try await running.value
        #expect(told.withLock { $0.suffix(3) } == ["-c", "-b", "-a"])
        #expect(supervisor.health.allSatisfy { $0.state == .stopped && $0.restarts == 0 && $0.lastError == nil })
    }

    @Test("A resident that fails starts again after growing waits, while others go on")
    func restarts() async throws {
        let idle = ManualClock(), runs = Lock(0)
        let failing = Part(name: "failing") {
            if runs.withLock({ $0 += 1; return $0 }) <= 3 { throw Passing() }
            try await idle.sleep(milliseconds: .max)
        }
        let supervisor = supervisor([forever("steady", on: idle), failing])
        let running = Task { try await supervisor.run() }
        var waits: [Int64] = []
        for attempt in 1...3 {
            await clock.untilSleeping(1)
            let health = supervisor.health[1]
            #expect(health.state == .restarting && health.restarts == attempt && health.lastError == "Passing")
            #expect(!supervisor.isHealthy && supervisor.health[0].state == .running)
            let wait = try #require(clock.untilNextWake)
            waits.append(wait)
            clock.advance(by: wait)
        }
        await idle.untilSleeping(2)
        #expect(supervisor.isHealthy && runs.withLock { $0 } == 4)
        #expect(zip(waits, [100...200, 200...400, 400...800] as [ClosedRange<Int64>]).allSatisfy { $1.contains($0) })
        running.cancel()
        try await running.value
        #expect(told.withLock { $0 } == ["+steady", "-steady"])
    }

    @Test("A resident that ran long is met with the first wait again")
    func recovers() async throws {
        let runs = Lock(0), clock = clock
        let failing = Part(name: "failing") {
            if runs.withLock({ $0 += 1; return $0 }) == 4 { clock.advance(by: 60_000) }
            throw Passing()
        }
        let supervisor = supervisor([failing])
        let running = Task { try await supervisor.run() }
        for attempt in 1...4 {
            await clock.untilSleeping(1)
            let wait = try #require(clock.untilNextWake)
            if attempt == 4 { #expect((100...200).contains(wait)) } else { clock.advance(by: wait) }
        }
        running.cancel()
        try await running.value
    }

    @Test("A fatal error stops its resident for good and leaves the others at work")
    func fatal() async throws {
        let idle = ManualClock()
        let corrupt = Part(name: "corrupt") { throw Corrupt() }
        let supervisor = supervisor([corrupt, forever("steady", on: idle)])
        let running = Task { try await supervisor.run() }
        await idle.untilSleeping(1)
        while supervisor.health[0].state != .stopped || supervisor.health[0].lastError == nil { await Task.yield() }
        #expect(supervisor.health[0].lastError == "Corrupt" && supervisor.health[0].restarts == 0)
        #expect(supervisor.health[1].state == .running && clock.sleeping == 0)
        running.cancel()
        try await running.value
    }

    @Test("The end of an essential resident ends all, and is told")
    func essential() async {
        let idle = ManualClock()
        let server = Part(name: "server", isEssential: true) {
            await idle.untilSleeping(1)
            throw Corrupt()
        }
        let supervisor = supervisor([forever("steady", on: idle), server])
        await #expect(throws: Supervisor.EssentialResidentEnded(name: "server", lastError: "Corrupt")) {
            try await supervisor.run()
        }
        #expect(told.withLock { $0 } == ["+steady", "-steady"])
    }

    @Test("When every resident is done, so is the supervisor", arguments: [0, 1, 3])
    func done(_ count: Int) async throws {
        let supervisor = supervisor((0..<count).map { Part(name: "\($0)") {} })
        try await supervisor.run()
        #expect(supervisor.health.count == count && supervisor.health.allSatisfy { $0.state == .stopped })
    }
}
