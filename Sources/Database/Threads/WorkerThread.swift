import CLinux

/// A thread of our own. Engines block, and the concurrency pool has a thread for each core and no more.
enum WorkerThread {
    /// Runs `body` on a new detached thread named `name` (15 bytes at the most).
    /// Throws `DatabaseError.overloaded` when the system gives no thread.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(DatabaseError) {
        let box = unsafe Unmanaged.passRetained(Body(run: body, name: name))
        var thread = pthread_t()
        // Signals belong to the main thread: a new thread inherits the mask, so block all of them meanwhile.
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        let status = unsafe pthread_create(&thread, nil, entry, box.toOpaque())
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
        guard status == 0 else {
            unsafe box.release()
            throw .overloaded
        }
        pthread_detach(thread)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        let name: String

        init(run: @escaping @Sendable () -> Void, name: String) {
            self.run = run
            self.name = name
        }
    }

    private typealias Entry = @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?

    private static let entry: Entry = { argument in
        guard let argument = unsafe argument else { return nil }
        let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
        body.run()
        return nil
    }
}
