import Crypto
import Domain
import Engine
import HTTP
import JSON
import Platform

/// One row of the API: a method and a path, who may use it, and what it does.
struct Operation: Sendable {
    /// `payments.create`: the name in logs, metrics and records.
    let name: String
    let method: HTTP.Method
    let pattern: String
    /// Nil: every key may.
    let scope: Scope?
    let idempotency: Idempotency
    let isForTestKeysOnly: Bool
    /// Where in the body the subject of each refusal stands.
    let pointers: [Problem.Code: String]
    let run: @Sendable (Call) async throws -> Response

    /// What the operation does with an `Idempotency-Key`.
    enum Idempotency: Sendable {
        /// It changes nothing, or the same twice is the same as once.
        case ignored
        /// Honoured where it is given.
        case optional
        /// Money or messages move: nobody should do that twice by accident.
        case required
    }

    init(
        _ name: String, _ method: HTTP.Method, _ pattern: String, scope: Scope?,
        idempotency: Idempotency = .ignored, isForTestKeysOnly: Bool = false,
        pointers: [Problem.Code: String] = [:], run: @escaping @Sendable (Call) async throws -> Response
    ) {
        self.name = name
        self.method = method
        self.pattern = pattern
        self.scope = scope
        self.idempotency = idempotency
        self.isForTestKeysOnly = isForTestKeysOnly
        self.pointers = pointers
        self.run = run
    }
}

/// One request of a caller that may make it.
struct Call: Sendable {
    let gateway: Gateway
    let operation: Operation
    let request: Request
    let caller: Caller
    let requestID: String
    let key: IdempotencyKey?

    /// What the log says made it happen.
    var cause: String { "request \(requestID)" }

    /// The identity in the path. One of another form names nothing: 404.
    func id<Kind: Identified>(_ what: String, in name: String = "id") throws -> ID<Kind> {
        guard let id = ID<Kind>(parsing: request.parameters[name]) else { throw CommandError.notFound(what) }
        return id
    }

    /// The body as a form to read. Throws 415 for another media type, 413, and what is wrong with the JSON.
    func form() throws -> JSONForm {
        guard request.mediaType == "application/json" else {
            throw Problem(
                .unsupportedMediaType, "The body must be JSON, with Content-Type: application/json.")
        }
        guard request.body.count <= Limits.bodyBytes else {
            throw Problem(.bodyTooLarge, "The body is larger than \(Limits.bodyBytes) bytes.")
        }
        guard !request.body.isEmpty else { throw Problem.emptyBody }
        let limits = JSONLimits(bytes: Limits.bodyBytes, depth: Limits.bodyDepth)
        return try JSONForm(try JSON.parse(request.body, limits: limits))
    }

    /// As `form()`, for operations whose members are all optional: no body is an empty object.
    func optionalForm() throws -> JSONForm {
        request.body.isEmpty ? try JSONForm(.object(JSONObject())) : try form()
    }

    /// For operations that take nothing: no body, or an empty object.
    func takesNothing() throws {
        var form = try optionalForm()
        try form.finish()
    }

    /// The answer to a command, made inside the command's own transaction. One with a secret is kept sealed.
    func answering<Result>(
        _ status: Status = .ok, isSecret: Bool = false, location: (@Sendable (Result) -> String)? = nil,
        _ write: @escaping @Sendable (Result, inout JSONWriter) -> Void
    ) -> Answering<Result> {
        Answering(key: key) { result in
            var writer = JSONWriter(reservingBytes: 2_048)
            writer.object { write(result, &$0) }
            let headers = location.map { [Reply.Header("Location", $0(result))] } ?? []
            var reply = Reply(status: status.code, headers: headers, body: writer.bytes)
            reply.isSecret = isSecret
            return reply
        }
    }
}

extension Response {
    /// The answer to a command.
    init(_ reply: Reply) {
        var headers = Headers()
        for header in reply.headers { headers.add(header.name, header.value) }
        if reply.isReplayed { headers["Idempotency-Replayed"] = "true" }
        self = .json(Status(reply.status), reply.body, headers: headers)
    }

    /// One object.
    static func object(_ write: (inout JSONWriter) -> Void) -> Response {
        var writer = JSONWriter(reservingBytes: 2_048)
        writer.object(write)
        return .json(writer.bytes)
    }

    /// A list that has only one part.
    static func list<Item: Sendable>(_ items: [Item], _ write: (Item, inout JSONWriter) -> Void) -> Response {
        list(ListPart(items: items, hasMore: false), next: nil) { item, writer in
            writer.object { write(item, &$0) }
        }
    }

    /// One part of a list, newest first. `next` is what to give as `after`, or as `before` if that was
    /// given, for the part behind it.
    static func list<Item: Sendable>(
        _ part: ListPart<Item>, _ write: (Item, inout JSONWriter) -> Void
    ) -> Response {
        list(part, next: part.hasMore ? part.edge : nil) { item, writer in
            writer.object { write(item, &$0) }
        }
    }

    /// One part of a list, whose elements `write` writes whole.
    static func list<Item: Sendable>(
        _ part: ListPart<Item>, next: String?, _ write: (Item, inout JSONWriter) -> Void
    ) -> Response {
        object { writer in
            writer.member("object", "list")
            writer.array("data") { writer in
                for item in part.items { write(item, &writer) }
            }
            writer.member("has_more", part.hasMore)
            writer.member("next", next)
        }
    }
}
