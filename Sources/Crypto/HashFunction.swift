/// A hash whose state is a plain value: copy it to fork the input, as a cached HMAC key does.
package protocol HashFunction: Sendable {
    /// Bytes of one block of input, the unit that HMAC pads its key to.
    static var blockSize: Int { get }

    /// Bytes of a digest.
    static var digestSize: Int { get }

    /// The state before any input.
    init()

    /// Appends input.
    mutating func update(_ bytes: Span<UInt8>)

    /// The digest of all input so far. The state is spent afterwards.
    consuming func finalize() -> [UInt8]
}

extension HashFunction {
    /// Appends input.
    package mutating func update(_ bytes: [UInt8]) { update(bytes.span) }

    /// Appends input.
    package mutating func update(_ bytes: ArraySlice<UInt8>) { update(bytes.span) }

    /// The digest of `bytes`.
    package static func hash(_ bytes: [UInt8]) -> [UInt8] { hash(bytes.span) }

    /// The digest of `bytes`.
    package static func hash(_ bytes: ArraySlice<UInt8>) -> [UInt8] { hash(bytes.span) }

    /// The digest of `bytes`.
    package static func hash(_ bytes: Span<UInt8>) -> [UInt8] {
        var state = Self()
        state.update(bytes)
        return state.finalize()
    }
}
