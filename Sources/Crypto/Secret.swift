import CSodium

/// Bytes that must not leak: zeroed when the last copy goes, never printed, compared in constant time.
///
/// The memory is its own and is not moved or grown, so there are no forgotten copies of it inside this type.
/// What a computation derives from it on the stack, such as the state of an HMAC, is not covered.
package struct Secret: Sendable {
    private let storage: Storage

    /// Copies `bytes`. The caller's copy remains the caller's worry: see `init(wiping:)`.
    package init(_ bytes: [UInt8]) { storage = Storage(bytes.span) }

    /// Copies the bytes of a view.
    package init(_ bytes: Span<UInt8>) { storage = Storage(bytes) }

    /// Takes over `bytes` and overwrites the original.
    package init(wiping bytes: inout [UInt8]) {
        storage = Storage(bytes.span)
        wipe(&bytes)
        bytes = []
    }

    /// The number of bytes, which is not secret.
    package var count: Int { storage.count }

    /// Lends the bytes for the duration of `body`. Do not copy them out of it.
    package func withSpan<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try storage.withSpan(body)
    }

    /// Lends the bytes to a text that has to leave the program, such as a secret shown once to its owner.
    package var exposedBytes: [UInt8] { withSpan { span in span.indices.map { span[$0] } } }

    /// As `withSpan`, for C. The pointer is good only inside `body`.
    func withPointer<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
        unsafe storage.withPointer(body)
    }

    /// The only owner of the memory.
    @safe private final class Storage: @unchecked Sendable {  // written only in init, then only read
        private let start: UnsafeMutablePointer<UInt8>
        let count: Int

        init(_ bytes: Span<UInt8>) {
            count = bytes.count
            unsafe start = .allocate(capacity: max(1, bytes.count))
            for index in bytes.indices { unsafe (start + index).initialize(to: bytes[index]) }
        }

        deinit {
            unsafe sodium_memzero(start, count)
            unsafe start.deallocate()
        }

        func withPointer<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result { unsafe body(start) }

        func withSpan<Result, Failure: Error>(
            _ body: (Span<UInt8>) throws(Failure) -> Result
        ) throws(Failure) -> Result {
            try body(unsafe Span(_unsafeStart: start, count: count))
        }
    }
}

extension Secret: Equatable {
    /// Constant-time for equal lengths.
    package static func == (left: Secret, right: Secret) -> Bool {
        left.withSpan { one in right.withSpan { other in constantTimeEquals(one, other) } }
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "Secret(\(count) bytes)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
