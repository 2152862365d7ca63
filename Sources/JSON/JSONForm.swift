/// Reads an object member by member for an HTTP API, and collects everything that is wrong with it.
///
///     var form = try JSONForm(body)
///     let amount = form.value("amount", .required) { text throws(FieldProblem) in try Amount(form: text) }
///     let order = form.string("merchant_order_id", .optional, maxBytes: 64)
///     let expiry = form.integer("expires_in", .optional, 60...86_400) ?? 900
///     let read = try form.finish(amount)
///     open(amount: read, order: order, expiry: expiry)
///
/// A reading method returns nil when the member is absent or wrong; only the latter, and the absence of a
/// required member, leave an error behind. `null` counts as absent. Amounts are strings: a number where a
/// string is expected is `wrong_type`.
package struct JSONForm: Sendable {
    /// Whether a member has to be there.
    package enum Presence: Sendable {
        case required
        case optional
    }

    /// Where the object stands in the document, as a JSON Pointer.
    package let pointer: String

    /// What is wrong so far.
    package private(set) var errors: [FieldError] = []

    private let object: JSONObject
    private var known: [String] = []

    /// A form over the root of a document. Throws `InvalidFields` when that is not an object.
    package init(_ document: JSON) throws(InvalidFields) {
        guard let object = document.asObject else {
            let problem = FieldProblem.wrongType(expected: "an object", found: document)
            throw InvalidFields(errors: [FieldError(pointer: "", problem: problem)])
        }
        self.init(object, at: "")
    }

    init(_ object: JSONObject, at pointer: String) {
        self.object = object
        self.pointer = pointer
    }

    /// Whether the member has a value there. `null` is none: many programs write it for what they leave out.
    package mutating func mentions(_ name: String) -> Bool {
        know(name)
        return !(object[name] ?? .null).isNull
    }

    /// Reports a problem that shows only when members are seen together. `name` nil means the object as a
    /// whole.
    package mutating func report(_ problem: FieldProblem, at name: String? = nil) {
        add(FieldError(pointer: name.map { JSON.pointer(pointer, $0) } ?? pointer, problem: problem))
    }

    /// Ends the reading: unknown members become errors. Throws `InvalidFields` when anything is wrong.
    package mutating func finish() throws(InvalidFields) {
        reportUnknown()
        if !errors.isEmpty { throw InvalidFields(errors: errors) }
    }

    /// Ends the reading as `finish()` does, and returns the required fields, which are there if it does not
    /// throw.
    package mutating func finish<each Field>(
        _ fields: repeat (each Field)?
    ) throws(InvalidFields) -> (repeat each Field) {
        try finish()
        let missing = InvalidFields(errors: [FieldError(pointer: pointer, problem: .required)])
        func present<One>(_ field: One?) throws(InvalidFields) -> One {
            guard let field else { throw missing }
            return field
        }
        return (repeat try present(each fields))
    }

    /// Reads a member by a closure of its own: what all the readers come down to.
    ///
    /// The closure gets the value, never `null`, and its pointer; it reports through its throw, or adds
    /// errors of things inside the value to the list that it is given.
    mutating func read<Value>(
        _ name: String, _ presence: Presence,
        _ body: (JSON, String, inout [FieldError]) throws(FieldProblem) -> Value?
    ) -> Value? {
        know(name)
        guard let json = object[name], !json.isNull else {
            if presence == .required { report(.required, at: name) }
            return nil
        }
        var inner: [FieldError] = []
        defer { for error in inner { add(error) } }
        do {
            return try body(json, JSON.pointer(pointer, name), &inner)
        } catch {
            inner.append(FieldError(pointer: JSON.pointer(pointer, name), problem: error))
            return nil
        }
    }

    mutating func reportUnknown() {
        for key in object.keys where !known.contains(key) {
            // The search for a near name costs; a body of ten thousand unknown names must not.
            guard errors.count < Limits.fieldErrors else { return }
            report(.unknownMember(key, known: known), at: key)
        }
    }

    private mutating func know(_ name: String) {
        if !known.contains(name) { known.append(name) }
    }

    private mutating func add(_ error: FieldError) {
        if errors.count < Limits.fieldErrors { errors.append(error) }
    }
}
