import CLinux
import Platform
import Testing

@Suite("Tasks on one thread")
struct ThreadExecutorTests {
    struct Failure: Error, Equatable {}

    @Test("A value and an error come back")
    func outcomes() async throws {
        #expect(try await ThreadExecutor.run { 6 * 7 } == 42)
        await #expect(throws: Failure()) { try await ThreadExecutor.run { throw Failure() } }
    }

    private final class Steps: Sendable {
        private let told = Lock<(order: [Int], threads: Set<UInt>)>(([], []))
        func add(_ step: Int) {
            let thread = UInt(pthread_self())
            told.withLock { told in
                told.order.append(step)
                told.threads.insert(thread)
            }
        }
        var order: [Int] { told.withLock { $0.order } }
        var threads: Int { told.withLock { $0.threads.count } }
    }

    /// Twenty tasks of five steps, each of which lets the others go on in between.
    private func told() async throws -> Steps {
        let steps = Steps()
        try await ThreadExecutor.run {
            await withTaskGroup(of: Void.self) { group in
                for task in 0..<20 {
                    group.addTask {
                        for step in 0..<5 {
                            steps.add(task * 10 + step)
                            await Task.yield()
                        }
                    }
                }
            }
        }
        return steps
    }

    @Test("All that is started inside runs on one thread, and in the same order each time")
    func order() async throws {
        let first = try await told()
        #expect(first.threads == 1)
        #expect(first.order.count == 100)
        for _ in 0..<5 { #expect(try await told().order == first.order) }
    }
}
