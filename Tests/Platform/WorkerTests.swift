import Platform
import Testing

@Suite("Workers")
struct WorkerTests {
    struct Failure: Error, Equatable {}

    @Test("Jobs give back their values and errors")
    func values() async throws {
        let worker = Worker()
        #expect(try await worker.run { 6 * 7 } == 42)
        await #expect(throws: Failure()) { try await worker.run { throw Failure() } }
    }

    @Test("One thread runs one job at a time and forgets none", arguments: [1, 4])
    func everyJob(_ threads: Int) async throws {
        let worker = Worker(threads: threads)
        let running = Lock(0), most = Lock(0)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...500 {
                group.addTask {
                    try await worker.run {
                        let now = running.withLock { $0 += 1; return $0 }
                        most.withLock { $0 = max($0, now) }
                        defer { running.withLock { $0 -= 1 } }
                        return number
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 500 * 501 / 2)
        #expect(most.withLock { $0 } <= threads)
    }

    @Test("A full queue refuses, a stopped worker refuses, and what was queued still runs")
    func limits() async throws {
        let worker = Worker(queueLimit: 2)
        let gate = Worker(), opened = Lock(false)
        // The first job holds the thread until the gate opens; `started` tells that it has left the queue.
        let (started, report) = AsyncStream.makeStream(of: Void.self)
        let first = Task {
            try await worker.run {
                report.yield()
                while !opened.withLock({ $0 }) { SystemThread.pass() }
            }
        }
        for await _ in started { break }
        let waiting = (0..<2).map { number in Task { try await worker.run { number } } }
        while worker.waiting < 2 { await Task.yield() }
        await #expect(throws: Worker.Refusal.queueFull) { try await worker.run {} }
        worker.stop()
        await #expect(throws: Worker.Refusal.stopped) { try await worker.run {} }
        try await gate.run { opened.withLock { $0 = true } }
        try await first.value
        #expect(try await waiting[0].value == 0)
        #expect(try await waiting[1].value == 1)
    }

    @Test("Queued jobs outlive their worker")
    func endOfLife() async throws {
        let (done, report) = AsyncStream.makeStream(of: Int.self)
        do {
            let worker = Worker()
            for number in 0..<10 { try await worker.run { _ = report.yield(number) } }
        }
        report.finish()
        #expect(await done.reduce(0) { count, _ in count + 1 } == 10)
    }
}
