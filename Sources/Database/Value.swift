/// What a column holds or a parameter carries. There is no floating point: money must not meet it.
package enum Value: Sendable, Hashable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])

    var kind: ColumnKind {
        switch self {
        case .null: .inferred
        case .integer: .integer
        case .text: .text
        case .blob: .blob
        }
    }
}

/// The column types both engines share; PostgreSQL wants to be told which one a parameter has.
package enum ColumnKind: Sendable {
    case integer, text, blob
    /// Inferred by the engine from where the parameter stands.
    case inferred

    /// The type's name in a `CAST`; SQLite takes any name.
    var castName: String {
        switch self {
        case .integer: "BIGINT"
        case .text, .inferred: "TEXT"
        case .blob: "BYTEA"
        }
    }
}

/// A type that can stand in a column: interpolating it in `SQL` binds it, `Row` reads it back.
package protocol Storable: Sendable {
    static var columnKind: ColumnKind { get }

    /// The value to store. Throws `DatabaseError.unrepresentable` when the engines cannot hold it.
    func stored() throws(DatabaseError) -> Value

    /// Reads a stored value back; nil when it is of another shape.
    init?(stored value: Value)
}

extension Int64: Storable {
    package static var columnKind: ColumnKind { .integer }
    package func stored() -> Value { .integer(self) }
    package init?(stored value: Value) {
        guard case .integer(let number) = value else { return nil }
        self = number
    }
}

extension Int: Storable {
    package static var columnKind: ColumnKind { .integer }
    package func stored() -> Value { .integer(Int64(self)) }
    package init?(stored value: Value) {
        guard case .integer(let number) = value else { return nil }
        self.init(exactly: number)
    }
}

/// Held as a signed 64-bit integer; larger numbers are refused when the statement runs.
extension UInt64: Storable {
    package static var columnKind: ColumnKind { .integer }
    package func stored() throws(DatabaseError) -> Value {
        guard let number = Int64(exactly: self) else {
            throw .unrepresentable("\(self) is over 64 bits signed")
        }
        return .integer(number)
    }
    package init?(stored value: Value) {
        guard case .integer(let number) = value else { return nil }
        self.init(exactly: number)
    }
}

/// Held as 0 or 1, on both engines in a BIGINT.
extension Bool: Storable {
    package static var columnKind: ColumnKind { .integer }
    package func stored() -> Value { .integer(self ? 1 : 0) }
    package init?(stored value: Value) {
        switch value {
        case .integer(0): self = false
        case .integer(1): self = true
        case .integer, .null, .text, .blob: return nil
        }
    }
}

extension String: Storable {
    package static var columnKind: ColumnKind { .text }
    package func stored() -> Value { .text(self) }
    package init?(stored value: Value) {
        guard case .text(let text) = value else { return nil }
        self = text
    }
}

extension [UInt8]: Storable {
    package static var columnKind: ColumnKind { .blob }
    package func stored() -> Value { .blob(self) }
    package init?(stored value: Value) {
        guard case .blob(let bytes) = value else { return nil }
        self = bytes
    }
}

extension Optional: Storable where Wrapped: Storable {
    package static var columnKind: ColumnKind { Wrapped.columnKind }
    package func stored() throws(DatabaseError) -> Value {
        switch self {
        case .some(let wrapped): try wrapped.stored()
        case .none: .null
        }
    }
    package init?(stored value: Value) {
        if case .null = value {
            self = .none
        } else {
            guard let wrapped = Wrapped(stored: value) else { return nil }
            self = .some(wrapped)
        }
    }
}

extension Value: Storable {
    package static var columnKind: ColumnKind { .inferred }
    package func stored() -> Value { self }
    package init?(stored value: Value) { self = value }
}
