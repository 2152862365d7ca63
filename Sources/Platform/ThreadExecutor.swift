/// One thread on which tasks run, one piece after another, in the order in which they became ready. What they
/// do follows from what they are given, and from nothing else: that is what a simulation stands on.
package final class ThreadExecutor: TaskExecutor {
    private let queue = BlockingQueue<UnownedJob>(limit: .max)

    private init() {}

    /// Runs `body`, and all tasks that it starts inside itself, on a thread of its own that ends with it.
    package static func run<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let executor = ThreadExecutor()
        Thread.start {
            while let job = executor.queue.pop() {
                unsafe job.runSynchronously(on: executor.asUnownedTaskExecutor())
            }
        }
        defer { executor.queue.close() }
        return try await Task(executorPreference: executor) { try await body() }.value
    }

    package func enqueue(_ job: UnownedJob) {
        // A queue that is closed has no task left: `run` waits for all of them.
        _ = queue.push(job)
    }
}
