/// The fields of a message head (RFC 9110, section 5): ordered, several of one name allowed, names compared
/// without regard to ASCII case and kept as they were written.
///
/// All names and values lie in one buffer with an index over it, so that a head of twenty fields costs two
/// allocations, and text is only made of the fields that somebody asks for.
package struct Headers: Sendable {
    /// Where one field lies in `bytes`.
    struct Entry: Sendable {
        var name: Range<Int>
        var value: Range<Int>
    }

    private(set) var bytes: [UInt8]
    private(set) var entries: [Entry]

    package init() {
        bytes = []
        entries = []
    }

    /// Fields already checked by the parser, whose ranges index `bytes`.
    init(bytes: [UInt8], entries: [Entry]) {
        self.bytes = bytes
        self.entries = entries
    }

    /// Number of fields; those that repeat a name count too.
    package var count: Int { entries.count }
    package var isEmpty: Bool { entries.isEmpty }

    /// The first value of `name`; setting replaces all of them, setting nil removes them.
    package subscript(_ name: String) -> String? {
        get {
            guard let entry = first(name) else { return nil }
            return text(entry.value)
        }
        set {
            if contains(name) { remove(name) }
            if let newValue { add(name, newValue) }
        }
    }

    /// Every value of `name`, in order.
    package func values(_ name: String) -> [String] {
        entries.filter { hasName($0, name) }.map { text($0.value) }
    }

    /// Whether there is a field of that name.
    package func contains(_ name: String) -> Bool { first(name) != nil }

    /// Appends a field. `name` must be a token, which code chooses; check a name from outside with `isName`.
    ///
    /// CR, LF, NUL and the other control characters of `value` become spaces (RFC 9110, 5.5): text from
    /// outside cannot start another field or another message.
    package mutating func add(_ name: String, _ value: String) {
        precondition(Self.isName(name), "a field name must be a token")
        let start = bytes.count
        if bytes.isEmpty { bytes.reserveCapacity(name.utf8.count + value.utf8.count) }
        bytes.append(contentsOf: name.utf8)
        let middle = bytes.count
        for byte in value.utf8 {
            bytes.append(byte < 0x20 && byte != 0x09 || byte == 0x7F ? 0x20 : byte)
        }
        entries.append(Entry(name: start..<middle, value: middle..<bytes.count))
    }

    /// Appends every field of `other`.
    package mutating func append(_ other: Headers) {
        let start = bytes.count
        bytes.append(contentsOf: other.bytes)
        for entry in other.entries {
            entries.append(
                Entry(
                    name: (entry.name.lowerBound + start)..<(entry.name.upperBound + start),
                    value: (entry.value.lowerBound + start)..<(entry.value.upperBound + start)))
        }
    }

    /// Removes every field of `name`.
    package mutating func remove(_ name: String) {
        entries = entries.filter { !hasName($0, name) }
        if entries.isEmpty { bytes = [] }
    }

    /// Whether `name` can be a field name: a token of RFC 9110, 5.6.2.
    package static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { $0.isTokenCharacter }
    }

    /// The comma-separated members of every `name` field, trimmed and in lower case: for lists of tokens such
    /// as `Connection` (RFC 9110, 5.6.1). Empty members are left out.
    package func tokens(_ name: String) -> [String] {
        values(name).flatMap { value in
            value.split(separator: ",").map { $0.trimmingBlanks().lowercased() }.filter { !$0.isEmpty }
        }
    }

    func first(_ name: String) -> Entry? { entries.first { hasName($0, name) } }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    func hasName(_ entry: Entry, _ name: String) -> Bool {
        guard entry.name.count == name.utf8.count else { return false }
        var index = entry.name.lowerBound
        for byte in name.utf8 {
            if bytes[index].lowercased != byte.lowercased { return false }
            index += 1
        }
        return true
    }
}

extension Headers: Sequence {
    /// Name and value of each field in order.
    package func makeIterator() -> AnyIterator<(name: String, value: String)> {
        var remaining = entries[...]
        return AnyIterator {
            guard let entry = remaining.popFirst() else { return nil }
            return (text(entry.name), text(entry.value))
        }
    }
}

extension Headers: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (name, value) in elements { add(name, value) }
    }
}

extension Headers: Equatable {
    /// Same fields with the same spelling in the same order.
    package static func == (left: Headers, right: Headers) -> Bool {
        left.count == right.count
            && zip(left.entries, right.entries).allSatisfy { a, b in
                left.bytes[a.name] == right.bytes[b.name] && left.bytes[a.value] == right.bytes[b.value]
            }
    }
}
