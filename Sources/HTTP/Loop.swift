internal import CLinux
internal import Platform
internal import Synchronization

/// One thread that waits for its own listener and connections, and on which the handlers of their requests
/// run: it is their executor, so a request is read, handled and answered without leaving the thread unless it
/// waits for something elsewhere.
///
/// Everything outside `inbox` and `owner` belongs to the loop's thread.
final class Loop: TaskExecutor, EventSink, @unchecked Sendable {
    /// What other threads tell the loop.
    enum Note {
        case answered(Connection.ID, Answer)
        case changed(EventStream, EventStream.Change)
        case drain
    }

    /// How a handler ended.
    enum Answer: Sendable {
        case response(Response)
        /// It threw; what, was reported already.
        case failed
        /// It was told to end, and did.
        case cancelled
    }

    private struct Inbox {
        var jobs: [UnownedJob] = []
        var notes: [Note] = []
        /// Events were dropped because too many waited: every streaming client must come back.
        var hasLostEvents = false
        var isSignalled = false
        var isStopped = false
    }

    let configuration: Server.Configuration
    let limits: Limits
    let handler: Router.Handler
    let proxies: TrustedProxies
    let census: Lock<Census>
    let clock: any Clock
    private let epoll: Int32
    private let wake: Int32
    private let inbox = Lock(Inbox())
    /// The loop's thread, 0 before it runs.
    private let owner = Atomic<UInt>(0)
    private var jobs: [UnownedJob] = []

    /// -1 once it is closed.
    private(set) var listener: Int32
    private(set) var acceptsNow = false
    /// By descriptor.
    var connections: [Connection?] = []
    var generation: UInt32 = 0
    var open = 0
    /// Of request bodies not yet complete.
    var bodyBytes = 0
    /// Connections with output or input to look at before the pass ends.
    var listed: [Connection] = []
    var streams: [ObjectIdentifier: (stream: EventStream, clients: Set<Connection.ID>)] = [:]
    var date = DateField()
    /// The clock's uptime at the start of this pass.
    var now: Int64 = 0
    var nextSweep: Int64 = 0
    var drainStarted: Int64?
    private var scratch = [UInt8](repeating: 0, count: Limits.readBytes)

    /// Takes over `listener`, also on failure. Throws when the kernel gives no more descriptors.
    init(
        listener: Int32, configuration: Server.Configuration, proxies: TrustedProxies, census: Lock<Census>,
        handler: @escaping Router.Handler
    ) throws(ServerError) {
        self.listener = listener
        self.configuration = configuration
        self.proxies = proxies
        self.census = census
        self.handler = handler
        limits = configuration.limits
        clock = configuration.clock
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        wake = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard epoll >= 0, wake >= 0 else { throw .system(call: "epoll_create1", error: linux_errno()) }
        watch(wake, EPOLL_CTL_ADD, EPOLLIN.rawValue, tag: Self.wakeTag)
        listen()
    }

    deinit {
        closeListener()
        _ = close(wake)
        _ = close(epoll)
    }

    // Generations begin at 1, so these two never name a connection.
    private static let wakeTag: UInt = 0
    private static let listenerTag: UInt = 1

    // MARK: The thread

    /// Serves until it has drained. Called once, on the loop's own thread.
    func serve() {
        owner.store(UInt(pthread_self()), ordering: .relaxed)
        now = clock.uptime
        while !isDrained {
            wait()
            runNotes()
            runJobs()
            finishPass()
            if now >= nextSweep { sweep() }
        }
        stop()
    }

