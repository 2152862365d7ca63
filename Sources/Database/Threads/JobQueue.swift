import CLinux
import Platform

/// A bounded first-in, first-out queue whose consumers are threads that block.
@safe final class JobQueue<Job: Sendable>: @unchecked Sendable {  // the mutex guards all state
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let filled: UnsafeMutablePointer<pthread_cond_t>
    private let capacity: Int
    private var jobs: [Job] = []
    /// Jobs before this index are taken; compacted when they outnumber the waiting ones.
    private var head = 0
    /// Consumers that wait for work.
    private var idle = 0
    private var isClosed = false

    init(capacity: Int) {
        self.capacity = capacity
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe pthread_mutex_init(mutex, nil)
        unsafe filled = .allocate(capacity: 1)
        unsafe filled.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        // A wait must not depend on the wall clock, which may step.
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(filled, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(filled)
        unsafe filled.deallocate()
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Adds a job. Throws `overloaded` when the queue is full and `closed` after `close()`.
    func put(_ job: Job) throws(DatabaseError) {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        guard !isClosed else { throw .closed }
        guard jobs.count - head < capacity else { throw .overloaded }
        jobs.append(job)
        unsafe pthread_cond_signal(filled)
    }

    /// Adds a job if a consumer waits for work and finds no other; says whether it did.
    func putIfIdle(_ job: Job) -> Bool {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        guard idle > 0, head == jobs.count, !isClosed else { return false }
        jobs.append(job)
        unsafe pthread_cond_signal(filled)
        return true
    }

    /// Waits for work and takes up to `count` jobs: empty when `milliseconds` passed with nothing to do,
    /// nil when the queue is closed and drained.
    func take(upTo count: Int, waiting milliseconds: Int64) -> [Job]? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        if head == jobs.count && !isClosed {
            var deadline = Self.deadline(milliseconds)
            idle += 1
            defer { idle -= 1 }
            while head == jobs.count && !isClosed {
                guard unsafe pthread_cond_timedwait(filled, mutex, &deadline) != ETIMEDOUT else { break }
            }
        }
        guard head < jobs.count else { return isClosed ? nil : [] }
        let end = min(jobs.count, head + count)
        let taken = Array(jobs[head..<end])
        head = end
        if head * 2 >= jobs.count {
            jobs.removeFirst(head)
            head = 0
        }
        return taken
    }

    /// Refuses new jobs. Those already waiting are still taken.
    func close() {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        isClosed = true
        unsafe pthread_cond_broadcast(filled)
    }

    private static func deadline(_ milliseconds: Int64) -> timespec {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        time.tv_sec += Int(milliseconds / 1_000)
        time.tv_nsec += Int(milliseconds % 1_000) * 1_000_000
        if time.tv_nsec >= 1_000_000_000 {
            time.tv_sec += 1
            time.tv_nsec -= 1_000_000_000
        }
        return time
    }
}
