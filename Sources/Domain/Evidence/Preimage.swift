/// Bytes that are hashed: a line that says what they are, then every field with its length before it. Two
/// lists of fields never come to the same bytes.
package struct Preimage {
    /// What was put so far.
    package private(set) var bytes: [UInt8]

    /// - Parameter tag: what is hashed, and by which version of the form: `quittance/record/1`.
    package init(_ tag: String, reserving capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
        bytes.append(contentsOf: tag.utf8)
        bytes.append(0x0a)
    }

    /// A field: its length in eight bytes, the highest first, and itself.
    package mutating func put(_ field: some Collection<UInt8>) {
        let length = UInt64(field.count)
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: length >> shift))
        }
        bytes.append(contentsOf: field)
    }

    /// The bytes of a text.
    package mutating func put(_ text: String) { put(text.utf8) }

    /// A number as decimal text.
    package mutating func put(_ number: some BinaryInteger) { put(String(number)) }
}
