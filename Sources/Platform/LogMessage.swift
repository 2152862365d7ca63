package import JSON

/// The text of a log line, in which every interpolated value is named and becomes a field of its type:
///
///     log.info("block \("height", height) came after \("wait_ms", wait)")
///
/// There is no interpolation without a name and none of arbitrary types: what shall be logged has to be a
/// `LogValue`, so that a secret cannot get here by accident. Personal text is named and left out: `\(private:
/// "email")`.
package struct LogMessage: Sendable, ExpressibleByStringInterpolation {
    /// The line for people, with the values in it.
    package let text: String
    /// The values by name.
    package let fields: [LogField]

    package init(stringLiteral text: String) {
        self.text = text
        fields = []
    }

    package init(stringInterpolation: StringInterpolation) {
        text = stringInterpolation.text
        fields = stringInterpolation.fields
    }

    /// Gathers the text and the fields as the literal is read.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""
        fileprivate var fields: [LogField] = []

        package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        package mutating func appendLiteral(_ literal: String) { text += literal }

        /// A value under its name.
        package mutating func appendInterpolation(_ name: StaticString, _ value: some LogValue) {
            append(LogField(name, value))
        }

        /// The type of an error and its own description.
        package mutating func appendInterpolation(_ name: StaticString, _ error: any Error) {
            append(LogField(name, "\(type(of: error)): \(error)"))
        }

        /// A value that is there and not told.
        package mutating func appendInterpolation(private name: StaticString) {
            append(LogField(name, "[redacted]"))
        }

        private mutating func append(_ field: LogField) {
            text += field.value.asString ?? field.value.encodedText
            fields.append(field)
        }
    }
}

/// One named value of a log line.
package struct LogField: Sendable, Hashable {
    /// A word of the source code, never of input.
    package let name: String
    package let value: JSON

    package init(_ name: StaticString, _ value: some LogValue) {
        self.name = name.description
        self.value = value.logged
    }
}

/// A type whose values may be logged. Nothing secret or personal conforms to it.
package protocol LogValue {
    /// The value as a JSON scalar.
    var logged: JSON { get }
}

extension String: LogValue {
    /// The text, cut after 1 KiB.
    package var logged: JSON {
        guard utf8.count > Limits.loggedTextBytes else { return .string(self) }
        return .string(String(decoding: utf8.prefix(Limits.loggedTextBytes), as: UTF8.self) + "…")
    }
}

extension Substring: LogValue {
    package var logged: JSON { String(self).logged }
}

extension Bool: LogValue {
    package var logged: JSON { .bool(self) }
}

extension LogValue where Self: FixedWidthInteger {
    package var logged: JSON { .integer(self) }
}

extension Int: LogValue {}
extension Int32: LogValue {}
extension Int64: LogValue {}
extension UInt8: LogValue {}
extension UInt16: LogValue {}
extension UInt32: LogValue {}
extension UInt64: LogValue {}

extension Double: LogValue {
    package var logged: JSON { JSONNumber(description).map(JSON.number) ?? .string(description) }
}

extension Optional: LogValue where Wrapped: LogValue {
    package var logged: JSON { self?.logged ?? .null }
}
