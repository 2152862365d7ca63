import Platform

/// A thread's connection: replaced when it broke, if the engine allows that, and with growing pauses.
struct Link {
    private let driver: any Driver
    private let role: Role
    private let log: @Sendable (String) -> Void
    private var session: (any Session)?
    /// Why no connection may be opened again; only on engines that do not reconnect.
    private var verdict: DatabaseError?
    private var pause = Limits.reconnectMilliseconds.lowerBound
    private var nextAttempt = Int64.min

    init(
        _ driver: any Driver, _ role: Role, log: @escaping @Sendable (String) -> Void
    ) throws(DatabaseError) {
        self.driver = driver
        self.role = role
        self.log = log
        session = try driver.connect(role)
    }

    /// A connection with a transaction begun on it.
    mutating func begin() throws(DatabaseError) -> any Session {
        do {
            return try begun()
        } catch {
            // An idle connection may have died long ago: nothing was done yet, so try once on a new one.
            guard session == nil, verdict == nil else { throw error }
            return try begun()
        }
    }

    /// Begins on the connection there is. One that fails in it is left without a transaction, or dropped.
    private mutating func begun() throws(DatabaseError) -> any Session {
        let session = try usable()
        do {
            try session.begin()
            return session
        } catch {
            if !session.isBroken { session.rollback() }
            drop(session, error)
            throw error
        }
    }

    /// Looks after the connection between transactions: drops it when `session` broke in the last one.
    mutating func settle(_ cause: DatabaseError?) {
        guard let session, session.isBroken else { return }
        drop(session, cause ?? .connectionLost("the connection was lost"))
    }

    /// Housekeeping; see `Session.tidy`.
    mutating func tidy(idle: Bool) {
        guard let session else { return }
        session.tidy(idle: idle)
        settle(.ioFailed("a checkpoint failed"))
    }

    mutating func close() {
        session?.close()
        session = nil
        verdict = .closed
        driver.leave(role)
    }

    private mutating func usable() throws(DatabaseError) -> any Session {
        if let verdict { throw verdict }
        if let session { return session }
        let now = SystemClock().uptime
        guard now >= nextAttempt else { throw .connectionLost("the database cannot be reached") }
        do {
            let fresh = try driver.connect(role)
            session = fresh
            pause = Limits.reconnectMilliseconds.lowerBound
            log("database: connected again")
            return fresh
        } catch {
            nextAttempt = SystemClock().uptime + pause
            pause = min(pause * 2, Limits.reconnectMilliseconds.upperBound)
            throw error
        }
    }

    private mutating func drop(_ broken: any Session, _ cause: DatabaseError) {
        guard broken.isBroken else { return }
        log("database: connection given up: \(cause)")
        broken.close()
        session = nil
        if !driver.reconnects { verdict = .ended("refused since an earlier failure: \(cause)") }
    }
}
