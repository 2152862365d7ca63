import CPostgres
import Platform

/// An answer of the server, freed with the value.
@safe final class PostgresResult {
    private let result: OpaquePointer?

    init(_ result: OpaquePointer?) { unsafe self.result = result }

    deinit { unsafe PQclear(result) }

    var isGood: Bool {
        let status = unsafe PQresultStatus(result)
        return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
    }

    var rowCount: Int32 { unsafe PQntuples(result) }

    /// What was done: `INSERT 0 1`, `COMMIT`.
    var tag: String { unsafe PQcmdStatus(result).map { unsafe String(cString: $0) } ?? "" }

    /// Rows inserted, updated or deleted.
    var changes: Int {
        guard !tag.hasPrefix("SELECT"), let text = unsafe PQcmdTuples(result) else { return 0 }
        return unsafe Int(String(cString: text)) ?? 0
    }

    func row(_ index: Int32) throws(DatabaseError) -> Row {
        var values: [Value] = []
        let count = unsafe PQnfields(result)
        values.reserveCapacity(Int(count))
        for column in 0..<count { values.append(try value(index, column)) }
        return Row(values)
    }

    /// What is none of the shapes comes as its bytes, so that it is a matter of that row and not of all that
    /// is asked with it.
    private func value(_ row: Int32, _ column: Int32) throws(DatabaseError) -> Value {
        guard unsafe PQgetisnull(result, row, column) == 0,
            let start = unsafe PQgetvalue(result, row, column)
        else { return .null }
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, row, column)))
        switch unsafe TypeID(rawValue: PQftype(result, column)) {
        case .bool: return unsafe .integer(bytes.first == UInt8(ascii: "t") ? 1 : 0)
        case .bytea: return .blob(try Self.decode(unsafe Array(bytes), column))
        case .int8, .int4, .int2, .oid, .numeric:
            // SUM over BIGINT is NUMERIC: whole numbers are read, others are not what the column should hold.
            guard let number = unsafe Int64(String(decoding: bytes, as: UTF8.self)) else {
                throw .mismatch(column: Int(column), expected: "an integer of 64 bits")
            }
            return .integer(number)
        case .float4, .float8: return unsafe .blob(Array(bytes))
        case nil:
            guard let text = unsafe String(validating: bytes, as: UTF8.self) else {
                return unsafe .blob(Array(bytes))
            }
            return .text(text)
        }
    }

    /// Reads `bytea_output = hex`: `\x` and two digits a byte.
    private static func decode(_ text: [UInt8], _ column: Int32) throws(DatabaseError) -> [UInt8] {
        guard text.starts(with: [0x5c, 0x78]), let bytes = Hex.decode(utf8: text[2...]) else {
            throw .mismatch(column: Int(column), expected: "bytes in hexadecimal")
        }
        return bytes
    }

    /// The error the server sent; nil when it sent none, as when the connection broke.
    var failure: DatabaseError? {
        if unsafe PQresultStatus(result) == PGRES_EMPTY_QUERY { return .misuse("an empty statement") }
        guard let state = field(cpostgres_field_state) else { return nil }
        let words = "\(field(cpostgres_field_message) ?? "") (SQLSTATE \(state))"
        // Names only: the detail field would hold values.
        let names = [cpostgres_field_table, cpostgres_field_column, cpostgres_field_constraint]
        let place = names.compactMap(field).joined(separator: ".")
        switch state {
        case "23505", "23P01": return .constraint(.unique, detail: place)
        case "23503", "23001": return .constraint(.foreignKey, detail: place)
        case "23502": return .constraint(.notNull, detail: place)
        case "23514": return .constraint(.check, detail: place)
        case "53100": return .full(words)
        // Damaged pages and indices. The rest of class XX are the server's own slips, which may pass.
        case "XX001", "XX002": return .corrupt(words)
        case "22021", "22003", "54000": return .unrepresentable(words)
        // Terminated or shutting down; the idle transaction's timeout.
        case "57P01", "57P02", "57P03", "57P05", "25P03": return .connectionLost(words)
        // Deadlock and serialisation, cancelled by a timeout, a lock not had.
        case "40001", "40P01", "57014", "55P03": return .busy(words)
        default: break
        }
        switch state.prefix(2) {
        case "08": return .connectionLost(words)
        case "53", "XX": return .busy(words)
        case "58": return .ioFailed(words)
        default: return .misuse(words)
        }
    }

    /// Whether something was to be written where nothing can be.
    var isRefusalToWrite: Bool { field(cpostgres_field_state) == "25006" }

    private func field(_ code: Int32) -> String? {
        unsafe PQresultErrorField(result, code).map { unsafe String(cString: $0) }
    }

    /// The types that are not read as text; numbers from `pg_type.dat`, fixed for ever.
    private enum TypeID: UInt32 {
        case bool = 16
        case bytea = 17
        case int8 = 20
        case int2 = 21
        case int4 = 23
        case oid = 26
        case float4 = 700
        case float8 = 701
        case numeric = 1700
    }
}
