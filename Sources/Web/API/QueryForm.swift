import Domain
import Engine
import HTTP
import JSON
import Platform

/// Reads the parameters of a query one by one, and collects everything that is wrong with them. Unknown and
/// repeated ones are wrong: a filter that is mistyped must not answer with everything.
struct QueryForm {
    private let query: Query
    private var known: [String] = []
    private var flaws: [Problem.Flaw] = []

    init(_ query: Query) { self.query = query }

    /// What `parse` makes of a parameter; nil when it is absent or wrong.
    mutating func value<Value>(
        _ name: String, _ parse: (String) throws(FieldProblem) -> Value
    ) -> Value? {
        known.append(name)
        let values = query.values(name)
        guard let text = values.first else { return nil }
        do throws(FieldProblem) {
            guard values.count == 1 else { throw .duplicate }
            guard text.utf8.count <= Limits.parameterBytes else {
                throw .tooLong(maxBytes: Limits.parameterBytes)
            }
            guard !text.isEmpty else { throw .empty }
            let isPlain = text.unicodeScalars.allSatisfy {
                $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value)
            }
            guard isPlain else { throw .invalidText }
            return try parse(text)
        } catch {
            flaws.append(Problem.Flaw(.parameter(name), error))
            return nil
        }
    }

    mutating func text(_ name: String) -> String? { value(name) { text in text } }

    /// What people paste to find something by: without the blanks around it.
    mutating func search(_ name: String) -> String? {
        value(name) { text throws(FieldProblem) in
            let bare = text.drop { $0 == " " }
            guard let end = bare.lastIndex(where: { $0 != " " }) else { throw .blank }
            return String(bare[...end])
        }
    }

    /// The identity of a transaction, which networks write in small hexadecimal digits.
    mutating func transaction(_ name: String) -> String? {
        search(name).map { text in
            text.allSatisfy { $0.isHexDigit && $0.isASCII } ? text.lowercased() : text
        }
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, of type: Choice.Type = Choice.self
    ) -> Choice? where Choice.RawValue == String {
        value(name) { text throws(FieldProblem) in
            guard let choice = Choice(rawValue: text) else {
                throw .notOneOf(Choice.allCases.map(\.rawValue))
            }
            return choice
        }
    }

    mutating func flag(_ name: String) -> Bool? {
        value(name) { text throws(FieldProblem) in
            guard text == "true" || text == "false" else { throw .notOneOf(["true", "false"]) }
            return text == "true"
        }
    }

    mutating func integer(_ name: String, _ range: ClosedRange<Int64>) -> Int64? {
        value(name) { text throws(FieldProblem) in
            guard let number = Int64(text), String(number) == text, range.contains(number) else {
                throw .outOfRange(range)
            }
            return number
        }
    }

    mutating func instant(_ name: String) -> Instant? {
        value(name) { text throws(FieldProblem) in try Instant(wire: text) }
    }

    mutating func id<Kind: Identified>(_ name: String, of kind: Kind.Type = Kind.self) -> ID<Kind>? {
        value(name) { text throws(FieldProblem) in
            guard let id = ID<Kind>(parsing: text) else { throw .invalidID(Kind.prefix) }
            return id
        }
    }

    mutating func limit() -> Int { Int(integer("limit", Limits.pageItems) ?? Limits.defaultPageItems) }

    /// `limit`, and one of `after` and `before`: identities of `Kind`.
    mutating func list<Kind: Identified>(of kind: Kind.Type) -> ListRequest {
        let limit = limit()
        let after = id("after", of: kind)
        let before = id("before", of: kind)
        return list(limit, after?.text, before?.text)
    }

    /// As above, for deliveries, whose identities are made of two others.
    mutating func listOfDeliveries() -> ListRequest {
        let limit = limit()
        func parse(_ text: String) throws(FieldProblem) -> String {
            guard isDelivery(text) else { throw .invalidID(Delivery.prefix) }
            return text
        }
        let after = value("after", parse)
        let before = value("before", parse)
        return list(limit, after, before)
    }

    private mutating func list(_ limit: Int, _ after: String?, _ before: String?) -> ListRequest {
        if after != nil, before != nil {
            flaws.append(
                Problem.Flaw(.parameter("before"), code: "conflict", detail: "Give either after or before."))
        }
        return ListRequest(limit: limit, after: after, before: before)
    }

    /// Reports a problem that shows only when parameters are seen together, unless the parameter has one
    /// already.
    mutating func report(_ problem: FieldProblem, at name: String) {
        guard !flaws.contains(where: { $0.place == .parameter(name) }) else { return }
        flaws.append(Problem.Flaw(.parameter(name), problem))
    }

    /// Ends the reading: unknown parameters become errors.
    mutating func finish() throws(Problem) {
        for name in query.names where !known.contains(name) {
            let hint = nearestName(to: name, among: known).map { " Did you mean \"\($0)\"?" } ?? ""
            let shown = String(name.prefix(Limits.requestIDBytes))
            flaws.append(
                Problem.Flaw(
                    .parameter(shown), code: "unknown_parameter",
                    detail: "This parameter is not known here." + hint))
        }
        if !flaws.isEmpty {
            throw Problem(
                .invalidParameters, "The request has parameters that are wrong or unknown.", flaws: flaws)
        }
    }
}

/// Whether the text has the form of a delivery's identity.
func isDelivery(_ text: String) -> Bool {
    text.hasPrefix(Delivery.prefix) && text.utf8.count <= 128
        && text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"): true
            default: false
            }
        }
}

extension Instant {
    /// Reads the time of a request: RFC 3339.
    init(wire text: String) throws(FieldProblem) {
        guard let milliseconds = Timestamp.parse(text) else {
            throw FieldProblem(
                code: "invalid_time", detail: "Must be a time such as \"2030-01-31T12:00:00Z\" (RFC 3339).")
        }
        self.init(milliseconds: milliseconds)
    }
}

extension FieldProblem {
    /// For a text that is no asset's code; one in small letters is told so.
    static func unknownAsset(_ text: String) -> FieldProblem {
        let isSmall = text != text.uppercased() && AssetCode(parsing: text.uppercased()) != nil
        let hint = isSmall ? " Codes are in capitals, such as \"BTC\"." : ""
        return FieldProblem(code: "unknown_asset", detail: "There is no asset of that code.\(hint)")
    }

    static func invalidID(_ prefix: String) -> FieldProblem {
        FieldProblem(code: "invalid_id", detail: "Must be an identity that begins with \"\(prefix)\".")
    }

    static let conflict = FieldProblem(
        code: "conflict", detail: "This cannot be given together with the others.")
}
