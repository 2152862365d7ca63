import CSQLite

/// A prepared statement of one connection.
@safe final class SQLiteStatement {
    private let statement: OpaquePointer
    private unowned let handle: SQLiteHandle
    /// In the middle of its rows: it must not be started again meanwhile.
    private(set) var isRunning = false
    /// When it was last used, in statements of its connection.
    var lastUse = 0

    init(_ statement: OpaquePointer, _ handle: SQLiteHandle) {
        unsafe self.statement = statement
        self.handle = handle
    }

    deinit { unsafe sqlite3_finalize(statement) }

    /// Binds, steps to the end or until `visit` says false, and leaves the statement ready for the next time.
    func run(_ parameters: [SQL.Parameter], _ visit: (Row) -> Bool) throws(DatabaseError) {
        isRunning = true
        defer {
            unsafe sqlite3_reset(statement)
            unsafe sqlite3_clear_bindings(statement)
            isRunning = false
        }
        for (index, parameter) in parameters.enumerated() {
            try bind(Int32(index + 1), parameter.value)
        }
        while true {
            let status = unsafe sqlite3_step(statement)
            switch status {
            case SQLITE_DONE: return
            case SQLITE_ROW: guard visit(row()) else { return }
            default: throw handle.failure(status)
            }
        }
    }

    private func bind(_ index: Int32, _ value: Value) throws(DatabaseError) {
        let status: Int32
        switch value {
        case .null: status = unsafe sqlite3_bind_null(statement, index)
        case .integer(let number): status = unsafe sqlite3_bind_int64(statement, index, number)
        case .text(var text):
            status = text.withUTF8 { bytes in
                guard let start = bytes.baseAddress else {
                    return unsafe csqlite_bind_text(statement, index, "", 0)
                }
                return unsafe start.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
                    unsafe csqlite_bind_text(statement, index, $0, UInt64(bytes.count))
                }
            }
        case .blob(let bytes):
            status = unsafe bytes.withUnsafeBytes {
                unsafe csqlite_bind_blob(statement, index, $0.baseAddress, UInt64($0.count))
            }
        }
        guard status == SQLITE_OK else { throw handle.failure(status) }
    }

    private func row() -> Row {
        let count = unsafe sqlite3_column_count(statement)
        var values: [Value] = []
        values.reserveCapacity(Int(count))
        for column in 0..<count { values.append(value(column)) }
        return Row(values)
    }

    /// What is none of the shapes comes as its bytes, so that it is a matter of that row and not of all that
    /// is asked with it.
    private func value(_ column: Int32) -> Value {
        switch unsafe sqlite3_column_type(statement, column) {
        case SQLITE_NULL: return .null
        case SQLITE_INTEGER: return unsafe .integer(sqlite3_column_int64(statement, column))
        case SQLITE_TEXT:
            // The text first, then its length: the other order may convert in between.
            let start = unsafe sqlite3_column_text(statement, column)
            let bytes = unsafe UnsafeBufferPointer(
                start: start, count: Int(sqlite3_column_bytes(statement, column)))
            guard let text = unsafe String(validating: bytes, as: UTF8.self) else {
                return unsafe .blob(Array(bytes))
            }
            return .text(text)
        default:
            // A blob. A floating-point number, which nobody here writes, comes as its text.
            let start = unsafe sqlite3_column_blob(statement, column)
            let bytes = unsafe UnsafeRawBufferPointer(
                start: start, count: Int(sqlite3_column_bytes(statement, column)))
            return unsafe .blob(Array(bytes))
        }
    }
}
