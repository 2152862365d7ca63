/// One of the threads that read. Every job sees one snapshot, taken at its first statement.
struct Reader {
    private let queue: JobQueue<any Job>
    private var link: Link

    init(_ queue: JobQueue<any Job>, _ link: Link) {
        self.queue = queue
        self.link = link
    }

    /// Works until the queue is closed and drained.
    mutating func run() {
        while let jobs = queue.take(upTo: 1, waiting: Limits.idleMilliseconds) {
            for job in jobs { read(job) }
        }
        close()
    }

    mutating func close() { link.close() }

    mutating func read(_ job: any Job) {
        do throws(DatabaseError) {
            let session = try link.begin()
            _ = job.run(in: session)
            // Nothing was written, so there is nothing to commit: only the snapshot to let go.
            if !session.isBroken { session.rollback() }
            link.settle(nil)
            job.answer()
        } catch {
            job.answer(error)
        }
    }
}
