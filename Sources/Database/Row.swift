/// One row of an answer. Columns count from 0; every reader checks what it finds.
package struct Row: Sendable, Hashable {
    package let values: [Value]

    package init(_ values: [Value]) { self.values = values }

    /// Column `column` as `T`. Throws `DatabaseError.mismatch` for any other shape or a column that is not
    /// there.
    package func read<T: Storable>(_ column: Int, as type: T.Type = T.self) throws(DatabaseError) -> T {
        guard values.indices.contains(column), let value = T(stored: values[column]) else {
            throw .mismatch(column: column, expected: "\(T.self)")
        }
        return value
    }

    /// A column that holds a number. Throws `DatabaseError.mismatch` for anything else, as all of these do.
    package func integer(_ column: Int) throws(DatabaseError) -> Int64 { try read(column) }
    /// The same, where NULL is nil.
    package func integerOrNil(_ column: Int) throws(DatabaseError) -> Int64? { try read(column) }
    /// A column that holds text.
    package func text(_ column: Int) throws(DatabaseError) -> String { try read(column) }
    /// The same, where NULL is nil.
    package func textOrNil(_ column: Int) throws(DatabaseError) -> String? { try read(column) }
    /// A column that holds bytes.
    package func blob(_ column: Int) throws(DatabaseError) -> [UInt8] { try read(column) }
    /// The same, where NULL is nil.
    package func blobOrNil(_ column: Int) throws(DatabaseError) -> [UInt8]? { try read(column) }
    /// A column that holds 0 or 1.
    package func bool(_ column: Int) throws(DatabaseError) -> Bool { try read(column) }

    /// Reads the columns from left to right.
    package var reader: RowReader { RowReader(row: self) }
}

/// Reads a row's columns in order: `let id: String = try reader.next()`.
package struct RowReader: Sendable {
    private let row: Row
    private var column = 0

    fileprivate init(row: Row) { self.row = row }

    /// The next column as `T`. Throws `DatabaseError.mismatch` as `Row.read` does, and past the last column.
    package mutating func next<T: Storable>(as type: T.Type = T.self) throws(DatabaseError) -> T {
        let value: T = try row.read(column)
        column += 1
        return value
    }
}
