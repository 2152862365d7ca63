import Platform
import Testing

@Suite("Turnstiles")
struct TurnstileTests {
    @Test("One is through at a time, also across a wait, and all come through")
    func one() async throws {
        let (turnstile, inside, most) = (Turnstile(room: 1_000), Lock(0), Lock(0))
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...500 {
                group.addTask {
                    try await turnstile.pass {
                        let now = inside.withLock { $0 += 1; return $0 }
                        most.withLock { $0 = max($0, now) }
                        await Task.yield()
                        inside.withLock { $0 -= 1 }
                        return number
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 500 * 501 / 2)
        #expect(most.withLock { $0 } == 1)
    }

    /// Somebody who is through until told to go on.
    private func hold(_ turnstile: Turnstile) async -> (task: Task<Void, any Error>, end: @Sendable () -> Void) {
        let (entered, enter) = AsyncStream.makeStream(of: Void.self)
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await turnstile.pass {
                enter.finish()
                for await _ in ended {}
            }
        }
        for await _ in entered {}
        return (task, { end.finish() })
    }

    @Test("They come through in their order, more than there is room for are refused, and who gives up leaves")
    func order() async throws {
        let (turnstile, order) = (Turnstile(room: 3), Lock<[Int]>([]))
        let (first, end) = await hold(turnstile)
        var tasks: [Task<Void, any Error>] = []
        for number in 0..<3 {
            tasks.append(Task { try await turnstile.pass { order.withLock { $0.append(number) } } })
            while turnstile.waiting <= number { await Task.yield() }
        }
        await #expect(throws: Turnstile.Full.self) { try await turnstile.pass {} }
        tasks[1].cancel()
        await #expect(throws: CancellationError.self) { try await tasks[1].value }
        #expect(turnstile.waiting == 2)
        end()
        try await first.value
        try await tasks[0].value
        try await tasks[2].value
        #expect(order.withLock { $0 } == [0, 2])
        try await turnstile.pass {}
    }

    @Test("One that throws lets the next one through, and one that is cancelled before it comes does not wait")
    func failures() async throws {
        struct Failure: Error, Equatable {}
        let turnstile = Turnstile(room: 1)
        await #expect(throws: Failure()) { try await turnstile.pass { throw Failure() } }
        let (first, end) = await hold(turnstile)
        let late = Task {
            while !Task.isCancelled { await Task.yield() }
            try await turnstile.pass {}
        }
        late.cancel()
        await #expect(throws: CancellationError.self) { try await late.value }
        end()
        try await first.value
        try await turnstile.pass {}
    }
}
