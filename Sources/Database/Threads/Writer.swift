/// The one thread that writes. While a commit waits for the disk the next jobs gather, and share the commit
/// after it.
struct Writer {
    private let queue: JobQueue<any Job>
    private var link: Link

    init(_ queue: JobQueue<any Job>, _ link: Link) {
        self.queue = queue
        self.link = link
    }

    /// Works until the queue is closed and drained.
    mutating func run() {
        while let batch = queue.take(upTo: Limits.writesPerBatch, waiting: Limits.idleMilliseconds) {
            work(batch)
        }
        close()
    }

    /// Does what was asked since the last time, which may be nothing, and tidies up.
    mutating func work(_ batch: [any Job]) {
        if !batch.isEmpty { write(batch) }
        link.tidy(idle: batch.isEmpty)
    }

    mutating func close() { link.close() }

    /// Runs a batch in one transaction. Nobody is answered before the outcome is certain: not even a job that
    /// was refused, because what refused it may be a row of this batch.
    private mutating func write(_ batch: [any Job]) {
        do throws(DatabaseError) {
            let session = try link.begin()
            do throws(DatabaseError) {
                if batch.count == 1 {
                    try alone(batch[0], session)
                } else {
                    try together(batch, session)
                }
            } catch {
                if !session.isBroken { session.rollback() }
                link.settle(error)
                throw error
            }
        } catch {
            for job in batch { job.answer(error) }
            return
        }
        for job in batch { job.answer() }
    }

    private func alone(_ job: any Job, _ session: any Session) throws(DatabaseError) {
        switch job.run(in: session) {
        case .keep: try session.commit()
        case .undo(let cause):
            if session.isBroken { throw Self.lost(cause) }
            session.rollback()
        }
    }

    /// Each job has a savepoint, so that one that fails takes nobody along.
    private func together(_ batch: [any Job], _ session: any Session) throws(DatabaseError) {
        for job in batch {
            try session.savepoint(0)
            switch job.run(in: session) {
            case .keep: try session.release(0)
            case .undo(let cause):
                // Some errors (no room, a lost connection) end the whole transaction inside the engine.
                guard session.isInTransaction, !session.isBroken else { throw Self.lost(cause) }
                try session.rewind(0)
            }
        }
        try session.commit()
    }

    private static func lost(_ cause: DatabaseError?) -> DatabaseError {
        cause ?? .connectionLost("the engine ended the transaction")
    }
}
