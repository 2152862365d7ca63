import Platform

/// What texts were decoded to: one that is read with each request is decoded once.
final class Memo<Value: Sendable>: Sendable {
    private let known = Lock<[String: Value]>([:])

    /// What `decode` makes of a text, now or before. Throws what it throws.
    func value(of text: String, _ decode: (String) throws -> Value) rethrows -> Value {
        if let value = known.withLock({ $0[text] }) { return value }
        let value = try decode(text)
        known.withLock { known in
            if known.count >= Limits.decodedTexts { known = [:] }
            known[text] = value
        }
        return value
    }
}
