package import JSON
import Platform

/// Stored data breaks its own form. Nothing is changed; the row is set aside and people are told.
package struct Corruption: FatefulError, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }

    /// What is about one payment sets that payment aside and goes no further. What reaches a loop is about
    /// more than that: reading it again would not mend it, and going on would build upon it.
    package var isFatal: Bool { true }
}

/// A value of the domain that has a canonical JSON form: one value has exactly one text.
package protocol Stored {
    func write(_ writer: inout JSONWriter)
    init(_ fields: Fields) throws(Corruption)
}

extension Stored {
    /// The canonical text.
    package var storedBytes: [UInt8] {
        var writer = JSONWriter(reservingBytes: 1024)
        writer.object { write(&$0) }
        return writer.bytes
    }

    /// Reads what `storedBytes` gave.
    package init(stored bytes: [UInt8]) throws(Corruption) {
        do {
            try self.init(Fields(JSON.parse(bytes)))
        } catch let error as Corruption {
            throw error
        } catch {
            throw Corruption("a stored \(Self.self) is not JSON")
        }
    }
}

/// The members of a stored object, each read as what it must be.
package struct Fields {
    private let object: JSONObject

    package init(_ json: JSON) throws(Corruption) {
        guard case .object(let object) = json else { throw Corruption("a stored value is not an object") }
        self.object = object
    }

    private func missing(_ key: String) -> Corruption { Corruption("a stored value has no valid \(key)") }

    /// A member as it is; nil when it is not there or null.
    package func value(_ key: String) -> JSON? {
        switch object[key] {
        case .null, nil: nil
        case let value?: value
        }
    }

    /// A member that is text. Throws `Corruption` for anything else, as all of these do.
    package func text(_ key: String) throws(Corruption) -> String {
        guard let text = object[key]?.asString else { throw missing(key) }
        return text
    }

    /// The same, where a missing one is nil.
    package func textOrNil(_ key: String) throws(Corruption) -> String? {
        value(key) == nil ? nil : try text(key)
    }

    /// A member that is true or false.
    package func flag(_ key: String) throws(Corruption) -> Bool {
        guard let flag = object[key]?.asBool else { throw missing(key) }
        return flag
    }

    /// A member that is a whole number.
    package func integer<Integer: FixedWidthInteger>(_ key: String) throws(Corruption) -> Integer {
        guard let text = object[key]?.asNumber?.text, let number = Integer(text) else { throw missing(key) }
        return number
    }

    /// The same, where a missing one is nil.
    package func integerOrNil<Integer: FixedWidthInteger>(_ key: String) throws(Corruption) -> Integer? {
        value(key) == nil ? nil : try integer(key)
    }

    /// Anything that is printed as text and read back from it.
    package func parsed<T>(_ key: String, _ parse: (String) -> T?) throws(Corruption) -> T {
        guard let value = parse(try text(key)) else { throw missing(key) }
        return value
    }

    /// A member whose text `parse` understands; nil where it is missing.
    package func parsedOrNil<T>(_ key: String, _ parse: (String) -> T?) throws(Corruption) -> T? {
        value(key) == nil ? nil : try parsed(key, parse)
    }

    /// A member that is a stored value of its own.
    package func nested<T: Stored>(_ key: String) throws(Corruption) -> T {
        guard let value = value(key) else { throw missing(key) }
        return try T(Fields(value))
    }

    /// The same, where a missing one is nil.
    package func nestedOrNil<T: Stored>(_ key: String) throws(Corruption) -> T? {
        value(key) == nil ? nil : try nested(key)
    }

    /// A member that is a list of stored values.
    package func list<T: Stored>(_ key: String) throws(Corruption) -> [T] {
        try elements(key) { json throws(Corruption) in try T(Fields(json)) }
    }

    /// A member that is a list of texts.
    package func texts(_ key: String) throws(Corruption) -> [String] {
        try elements(key) { json throws(Corruption) in
            guard let text = json.asString else { throw missing(key) }
            return text
        }
    }

    /// A member that is a list, each element read by `read`.
    package func elements<T>(_ key: String, _ read: (JSON) throws(Corruption) -> T) throws(Corruption) -> [T]
    {
        guard let array = object[key]?.asArray else { throw missing(key) }
        var values: [T] = []
        values.reserveCapacity(array.count)
        for json in array { values.append(try read(json)) }
        return values
    }
}

extension JSONWriter {
    /// A nested stored value.
    package mutating func stored(_ key: String, _ value: some Stored) {
        object(key) { value.write(&$0) }
    }

    /// The same, or `null`.
    package mutating func storedOrNull<T: Stored>(_ key: String, _ value: T?) {
        if let value { stored(key, value) } else { null(key) }
    }

    /// Nested stored values in order.
    package mutating func list<T: Stored>(_ key: String, _ values: some Sequence<T>) {
        array(key) { writer in
            for value in values { writer.object { value.write(&$0) } }
        }
    }
}
