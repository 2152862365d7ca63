import Database
import Domain

extension Verifier {
    /// A column and what it must hold.
    typealias Column = (name: String, value: Value)

    /// Compares one row with what the log says of it, and counts it as explained.
    mutating func compare(_ table: String, _ name: String, where condition: SQL, _ columns: [Column]) throws {
        let names = columns.map(\.name).joined(separator: ", ")
        let row = try tx.connection.first("SELECT \(raw: names) FROM \(raw: table) WHERE \(condition)")
        guard let row else { return report.add("\(table) \(name)", "the row is missing") }
        explained[table, default: 0] += 1
        compare("\(table) \(name)", row, columns)
    }

    /// Reports each column of `row` that differs.
    mutating func compare(_ place: String, _ row: Row, _ columns: [Column]) {
        for (column, actual) in zip(columns, row.values) where !column.value.isSame(as: actual) {
            guard let shown = Self.shown(actual), let expected = Self.shown(column.value) else {
                report.add(place, "\(column.name) is not what the log says")
                continue
            }
            report.add(place, "\(column.name) is \(shown), the log says \(expected)")
        }
    }

    /// Short values in words; bytes and long text are not shown, they may be private.
    private static func shown(_ value: Value) -> String? {
        switch value {
        case .null: "nothing"
        case .integer(let number): String(number)
        case .text(let text): text.utf8.count <= Limits.shownCharacters ? "“\(text)”" : nil
        case .blob: nil
        }
    }
}

extension Value {
    /// Byte by byte: two texts that Unicode calls equal are two values to the database.
    func isSame(as other: Value) -> Bool {
        if case .text(let mine) = self, case .text(let others) = other {
            return mine.utf8.elementsEqual(others.utf8)
        }
        return self == other
    }

    static func optional(_ number: Int64?) -> Value { number.map(Value.integer) ?? .null }
    static func optional(_ text: String?) -> Value { text.map(Value.text) ?? .null }
    static func flag(_ flag: Bool) -> Value { .integer(flag ? 1 : 0) }
    static func time(_ time: Instant) -> Value { .integer(time.milliseconds) }
}
