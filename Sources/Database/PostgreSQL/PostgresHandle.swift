import CPostgres

/// The C handle of a connection: opens, sends, and gives results back. All calls block.
@safe final class PostgresHandle {
    private var connection: OpaquePointer?
    private let isForWriting: Bool

    /// Throws `DatabaseError.connectionLost` when the server cannot be reached or refuses us.
    init(_ uri: String, _ role: Role) throws(DatabaseError) {
        isForWriting = role == .writer
        // What stands before the URI it may overrule; what stands after it is ours.
        let settings = [
            ("connect_timeout", "\(Limits.connectSeconds)"),
            ("tcp_user_timeout", "\(Limits.unacknowledgedMilliseconds)"),
            ("keepalives_idle", "30"),
            ("dbname", uri),
            ("client_encoding", "UTF8"),
            // Of several hosts the one that takes writes: a standby lags, and would show what is not so.
            ("target_session_attrs", "read-write"),
        ]
        unsafe connection = CStrings.with(settings.map(\.0)) { keywords in
            unsafe CStrings.with(settings.map(\.1)) { values in
                unsafe PQconnectdbParams(keywords, values, 1)
            }
        }
        guard unsafe PQstatus(connection) == CONNECTION_OK else {
            let words = message
            close()
            throw .connectionLost(words)
        }
        unsafe cpostgres_ignore_notices(connection)
    }

    deinit { close() }

    static func canParse(_ uri: String) -> Bool {
        let options = unsafe PQconninfoParse(uri, nil)
        defer { unsafe PQconninfoFree(options) }
        return unsafe options != nil
    }

    func close() {
        unsafe PQfinish(connection)
        unsafe connection = nil
    }

    /// Makes the connection a broken one: its state is not known any more.
    func giveUp() { close() }

    var isBroken: Bool { unsafe connection == nil || PQstatus(connection) != CONNECTION_OK }

    var isInTransaction: Bool {
        let status = unsafe PQtransactionStatus(connection)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }

    /// Runs plain commands, several with `;` between them; the tag of the last, such as `COMMIT`.
    @discardableResult func control(_ text: String) throws(DatabaseError) -> String {
        let result = unsafe PostgresResult(PQexec(connection, text))
        try check(result)
        return result.tag
    }

    /// Prepares `text` under `name`. Types come from the casts in the text.
    func prepare(_ name: String, _ text: String) throws(DatabaseError) {
        guard !text.utf8.contains(0) else { throw .misuse("U+0000 in a statement") }
        try check(unsafe PostgresResult(PQprepare(connection, name, text, 0, nil)))
    }

    /// Runs the statement `name`, or when `prepared` is nil the text `name` itself; the number of rows
    /// changed.
    ///
    /// All rows are fetched before the first is visited: the body may then run further statements, as on
    /// SQLite.
    func run(
        _ name: String, _ parameters: [SQL.Parameter], _ prepared: String?, _ visit: (Row) -> Bool
    ) throws(DatabaseError) -> Int {
        let packed = try PostgresParameters(parameters)
        let result = unsafe packed.withPointers { count, values, lengths, formats in
            // Parameters go in binary, so that no byte of them is ever parsed; results come as text.
            unsafe PostgresResult(
                prepared == nil
                    ? PQexecParams(connection, name, count, nil, values, lengths, formats, 0)
                    : PQexecPrepared(connection, name, count, values, lengths, formats, 0))
        }
        try check(result)
        for index in 0..<result.rowCount {
            guard visit(try result.row(index)) else { break }
        }
        return result.changes
    }

    private func check(_ result: PostgresResult) throws(DatabaseError) {
        guard !result.isGood else { return }
        if isBroken { throw .connectionLost(message) }
        if isForWriting, result.isRefusalToWrite {
            // The server has become a standby: another connection finds the one that took its place.
            giveUp()
            throw .connectionLost("the server takes no writes any more")
        }
        throw result.failure ?? .connectionLost(message)
    }

    /// libpq's own words, on one line.
    private var message: String {
        guard let words = unsafe PQerrorMessage(connection) else { return "no connection" }
        return unsafe String(cString: words).split(separator: "\n").joined(separator: " ")
    }
}

extension PostgresParameters {
    /// Calls `body` with what libpq's functions take: count, values, lengths, formats.
    func withPointers<T>(
        _ body: (Int32, UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<Int32>, UnsafePointer<Int32>) -> T
    ) -> T {
        unsafe bytes.withUnsafeBytes { bytes in
            let values = unsafe offsets.map { offset -> UnsafePointer<CChar>? in
                guard let offset, let base = bytes.baseAddress else { return nil }
                return unsafe (base + offset).assumingMemoryBound(to: CChar.self)
            }
            let binary = [Int32](repeating: 1, count: offsets.count)
            return unsafe body(Int32(offsets.count), values, lengths, binary)
        }
    }
}

/// A null-terminated array of C strings, for the time of a call.
private enum CStrings {
    static func with<T>(_ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> T) -> T {
        // Each text with its own NUL; an embedded one would only cut our own settings short.
        let bytes = texts.map { Array($0.utf8CString) }
        let flat = bytes.flatMap { $0 }
        return unsafe flat.withUnsafeBufferPointer { flat in
            var pointers: [UnsafePointer<CChar>?] = unsafe []
            var offset = 0
            for text in bytes {
                unsafe pointers.append(flat.baseAddress.map { unsafe $0 + offset })
                offset += text.count
            }
            unsafe pointers.append(nil)
            return unsafe body(pointers)
        }
    }
}
