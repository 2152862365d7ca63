import CLinux

/// A value behind a POSIX mutex: decide under the lock, act outside it.
///
/// `Synchronization.Mutex` is not used because its contended path is invisible to ThreadSanitizer, which then
/// reports races that do not exist, and the suite runs under that sanitizer.
@safe package final class Lock<Value>: @unchecked Sendable {  // the mutex guards `value`
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    package init(_ value: sending Value) {
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe pthread_mutex_init(mutex, nil)
        self.value = value
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Runs `body` with the value to itself. Keep it short, never wait or call out in it.
    package func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}