    /// Waits for the kernel and handles what it reports.
    private func wait() {
        let timeout = jobs.isEmpty ? Int32(clamping: limits.sweep) : 0
        unsafe withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Limits.eventsPerPass) { events in
            guard let list = events.baseAddress else { return }
            let count = unsafe epoll_wait(epoll, list, Int32(events.count), timeout)
            now = clock.uptime
            guard count > 0 else { return }
            for index in 0..<count {
                let tag = unsafe UInt(linux_epoll_tag(list, index))
                switch tag {
                case Self.wakeTag: clearWake()
                case Self.listenerTag: acceptConnections(atMost: limits.acceptsPerPass)
                default: happened(Connection.ID(tag: tag), unsafe linux_epoll_events(list, index))
                }
            }
        }
    }

    private func happened(_ id: Connection.ID, _ events: UInt32) {
        guard let connection = connection(id) else { return }
        if events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { return drop(connection) }
        if events & EPOLLRDHUP.rawValue != 0 {
            notice(connection)
            // Where that closed it, its descriptor may be another's by now: what lies there is not ours.
            guard self.connection(id) === connection else { return }
        }
        if events & EPOLLIN.rawValue != 0 { receive(connection, &scratch) }
        if events & EPOLLOUT.rawValue != 0 { list(connection) }
    }

    /// Goes through what the other threads left. A job may leave more; that is for the next pass.
    private func runNotes() {
        let (notes, remoteJobs, hasLostEvents) = inbox.withLock { inbox in
            let taken = (inbox.notes, inbox.jobs, inbox.hasLostEvents)
            inbox.notes = []
            inbox.jobs = []
            inbox.hasLostEvents = false
            inbox.isSignalled = false
            return taken
        }
        jobs.append(contentsOf: remoteJobs)
        for note in notes {
            switch note {
            case .answered(let id, let answer): answered(id, answer)
            case .changed(let stream, let change): deliver(stream, change)
            case .drain: beginDrain()
            }
        }
        if hasLostEvents { dropStreams() }
    }

    private func runJobs() {
        let present = jobs
        jobs = []
        for job in present { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// From here on jobs that still come, of handlers that outlived the drain, run on the global executor.
    private func stop() {
        let remaining = inbox.withLock { inbox in
            inbox.isStopped = true
            let remaining = inbox.jobs
            inbox.jobs = []
            inbox.notes = []
            return remaining
        }
        owner.store(0, ordering: .relaxed)
        for job in jobs + remaining { globalConcurrentExecutor.enqueue(job) }
        jobs = []
    }

    // MARK: From any thread

    var isOnLoop: Bool { owner.load(ordering: .relaxed) == UInt(pthread_self()) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isOnLoop {
            jobs.append(job)
            return
        }
        let isStopped = inbox.withLock { inbox in
            if !inbox.isStopped { inbox.jobs.append(job) }
            return inbox.isStopped
        }
        if isStopped { globalConcurrentExecutor.enqueue(job) } else { signal() }
    }

    /// Ends the loop after the requests in flight.
    func drain() { post(.drain) }

    func changed(_ stream: EventStream, _ change: EventStream.Change) { post(.changed(stream, change)) }

    func post(_ note: Note) {
        inbox.withLock { inbox in
            guard !inbox.isStopped else { return }
            if case .changed = note, inbox.notes.count >= Limits.waitingNotes {
                inbox.hasLostEvents = true
            } else {
                inbox.notes.append(note)
            }
        }
        signal()
    }

    /// One write for a burst: the loop clears the mark when it takes what came.
    private func signal() {
        let isFirst = inbox.withLock { inbox in
            defer { inbox.isSignalled = true }
            return !inbox.isSignalled
        }
        guard isFirst else { return }
        var one: UInt64 = 1
        _ = unsafe CLinux.write(wake, &one, MemoryLayout<UInt64>.size)
    }

    private func clearWake() {
        var count: UInt64 = 0
        _ = unsafe CLinux.read(wake, &count, MemoryLayout<UInt64>.size)
    }

    // MARK: The kernel

    /// Asks to hear of `events` on a descriptor.
    func watch(_ descriptor: Int32, _ operation: Int32, _ events: UInt32, tag: UInt) {
        _ = linux_epoll_control(epoll, operation, descriptor, events, tag)
    }

    /// Starts to accept, if there is a listener.
    func listen() {
        guard listener >= 0, !acceptsNow else { return }
        acceptsNow = true
        watch(listener, EPOLL_CTL_ADD, EPOLLIN.rawValue, tag: Self.listenerTag)
    }

    /// Lets connections wait in the kernel: descriptors are short, and a ready listener would be reported for
    /// ever.
    func pauseListening() {
        guard acceptsNow else { return }
        acceptsNow = false
        watch(listener, EPOLL_CTL_DEL, 0, tag: Self.listenerTag)
    }

    func closeListener() {
        guard listener >= 0 else { return }
        _ = close(listener)
        (listener, acceptsNow) = (-1, false)
    }
}
