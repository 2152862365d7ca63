/// A statement: text from the source, and values that never become text.
///
/// Interpolation binds: `"SELECT name FROM shop WHERE id = \(id)"` carries `id` as a parameter. One text
/// serves both engines; the statement is prepared once per connection and text.
package struct SQL: Sendable, ExpressibleByStringInterpolation {
    /// The text around the parameters: always one piece more than there are parameters.
    private(set) var pieces: [String]
    private(set) var parameters: [Parameter]
    /// Why a value could not become a parameter; thrown when the statement runs.
    private(set) var fault: DatabaseError?

    struct Parameter: Sendable {
        var value: Value
        var kind: ColumnKind
    }

    package init(stringLiteral text: String) {
        pieces = [text]
        parameters = []
    }

    package init(stringInterpolation: StringInterpolation) {
        self = stringInterpolation.sql
    }

    /// Text that is not a literal. It becomes part of the statement as it is: never pass anything from
    /// outside.
    package init(raw text: String) {
        pieces = [text]
        parameters = []
    }

    package static func + (left: SQL, right: SQL) -> SQL {
        var joined = left
        joined.append(right)
        return joined
    }

    package static func += (left: inout SQL, right: SQL) { left.append(right) }

    fileprivate mutating func append(raw text: String) {
        let last = pieces.count - 1
        // A literal that stands alone stays the literal that it is, without a copy.
        if pieces[last].isEmpty { pieces[last] = text } else { pieces[last] += text }
    }

    fileprivate mutating func append(_ other: SQL) {
        append(raw: other.pieces[0])
        pieces += other.pieces.dropFirst()
        parameters += other.parameters
        fault = fault ?? other.fault
    }

    fileprivate mutating func append(_ value: some Storable) {
        do {
            let stored = try value.stored()
            let kind = type(of: value).columnKind
            parameters.append(Parameter(value: stored, kind: kind == .inferred ? stored.kind : kind))
        } catch {
            parameters.append(Parameter(value: .null, kind: .inferred))
            fault = fault ?? error
        }
        pieces.append("")
    }

    /// The statement as `dialect` writes it, with numbered placeholders.
    ///
    /// On SQLite the pieces alone determine it, which is why they can stand for it.
    func text(_ dialect: Dialect) -> String {
        guard !parameters.isEmpty else { return pieces[0] }
        var text = pieces[0]
        text.reserveCapacity(pieces.reduce(0) { $0 + $1.utf8.count + 12 })
        for (index, parameter) in parameters.enumerated() {
            text += dialect.placeholder(index + 1, parameter.kind)
            text += pieces[index + 1]
        }
        return text
    }

    /// Throws what interpolation could not, and refuses more parameters than an engine takes.
    func check() throws(DatabaseError) {
        if let fault { throw fault }
        guard parameters.count <= Limits.parameters else {
            throw .misuse("\(parameters.count) parameters in one statement, \(Limits.parameters) at the most")
        }
    }

    /// What the compiler builds a statement with; each way to interpolate is one of its functions.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var sql = SQL(raw: "")

        package init(literalCapacity: Int, interpolationCount: Int) {
            sql.pieces.reserveCapacity(interpolationCount + 1)
            sql.parameters.reserveCapacity(interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) { sql.append(raw: literal) }

        /// Binds a value.
        package mutating func appendInterpolation(_ value: some Storable) { sql.append(value) }

        /// Binds a value or NULL. (Of its own, since the compiler warns of optionals that meet a generic
        /// parameter.)
        package mutating func appendInterpolation<T: Storable>(_ value: T?) { sql.append(value) }

        /// Joins another statement's text and parameters.
        package mutating func appendInterpolation(_ other: SQL) { sql.append(other) }

        /// Text that becomes part of the statement as it is: never anything from outside.
        package mutating func appendInterpolation(raw text: String) { sql.append(raw: text) }

        /// A list in brackets, each value bound, for `IN` and `NOT IN`; an empty list is one that nothing is
        /// in.
        package mutating func appendInterpolation<Element: Storable>(list values: [Element]) {
            guard !values.isEmpty else {
                let type = Element.columnKind.castName
                return sql.append(raw: "(SELECT CAST(NULL AS \(type)) WHERE 1 = 0)")
            }
            for (index, value) in values.enumerated() {
                sql.append(raw: index == 0 ? "(" : ", ")
                sql.append(value)
            }
            sql.append(raw: ")")
        }
    }
}
