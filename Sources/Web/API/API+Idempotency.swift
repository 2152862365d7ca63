import Crypto
import Engine
import HTTP
import Platform

extension API {
    static let idempotencyField = "Idempotency-Key"

    /// The idempotency key of a request: draft-ietf-httpapi-idempotency-key-header, bare or quoted.
    ///
    /// It counts within merchant, operation and kind of key, so that a live answer never goes to a test
    /// key. Throws 400 where it is missing and needed, or malformed.
    static func idempotencyKey(
        _ operation: Operation, _ request: Request, _ caller: Caller
    ) throws -> IdempotencyKey? {
        let values = request.headers.values(idempotencyField)
        guard let value = values.first else {
            guard operation.idempotency == .required else { return nil }
            throw flaw(
                .idempotencyKeyRequired,
                "Send an Idempotency-Key, so that this is not done twice by accident.")
        }
        guard values.count == 1, let key = unquoted(value) else {
            throw flaw(
                .invalidIdempotencyKey,
                "An idempotency key has 1 to \(Limits.idempotencyKeyBytes) visible ASCII characters.")
        }
        guard operation.idempotency != .ignored else { return nil }
        let mode = caller.isTest ? "test" : "live"
        return IdempotencyKey(
            operation: "\(mode) \(operation.name)", key: key, fingerprint: fingerprint(of: request))
    }

    private static func flaw(_ code: Problem.Code, _ detail: String) -> Problem {
        let flaw = Problem.Flaw(.header(idempotencyField), code: code.rawValue, detail: detail)
        return Problem(code, detail, flaws: [flaw])
    }

    /// The key without its quotes; nil when it is none.
    private static func unquoted(_ value: String) -> String? {
        var bytes = Array(value.utf8)[...]
        let quote = UInt8(ascii: "\"")
        if bytes.first == quote || bytes.last == quote {
            guard bytes.count >= 2, bytes.first == quote, bytes.last == quote else { return nil }
            bytes = bytes.dropFirst().dropLast()
        }
        guard (1...Limits.idempotencyKeyBytes).contains(bytes.count),
            bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != quote && $0 != UInt8(ascii: "\\") })
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// SHA-256 over method, path and body, each with its length before it.
    private static func fingerprint(of request: Request) -> String {
        var hash = SHA256()
        for field in [Array(request.method.rawValue.utf8), Array(request.path.utf8), request.body] {
            hash.update(Array("\(field.count):".utf8))
            hash.update(field)
        }
        return Hex.encode(hash.finalize())
    }
}
