/// What is wrong with one value, without saying where; thrown by the closures that a form calls.
package struct FieldProblem: Error, Hashable, Sendable {
    /// A stable name of the reason, such as `out_of_range`.
    package let code: String
    /// A sentence for the developer who reads the answer. It never repeats the value.
    package let detail: String

    package init(code: String, detail: String) {
        self.code = code
        self.detail = detail
    }

    package static let required = FieldProblem(code: "required", detail: "This member is required.")

    /// Another kind of value than expected.
    package static func wrongType(expected: String, found: JSON) -> FieldProblem {
        FieldProblem(code: "wrong_type", detail: "Expected \(expected), found \(found.typeName).")
    }

    /// More bytes of UTF-8 than are taken.
    package static func tooLong(maxBytes: Int) -> FieldProblem {
        FieldProblem(code: "too_long", detail: "At most \(maxBytes) bytes of UTF-8 are allowed.")
    }

    package static let empty = FieldProblem(code: "empty", detail: "This text must not be empty.")

    package static let blank = FieldProblem(
        code: "blank", detail: "There is nothing to be seen in this text.")

    package static let invisible = FieldProblem(
        code: "invisible_text", detail: "Characters that cannot be seen are not allowed here.")

    package static let invalidText = FieldProblem(
        code: "invalid_text",
        detail: "Control characters and changes of the writing direction are not allowed.")

    /// A number beyond its bounds.
    package static func outOfRange(_ range: ClosedRange<Int64>) -> FieldProblem {
        FieldProblem(
            code: "out_of_range",
            detail: "Must be an integer from \(range.lowerBound) to \(range.upperBound).")
    }

    /// A list of too few or too many.
    package static func wrongCount(_ range: ClosedRange<Int>) -> FieldProblem {
        FieldProblem(
            code: "wrong_count", detail: "Must have from \(range.lowerBound) to \(range.upperBound) entries.")
    }

    /// A text that is none of the names.
    package static func notOneOf(_ names: [String]) -> FieldProblem {
        FieldProblem(code: "unknown_value", detail: "Must be one of: \(names.joined(separator: ", ")).")
    }

    package static let duplicate = FieldProblem(code: "duplicate", detail: "This entry occurs twice.")

    static func unknownMember(_ name: String, known: [String]) -> FieldProblem {
        let hint = nearestName(to: name, among: known).map { " Did you mean \"\($0)\"?" } ?? ""
        return FieldProblem(code: "unknown_member", detail: "This member is not known here." + hint)
    }
}

/// What is wrong with one value of a document, and where it stands.
package struct FieldError: Hashable, Sendable {
    /// Where: a JSON Pointer (RFC 6901) from the root; the root itself is the empty text.
    package let pointer: String
    /// A stable name of the reason.
    package let code: String
    /// A sentence for the developer who reads the answer.
    package let detail: String

    package init(pointer: String, problem: FieldProblem) {
        self.pointer = pointer
        code = problem.code
        detail = problem.detail
    }
}

/// A document that was read and found wanting, with every reason (at most 32).
package struct InvalidFields: Error, Hashable, Sendable {
    /// In the order of reading, unknown members last; never empty.
    package let errors: [FieldError]

    package init(errors: [FieldError]) { self.errors = errors }
}

extension JSON {
    /// The JSON Pointer of a member or an element under `parent`: `~` and `/` of a name are escaped (RFC 6901
    /// section 3). Long names are cut: a pointer is for reading, and the name is the caller's own.
    static func pointer(_ parent: String, _ name: String) -> String {
        var pointer = parent + "/"
        for scalar in name.unicodeScalars.prefix(Limits.namedBytes) {
            switch scalar {
            case "~": pointer += "~0"
            case "/": pointer += "~1"
            default: pointer.unicodeScalars.append(scalar)
            }
        }
        return pointer
    }
}
