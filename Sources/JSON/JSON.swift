/// A JSON value (RFC 8259). Numbers keep their exact text, objects keep their order and have no key twice.
package enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

extension JSON {
    /// The text, when this is a string.
    package var asString: String? { if case .string(let text) = self { text } else { nil } }

    /// The truth value, when this is `true` or `false`.
    package var asBool: Bool? { if case .bool(let flag) = self { flag } else { nil } }

    /// The number with its exact text, when this is a number.
    package var asNumber: JSONNumber? { if case .number(let number) = self { number } else { nil } }

    /// The integer, when this is a number written as a plain integer that fits.
    package var asInt64: Int64? { asNumber?.asInt64 }

    /// The integer, when this is a number written as a plain integer that fits.
    package var asUInt64: UInt64? { asNumber?.asUInt64 }

    /// The elements, when this is an array.
    package var asArray: [JSON]? { if case .array(let elements) = self { elements } else { nil } }

    /// The members, when this is an object.
    package var asObject: JSONObject? { if case .object(let object) = self { object } else { nil } }

    /// Whether this is `null`.
    package var isNull: Bool { if case .null = self { true } else { false } }

    /// The member of that name; nil when there is none or this is not an object.
    package subscript(_ key: String) -> JSON? { asObject?[key] }

    /// The element at that place; nil when there is none or this is not an array.
    package subscript(_ index: Int) -> JSON? {
        guard let elements = asArray, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// What this is, in the words of an error: `null`, `boolean`, `number`, `string`, `array` or `object`.
    package var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// A number from an integer.
    package static func integer(_ value: some FixedWidthInteger) -> JSON { .number(JSONNumber(value)) }

    /// A string, or `null` for nil.
    package static func optional(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }
}

// There is no nil literal on purpose: `json["a"] == nil` must ask for absence, never for `null`.

extension JSON: ExpressibleByStringInterpolation {
    package init(stringLiteral text: String) { self = .string(text) }
}

extension JSON: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int64) { self = .integer(value) }
}

extension JSON: ExpressibleByBooleanLiteral {
    package init(booleanLiteral flag: Bool) { self = .bool(flag) }
}

extension JSON: ExpressibleByArrayLiteral {
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
}

extension JSON: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral members: (String, JSON)...) {
        var object = JSONObject()
        for (key, value) in members {
            let isNew = object.append(key, value)
            precondition(isNew, "a JSON literal names a member twice")
        }
        self = .object(object)
    }
}
