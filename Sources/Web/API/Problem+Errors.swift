import Domain
import Engine
import HTTP
import JSON

extension Problem {
    /// What a client is told of an error: everything that is not meant for it becomes `internal_error`.
    ///
    /// - Parameter pointers: where in the body of this operation the subject of a refusal stands.
    init(_ error: any Error, pointers: [Code: String] = [:]) {
        switch error {
        case let problem as Problem: self = problem
        case let invalid as InvalidFields: self.init(invalid)
        case let malformed as JSONError: self.init(malformed)
        case let refusal as Refusal:
            self.init(named: refusal.code.rawValue, refusal.detail, pointers)
        case let error as CommandError: self.init(error, pointers)
        case is CancellationError: self.init(.unavailable, "The request was broken off.")
        default: self.init(availability: Availability(of: error))
        }
    }

    private init(_ invalid: InvalidFields) {
        let flaws = invalid.errors.map { Flaw(.body($0.pointer), code: $0.code, detail: $0.detail) }
        self.init(.invalidFields, "The request has members that are missing, wrong or unknown.", flaws: flaws)
    }

    private init(_ malformed: JSONError) {
        if malformed.code == .tooLarge {
            self.init(.bodyTooLarge, "The body is larger than \(Limits.bodyBytes) bytes.")
            return
        }
        let detail =
            malformed.name.map { "The body names the member \"\($0)\" twice in one object." }
            ?? "The body is not one JSON document: \(malformed.description)."
        let flaw = Flaw(.body(""), code: malformed.code.rawValue, detail: "At byte \(malformed.offset).")
        self.init(.malformedJSON, detail, flaws: [flaw])
        offset = malformed.offset
    }

    /// What a document of no bytes is, in words that say so.
    static var emptyBody: Problem {
        var problem = Problem(JSONError(code: .unexpectedEnd, offset: 0))
        problem.detail = "The body is empty: send a JSON object."
        return problem
    }

    private init(named name: String, _ detail: String, _ pointers: [Code: String]) {
        let code = Code(rawValue: name) ?? .internalError
        if let pointer = pointers[code] {
            self.init(code, detail, at: pointer)
        } else {
            self.init(code, detail)
        }
        if code == .networkUnavailable { headers = Self.later }
    }

    private static let later: Headers = ["Retry-After": String(Limits.retrySeconds)]

    private init(_ error: CommandError, _ pointers: [Code: String]) {
        switch error {
        case .notFound(let what): self.init(.notFound, "There is no such \(what).")
        case .keyReused:
            let flaw = Flaw(
                .header("Idempotency-Key"), code: Code.idempotencyKeyReused.rawValue,
                detail: "Another request was made with it.")
            self.init(
                .idempotencyKeyReused, "This idempotency key came with another request before.",
                flaws: [flaw])
        case .quarantined:
            self.init(.quarantined, "This payment was set aside until a person has looked at it.")
        case .key(let code, let detail): self.init(named: code, detail, pointers)
        case .webhookURL(let detail): self.init(.webhookURLNotAllowed, detail, at: "/url")
        case .tooMany(let what): self.init(.limitReached, "There are too many \(what).")
        case .beyondScope: self.init(.missingScope, "A key cannot give a scope that it lacks.", at: "/scopes")
        case .sandbox(let detail): self.init(.sandboxRefused, detail)
        case .dossierBusy:
            self.init(.rateLimited, "Too many dossiers are asked for at once.", headers: Self.later)
        case .sandboxBusy:
            self.init(
                .rateLimited, "Too much is asked of the sandbox at once. Nothing was done.",
                headers: Self.later)
        }
    }

    private init(availability: Availability) {
        switch availability {
        case .retry: self.init(.unavailable, "Try again in a moment. Nothing was done.", headers: Self.later)
        case .unknownOutcome:
            self.init(
                .outcomeUnknown,
                "It may or may not have been done. The same request with the same idempotency key finds out.",
                headers: Self.later)
        case .failed: self.init(.internalError, "Something went wrong here. It was written down.")
        }
    }
}
