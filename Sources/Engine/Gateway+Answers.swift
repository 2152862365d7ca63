import Crypto
import Domain
import Platform
import Storage

/// Answers as they are kept for a request that comes again.
extension Gateway {
    /// What marks a sealed answer among the lines of its fields. It has no colon, as every field has.
    private static let sealedLine = "sealed"

    /// The form in which an answer is kept. One that shows a secret is sealed, and opens only in its own
    /// place.
    func stored(_ reply: Reply, _ caller: Caller, _ key: IdempotencyKey) -> StoredAnswer {
        var lines = reply.headers.map { "\($0.name): \($0.value)" }
        var body = reply.body
        if reply.isSecret {
            lines.append(Self.sealedLine)
            body = keys.box.seal(
                Secret(body), authenticating: Self.context(caller.merchant.text, key.operation, key.key),
                nonce: world.entropy.bytes(SecretBox.nonceSize))
        }
        return StoredAnswer(
            fingerprint: key.fingerprint, status: reply.status, headers: lines.joined(separator: "\n"),
            body: body)
    }

    /// The answer that was kept. Throws when a sealed one was not sealed for this place by this instance.
    func reply(from kept: StoredAnswer, _ caller: Caller, _ key: IdempotencyKey) throws -> Reply {
        let lines = kept.headers.split(separator: "\n")
        let headers = lines.compactMap { line -> Reply.Header? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return Reply.Header(String(line[..<colon]), String(line[colon...].dropFirst(2)))
        }
        var body = kept.body
        let isSecret = Self.isSealed(kept)
        if isSecret {
            let place = Self.context(caller.merchant.text, key.operation, key.key)
            body = try keys.box.open(body, authenticating: place).exposedBytes
        }
        var reply = Reply(status: kept.status, headers: headers, body: body)
        reply.isReplayed = true
        reply.isSecret = isSecret
        return reply
    }

    /// Whether an answer is kept sealed.
    static func isSealed(_ kept: StoredAnswer) -> Bool {
        kept.headers.split(separator: "\n").contains { $0 == sealedLine }
    }

    /// What a sealed answer is bound to: its place.
    static func context(_ merchant: String, _ operation: String, _ key: String) -> [UInt8] {
        Array("answer \(merchant) \(operation) \(key)".utf8)
    }
}
