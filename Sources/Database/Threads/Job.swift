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

/// A body and who waits for it. Nobody is asked whether the task was cancelled: a job that has begun runs to
/// its end, and its outcome is told.
final class PendingJob<Output: Sendable>: Job, @unchecked Sendable {  // the queue gives it to one thread
    private let body: @Sendable (any Connection) throws -> Output
    private let tell: @Sendable (Result<Output, any Error>) -> Void
    private var result: Result<Output, any Error>

    /// - Parameter tell: called once, on the thread that ran the body.
    init(
        _ body: @escaping @Sendable (any Connection) throws -> Output,
        _ tell: @escaping @Sendable (Result<Output, any Error>) -> Void
    ) {
        self.body = body
        self.tell = tell
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

    func answer() { tell(result) }
    func answer(_ error: DatabaseError) { tell(.failure(error)) }
}
