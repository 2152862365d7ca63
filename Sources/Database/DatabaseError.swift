import Platform

/// What can go wrong between us and an engine: closed, so that a caller can decide for each.
package enum DatabaseError: FatefulError, Hashable, Sendable {
    /// A rule of the schema refused the row. `detail` names the constraint or the columns; it never holds
    /// values.
    case constraint(ConstraintKind, detail: String)
    /// The engine was occupied (lock, deadlock, timeout). Nothing was done.
    case busy(String)
    /// Too many jobs are waiting. Nothing was done.
    case overloaded
    /// The connection went away before the commit was asked for. Nothing was done.
    case connectionLost(String)
    /// The commit was asked for and its answer never came, or the disk failed under it: it may or may not
    /// have happened. Where SQLite's disk failed, every later write is refused (`ended`) until the database
    /// is opened again; where it was full, writing goes on when there is room.
    case outcomeUnknown(String)
    /// An earlier failure is one that only opening the database anew mends, so all further work is refused.
    /// Nothing was done.
    case ended(String)
    /// No room on the disk. Nothing was done.
    case full(String)
    /// The disk failed. Nothing was done. Where SQLite's did in a write, every later one is refused
    /// (`ended`).
    case ioFailed(String)
    /// The engine found its own files damaged.
    case corrupt(String)
    /// A column held something else than the reader asked for.
    case mismatch(column: Int, expected: String)
    /// A value the engine cannot hold: an integer over 64 bits signed, U+0000 in text on PostgreSQL.
    case unrepresentable(String)
    /// Another process has this database open.
    case locked(String)
    /// The schema is not one this program knows.
    case migration(String)
    /// The database was closed.
    case closed
    /// A mistake of ours: SQL the engine refuses, a write in a read, a connection used after its transaction.
    case misuse(String)

    /// Whether the same call may well succeed later, and is safe to repeat because it did nothing.
    package var isTransient: Bool {
        switch self {
        case .busy, .overloaded, .connectionLost, .full: true
        case .constraint, .outcomeUnknown, .ended, .ioFailed, .corrupt, .mismatch, .unrepresentable, .locked,
            .migration, .closed, .misuse: false
        }
    }

    /// Whether a loop that meets it stops for good: what is stored is damaged, so that people look, or this
    /// process can write no more, and the next one can.
    package var isFatal: Bool {
        switch self {
        case .corrupt, .mismatch, .ended: true
        case .constraint, .busy, .overloaded, .connectionLost, .outcomeUnknown, .full, .ioFailed,
            .unrepresentable, .locked, .migration, .closed, .misuse: false
        }
    }

    /// Whether the schema refused a second row with the same key.
    package var isUniqueViolation: Bool {
        if case .constraint(.unique, _) = self { true } else { false }
    }
}

/// The kinds of rule a schema holds.
package enum ConstraintKind: Hashable, Sendable {
    case unique, foreignKey, check, notNull
}
