import Platform
import Testing

@Suite("The manual clock")
struct ManualClockTests {
    @Test("Time stands until it is moved, and the wall clock can step alone")
    func moves() {
        let clock = ManualClock(now: 1_000)
        clock.advance(by: 5)
        #expect(clock.now == 1_005 && clock.uptime == 5)
        clock.step(by: -1_000)
        #expect(clock.now == 5 && clock.uptime == 5)
    }

    @Test("Sleepers wake in the order of their deadlines, each at its time, and no earlier")
    func order() async throws {
        let clock = ManualClock(now: 0)
        let woken = Lock<[Int64]>([])
        try await withThrowingTaskGroup { group in
            for wait in [30, 10, 20, 40] as [Int64] {
                group.addTask {
                    try await clock.sleep(milliseconds: wait)
                    woken.withLock { $0.append(wait) }
                }
            }
            await clock.untilSleeping(4)
            #expect(clock.untilNextWake == 10)
            clock.advance(by: 9)
            #expect(clock.sleeping == 4 && clock.untilNextWake == 1)
            clock.advance(by: 1)
            #expect(clock.sleeping == 3)
            try await group.next()
            #expect(woken.withLock { $0 } == [10])
            clock.advance(by: 20)
            #expect(clock.sleeping == 1 && clock.untilNextWake == 10)
            clock.advance(by: 1_000)
            try await group.waitForAll()
        }
        #expect(woken.withLock { $0.sorted() } == [10, 20, 30, 40])
        #expect(clock.untilNextWake == nil && clock.uptime == 1_030)
    }

    @Test("A sleep of no time does not wait, and a cancelled one ends at once")
    func cancellation() async throws {
        let clock = ManualClock()
        try await clock.sleep(milliseconds: 0)
        try await clock.sleep(milliseconds: -5)
        let sleeper = Task { try await clock.sleep(milliseconds: .max) }
        await clock.untilSleeping(1)
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
        #expect(clock.sleeping == 0)
        let early = Task {
            while !Task.isCancelled { await Task.yield() }
            try await clock.sleep(milliseconds: 5)
        }
        early.cancel()
        await #expect(throws: CancellationError.self) { try await early.value }
        #expect(clock.sleeping == 0)
    }

    @Test("The system's clocks move forward and sleep can be cancelled")
    func system() async throws {
        let clock = SystemClock()
        let before = clock.uptime
        try await clock.sleep(milliseconds: 2)
        #expect(clock.uptime >= before + 2 && clock.now > 1_700_000_000_000)
        let sleeper = Task { try await clock.sleep(milliseconds: 3_600_000) }
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
    }
}
