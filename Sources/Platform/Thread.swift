internal import CLinux

/// Threads of our own, for work that blocks: the cooperative pool has one thread a core, and waiting there
/// stops everybody.
package enum Thread {
    private final class Start {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Runs `body` on a new detached thread, with all signals left to the other threads.
    package static func start(_ body: @escaping @Sendable () -> Void) {
        var everything = sigset_t(), before = sigset_t()
        unsafe sigfillset(&everything)
        unsafe pthread_sigmask(SIG_SETMASK, &everything, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }

        var thread = pthread_t()
        let start = unsafe Unmanaged.passRetained(Start(body))
        let failure = unsafe pthread_create(&thread, nil, { argument in
            guard let argument = unsafe argument else { return nil }
            unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, start.toOpaque())
        precondition(failure == 0, "the system gives no more threads")
        pthread_detach(thread)
    }
}

/// A bounded first-in first-out queue that a thread can wait on.
@safe final class BlockingQueue<Element: Sendable>: @unchecked Sendable {  // the mutex guards it
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let arrived: UnsafeMutablePointer<pthread_cond_t>
    private let limit: Int
    private var isClosed = false
    /// Elements in order from `head` on; what stands before it has been taken.
    private var elements: [Element?] = []
    private var head = 0

    init(limit: Int) {
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe pthread_mutex_init(mutex, nil)
        unsafe arrived = .allocate(capacity: 1)
        unsafe arrived.initialize(to: pthread_cond_t())
        unsafe pthread_cond_init(arrived, nil)
        self.limit = limit
    }

    deinit {
        unsafe pthread_cond_destroy(arrived)
        unsafe arrived.deallocate()
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// What became of an element that was pushed.
    enum Pushed { case queued, full, closed }

    func push(_ element: Element) -> Pushed {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        guard !isClosed else { return .closed }
        guard elements.count - head < limit else { return .full }
        elements.append(element)
        unsafe pthread_cond_signal(arrived)
        return .queued
    }

    /// The oldest element, for which this thread waits; nil once the queue is closed and empty.
    func pop() -> Element? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while head == elements.count {
            if isClosed { return nil }
            unsafe pthread_cond_wait(arrived, mutex)
        }
        let element = elements[head]
        elements[head] = nil
        head += 1
        if head == elements.count || head > limit {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    /// Lets nothing more in; what is queued can still be taken.
    func close() {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        isClosed = true
        unsafe pthread_cond_broadcast(arrived)
    }

    var count: Int {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return elements.count - head
    }
}
