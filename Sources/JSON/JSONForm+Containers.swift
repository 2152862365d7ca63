extension JSONForm {
    /// A nested object: `body` reads its members; its unknown members are reported when it returns.
    ///
    /// Nil as well when anything inside was wrong.
    package mutating func object<Value>(
        _ name: String, _ presence: Presence, _ body: (inout JSONForm) -> Value?
    ) -> Value? {
        read(name, presence) { json, pointer, errors throws(FieldProblem) in
            try Self.object(json, pointer, &errors, body)
        }
    }

    /// An array of `count` objects, each read by `body`.
    package mutating func objects<Value>(
        _ name: String, _ presence: Presence, count: ClosedRange<Int>, _ body: (inout JSONForm) -> Value?
    ) -> [Value]? {
        elements(name, presence, count: count) { json, pointer, errors throws(FieldProblem) in
            try Self.object(json, pointer, &errors, body)
        }
    }

    /// An array of `count` strings, each made into a value by `parse`.
    package mutating func array<Value>(
        _ name: String, _ presence: Presence, count: ClosedRange<Int>, maxBytes: Int = 1_024,
        _ parse: (String) throws(FieldProblem) -> Value
    ) -> [Value]? {
        elements(name, presence, count: count) { json, _, _ throws(FieldProblem) in
            try parse(try Self.text(json, maxBytes: maxBytes))
        }
    }

    /// An array of `count` values that all differ, each made from a string by `parse`.
    package mutating func set<Value: Hashable>(
        _ name: String, _ presence: Presence, count: ClosedRange<Int>, maxBytes: Int = 1_024,
        _ parse: (String) throws(FieldProblem) -> Value
    ) -> [Value]? {
        var seen: Set<Value> = []
        return array(name, presence, count: count, maxBytes: maxBytes) { text throws(FieldProblem) in
            let value = try parse(text)
            guard seen.insert(value).inserted else { throw .duplicate }
            return value
        }
    }

    /// An array of `count` different raw values of an enumeration.
    package mutating func choices<Choice: RawRepresentable & CaseIterable & Hashable>(
        _ name: String, _ presence: Presence, count: ClosedRange<Int>, of type: Choice.Type = Choice.self
    ) -> [Choice]? where Choice.RawValue == String {
        set(name, presence, count: count) { text throws(FieldProblem) in try Self.choice(.string(text)) }
    }

    /// An array of `count` strings of at most `maxBytes` bytes each.
    package mutating func strings(
        _ name: String, _ presence: Presence, count: ClosedRange<Int>, maxBytes: Int
    ) -> [String]? {
        array(name, presence, count: count, maxBytes: maxBytes) { text in text }
    }

    /// An object whose members are all strings, such as metadata, in the caller's order.
    ///
    /// At most `maxCount` members, keys of 1 to `maxKeyBytes` bytes, values of at most `maxValueBytes`; line
    /// feeds are allowed in values.
    package mutating func stringMap(
        _ name: String, _ presence: Presence, maxCount: Int, maxKeyBytes: Int, maxValueBytes: Int
    ) -> [(key: String, value: String)]? {
        read(name, presence) { json, pointer, errors throws(FieldProblem) in
            guard let object = json.asObject else { throw .wrongType(expected: "an object", found: json) }
            guard object.count <= maxCount else { throw .wrongCount(0...maxCount) }
            var map: [(key: String, value: String)] = []
            for member in object.members {
                do throws(FieldProblem) {
                    let key = try Self.text(.string(member.key), maxBytes: maxKeyBytes)
                    guard !key.isEmpty else { throw .empty }
                    map.append((key, try Self.text(member.value, maxBytes: maxValueBytes, multiline: true)))
                } catch {
                    errors.append(FieldError(pointer: JSON.pointer(pointer, member.key), problem: error))
                }
            }
            return errors.isEmpty ? map : nil
        }
    }

    private mutating func elements<Value>(
        _ name: String, _ presence: Presence, count: ClosedRange<Int>,
        _ body: (JSON, String, inout [FieldError]) throws(FieldProblem) -> Value?
    ) -> [Value]? {
        read(name, presence) { json, pointer, errors throws(FieldProblem) in
            guard let elements = json.asArray else { throw .wrongType(expected: "an array", found: json) }
            guard count.contains(elements.count) else { throw .wrongCount(count) }
            var values: [Value] = []
            for (index, element) in elements.enumerated() {
                let place = JSON.pointer(pointer, String(index))
                do throws(FieldProblem) {
                    if let value = try body(element, place, &errors) { values.append(value) }
                } catch {
                    errors.append(FieldError(pointer: place, problem: error))
                }
            }
            return errors.isEmpty && values.count == elements.count ? values : nil
        }
    }

    private static func object<Value>(
        _ json: JSON, _ pointer: String, _ errors: inout [FieldError], _ body: (inout JSONForm) -> Value?
    ) throws(FieldProblem) -> Value? {
        guard let object = json.asObject else { throw .wrongType(expected: "an object", found: json) }
        var form = JSONForm(object, at: pointer)
        let value = body(&form)
        form.reportUnknown()
        errors += form.errors
        return form.errors.isEmpty ? value : nil
    }
}
