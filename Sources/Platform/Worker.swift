/// Threads that run blocking calls for async code: SQL, password hashing, files, C libraries that wait.
///
/// With one thread the jobs run one after another in the order of their arrival; with several, they start in
/// that order. Jobs that were queued before `stop()` or the end of the worker's life still run.
package final class Worker: Sendable {
    /// Why a job was not taken.
    package enum Refusal: Error, Hashable, Sendable {
        /// Too many jobs wait already.
        case queueFull
        /// The worker has been stopped.
        case stopped
    }

    private let queue: BlockingQueue<@Sendable () -> Void>

    package init(threads: Int = 1, queueLimit: Int? = nil) {
        precondition(Limits.workerThreads.contains(threads), "a worker has 1 to 64 threads")
        let queue = BlockingQueue<@Sendable () -> Void>(limit: queueLimit ?? Limits.workerQueue)
        self.queue = queue
        // The threads hold the queue and not the worker, so that the worker can end and close it.
        for _ in 0..<threads {
            Thread.start { while let job = queue.pop() { job() } }
        }
    }

    deinit { queue.close() }

    /// Jobs that wait for a thread.
    package var waiting: Int { queue.count }

    /// Runs `body` on a thread of the worker and suspends until it is done.
    ///
    /// Throws what `body` throws, or a `Refusal`. A job is not taken back when its task is cancelled: what it
    /// does may matter to others.
    package func run<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            do throws(Refusal) {
                try start { continuation.resume(with: Swift.Result(catching: body)) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// Runs `job` on a thread of the worker, and waits for nothing. Throws why it was not taken.
    package func start(_ job: @escaping @Sendable () -> Void) throws(Refusal) {
        switch queue.push(job) {
        case .queued: break
        case .full: throw .queueFull
        case .closed: throw .stopped
        }
    }

    /// Takes no more jobs; the threads end when the queue is empty.
    package func stop() { queue.close() }
}
