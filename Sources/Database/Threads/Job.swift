/// Work that waits for a connection. Run once, by one thread, and answered once.
protocol Job: AnyObject, Sendable {
    /// Runs the body inside an open transaction and keeps its result.
    func run(in session: any Session) -> JobFate

    /// Hands the kept result to the waiting task.
    func answer()

    /// Tells the waiting task that the transaction failed, whatever the body returned.
    func answer(_ error: DatabaseError)
}

/// What is to be done with what a job wrote.
enum JobFate {
    case keep
    /// The body threw, or a statement of it failed with `cause`.
    case undo(cause: DatabaseError?)
}

/// A body and the task that waits for it. The task is not asked whether it was cancelled: a job that has
/// begun runs to its end, and its outcome is told.
final class PendingJob<Output: Sendable>: Job, @unchecked Sendable {  // the queue gives it to one thread
    private let body: @Sendable (any Connection) throws -> Output
    private let continuation: CheckedContinuation<Output, any Error>
    private var result: Result<Output, any Error>

    init(
        _ body: @escaping @Sendable (any Connection) throws -> Output,
        _ continuation: CheckedContinuation<Output, any Error>
    ) {
        self.body = body
        self.continuation = continuation
        result = .failure(DatabaseError.closed)
    }

    func run(in session: any Session) -> JobFate {
        let transaction = Transaction(session)
        defer { transaction.end() }
        do {
            let output = try body(transaction)
            if let failure = transaction.failure { throw failure }
            result = .success(output)
            return .keep
        } catch {
            result = .failure(error)
            return .undo(cause: transaction.failure)
        }
    }

    func answer() { continuation.resume(with: result) }
    func answer(_ error: DatabaseError) { continuation.resume(throwing: error) }
}
