import Platform

/// The writer and a reader without threads: each job is done by whoever asks, before the asking returns. One
/// thing happens after another, so that what happens can be repeated, and no time goes into handing over.
final class Inline: Sendable {
    private let writer: Lock<Writer>
    private let reader: Lock<Reader>

    /// Throws what connecting throws.
    init(_ driver: any Driver, _ log: @escaping @Sendable (String) -> Void) throws(DatabaseError) {
        let queue = JobQueue<any Job>(capacity: 1)
        let first = Writer(queue, try Link(driver, .writer, log: log))
        writer = Lock(first)
        do throws(DatabaseError) {
            reader = Lock(Reader(queue, try Link(driver, .reader, log: log)))
        } catch {
            writer.withLock { $0.close() }
            throw error
        }
    }

    func write(_ job: any Job) { writer.withLock { $0.work([job]) } }
    func read(_ job: any Job) { reader.withLock { $0.read(job) } }

    /// What the writer's thread does when nobody has asked it for anything for a while.
    func rest() { writer.withLock { $0.work([]) } }

    func close() {
        reader.withLock { $0.close() }
        writer.withLock { $0.close() }
    }
}
