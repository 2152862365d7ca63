import Crypto
import Domain
package import Engine
package import HTTP
import JSON
import Platform

/// The programming interface for merchants' servers, `/v1`. See docs/API.md.
///
/// Each request is checked in one order, and the first objection is the answer: key (401, or 429 where too
/// many wrong ones came from), rate (429), scope (403), idempotency key (400), form (400, 413, 415, 422),
/// rules (404, 409, 422).
package struct API: Sendable {
    /// The largest body that any route of this module takes: a server may refuse a larger one unread.
    package static let bodyBytes = Limits.bodyBytes

    let gateway: Gateway
    private let limiter: RateLimiter<ID<APIKey>>?
    private let players: SandboxQuota
    private let strangers: RateLimiter<IPAddress>
    /// What is refused to a key, as far as it is recorded, and how many more were since the last record.
    private let recorded: RateLimiter<ID<APIKey>>
    private let unrecorded = Lock<[ID<APIKey>: Int]>([:])

    /// - Parameters:
    ///   - players: what is done to the sandbox, here and on the pages.
    ///   - rateLimit: for each key; nil for none, nor for the sandbox, as for a benchmark.
    ///   - wrongKeys: for each address that presents keys that are none.
    ///   - recordedRefusals: of each key; more are counted, and the next record says how many.
    package init(
        gateway: Gateway, players: SandboxQuota, rateLimit: RateLimit? = .standard,
        wrongKeys: RateLimit = .wrongKeys, recordedRefusals: RateLimit = .recordedRefusals
    ) {
        self.gateway = gateway
        limiter = rateLimit.map { RateLimiter($0, clock: gateway.world.clock) }
        self.players = players
        strangers = RateLimiter(wrongKeys, clock: gateway.world.clock)
        recorded = RateLimiter(recordedRefusals, clock: gateway.world.clock)
    }

    /// Everything that the API can do.
    static let operations: [Operation] =
        payments + exceptions + history + endpoints + configuration + sandbox

    /// The routes of the API.
    package var router: Router {
        var router = Router()
        for operation in Self.operations {
            router.add(operation.method, operation.pattern, name: operation.name) { request in
                await answer(operation, request)
            }
        }
        return router
    }

    /// Runs one operation, and answers with a problem where it cannot be.
    private func answer(_ operation: Operation, _ request: Request) async -> Response {
        let requestID = request.id
        var caller: Caller?
        var headers = Headers()
        do {
            let known = try await authenticate(request)
            caller = known
            try limit(known, operation, &headers)
            var response = try await operation.run(try call(operation, request, known, requestID))
            for (name, value) in headers { response.headers.add(name, value) }
            return response
        } catch {
            let problem = Problem(error, pointers: operation.pointers)
            if problem.code == .internalError {
                gateway.world.log.error("request failed \("operation", operation.name) \("error", error)")
            }
            await record(problem, operation, caller, requestID)
            var response = problem.response(requestID: requestID)
            for (name, value) in headers { response.headers.add(name, value) }
            return response
        }
    }

    private func authenticate(_ request: Request) async throws -> Caller {
        if let text = Self.bearer(request.headers) {
            if let caller = try await gateway.caller(presenting: text) { return caller }
            try limit(strangerAt: request.peer)
        }
        throw Problem(
            .unauthorized, "Send a valid API key: Authorization: Bearer qk_live_… or qk_test_….",
            headers: ["WWW-Authenticate": "Bearer realm=\"quittance\""])
    }

    /// Counts a key that is none where it came from. A key that is one never comes here: whoever shares an
    /// address with a guesser is not in its way.
    private func limit(strangerAt peer: Peer) throws {
        guard let address = IPAddress(peer.address) else { return }
        let verdict = strangers.take(address.subscriber)
        guard !verdict.isAllowed else { return }
        throw Problem(
            .rateLimited,
            "Too many keys that are none came from this address. Wait as long as Retry-After says.",
            headers: ["Retry-After": String(verdict.seconds)])
    }

    /// The credential of an `Authorization` field (RFC 6750, 2.1); nil for another scheme or form.
    static func bearer(_ headers: Headers) -> String? {
        let values = headers.values("authorization")
        guard values.count == 1, values[0].utf8.count <= Limits.credentialBytes else { return nil }
        // Bytes, not characters: every request passes here.
        var text = values[0].utf8[...]
        for letter in "bearer ".utf8 {
            guard let byte = text.popFirst(), byte == letter || byte == letter ^ 0x20 && letter != 0x20 else {
                return nil
            }
        }
        guard text.starts(with: "qk_live_".utf8) || text.starts(with: "qk_test_".utf8),
            !text.contains(UInt8(ascii: " "))
        else { return nil }
        return String(Substring(text))
    }

    private func limit(_ caller: Caller, _ operation: Operation, _ headers: inout Headers) throws {
        guard let limiter else { return }
        let verdict = limiter.take(caller.key)
        verdict.write(limiter.limit, into: &headers)
        guard verdict.isAllowed else {
            throw Problem(
                .rateLimited, "This key has used up its requests. Wait as long as Retry-After says.",
                headers: ["Retry-After": String(verdict.seconds)])
        }
        guard operation.isForTestKeysOnly, caller.isTest else { return }
        let play = players.take(caller.merchant)
        guard play.isAllowed else {
            throw Problem(
                .rateLimited,
                "This merchant has used up its commands to the sandbox. Wait as long as Retry-After says.",
                headers: ["Retry-After": String(play.seconds)])
        }
    }

    private func call(
        _ operation: Operation, _ request: Request, _ caller: Caller, _ requestID: String
    ) throws -> Call {
        if let scope = operation.scope,
            !caller.scopes.contains(scope.rawValue), !caller.scopes.contains(Scope.admin.rawValue)
        {
            throw Problem(.missingScope, "This key lacks the scope \(scope.rawValue).")
        }
        if operation.isForTestKeysOnly, !caller.isTest {
            throw Problem(.testKeyRequired, "The sandbox takes test keys only.")
        }
        let key = try Self.idempotencyKey(operation, request, caller)
        if operation.method == .get, !request.body.isEmpty {
            throw Problem(.unexpectedBody, "This request takes no body.")
        }
        if operation.method != .get {
            var query = QueryForm(request.query)
            try query.finish()
        }
        return Call(
            gateway: gateway, operation: operation, request: request, caller: caller, requestID: requestID,
            key: key)
    }

    /// Records what an authenticated caller was refused. Requests that nobody can be named for, or that
    /// come too fast or too often, are only counted: they must not make the log grow.
    private func record(
        _ problem: Problem, _ operation: Operation, _ caller: Caller?, _ requestID: String
    ) async {
        gateway.world.metrics.refusals.add(1, problem.code.rawValue)
        guard let caller, operation.method != .get, problem.code != .rateLimited,
            (400...499).contains(problem.code.status.code)
        else { return }
        guard recorded.take(caller.key).isAllowed else {
            return unrecorded.withLock { $0[caller.key, default: 0] += 1 }
        }
        do {
            try await gateway.recordRefusal(
                caller, operation: operation.name, code: problem.code.rawValue,
                pointers: problem.flaws.map(\.recorded),
                unrecorded: unrecorded.withLock { $0.removeValue(forKey: caller.key) } ?? 0,
                cause: "request \(requestID)")
        } catch {
            gateway.world.log.warning(
                "a refusal was not recorded \("operation", operation.name) \("error", error)")
        }
    }
}

extension IPAddress {
    /// Whom the address belongs to, as far as it says: a subscriber has all of an IPv6 network of 64 bits.
    fileprivate var subscriber: IPAddress {
        switch self {
        case .v4: self
        case .v6(let bits): .v6((bits >> Limits.subscriberBits) << Limits.subscriberBits)
        }
    }
}

extension Metrics {
    var refusals: Counter {
        counter("quittance_api_refusals_total", help: "Requests that were not carried out.", labels: ["code"])
    }
}
