import Chains
import Domain
import HTTP
import Platform
import Storage
import TestKit

@testable import Engine

/// A merchant's server on this machine: real sockets, told what to answer.
final class Receiver: Sendable {
    /// One delivery as it came.
    struct Delivered: Hashable, Sendable {
        let id: String
        let timestamp: String
        let signature: String
        let body: [UInt8]
    }

    private let got = Lock<[Delivered]>([])
    private let arrivals: AsyncStream<Int>
    private let arrived: AsyncStream<Int>.Continuation
    private let answer: @Sendable (Int, String) async -> Response

    /// `answer` gets the number of the request, from 0.
    convenience init(_ answer: @escaping @Sendable (Int) async -> Response) {
        self.init { number, _ in await answer(number) }
    }

    /// `answer` gets the number of the request, from 0, and its path.
    init(_ answer: @escaping @Sendable (Int, String) async -> Response) {
        (arrivals, arrived) = AsyncStream.makeStream(of: Int.self)
        self.answer = answer
    }

    var all: [Delivered] { got.withLock { $0 } }

    /// Waits until so many requests have come.
    func until(_ count: Int) async {
        for await number in arrivals where number >= count { return }
    }

    private func take(_ request: Request) async -> Response {
        let delivered = Delivered(
            id: request.headers["webhook-id"] ?? "",
            timestamp: request.headers["webhook-timestamp"] ?? "",
            signature: request.headers["webhook-signature"] ?? "", body: request.body)
        let number = got.withLock { got in
            got.append(delivered)
            return got.count
        }
        arrived.yield(number)
        return await answer(number - 1, request.path)
    }

    /// Serves while `body` runs, which gets the address.
    func serving<T>(_ body: (String) async throws -> T) async throws -> T {
        var configuration = Server.Configuration()
        configuration.port = 0
        configuration.loops = 1
        // Who hangs here hangs on: it is the sender whose patience ends.
        configuration.limits.handler = 3_600_000
        let server = try Server(configuration: configuration) { [self] in await take($0) }
        let serving = Task { await server.run() }
        do {
            let result = try await body("http://127.0.0.1:\(server.port)/hook")
            serving.cancel()
            await serving.value
            return result
        } catch {
            serving.cancel()
            await serving.value
            throw error
        }
    }
}

/// An endpoint with its secret.
struct MadeEndpoint: Sendable {
    let id: ID<Domain.Endpoint>
    let secret: String
}

extension House {
    /// A house whose webhooks may go to this machine.
    static func withWebhooks() async throws -> House {
        try await House { $0.allowsLoopbackWebhooks = true }
    }

    func endpoint(_ url: String, of other: Caller? = nil) async throws -> MadeEndpoint {
        let reply = try await gateway.createEndpoint(
            NewEndpoint(url: url), by: other ?? caller, cause: "test", Self.secretAnswer)
        return try Self.made(reply)
    }

    func rotate(_ id: ID<Domain.Endpoint>) async throws -> MadeEndpoint {
        try Self.made(
            try await gateway.rotateSecret(of: id, by: caller, cause: "test", Self.secretAnswer))
    }

    private static let secretAnswer = Answering<(endpoint: StoredEndpoint, secret: String)>(key: nil) {
        Reply(status: 200, body: Array("\($0.endpoint.id) \($0.secret)".utf8))
    }

    private static func made(_ reply: Reply) throws -> MadeEndpoint {
        let parts = String(decoding: reply.body, as: UTF8.self).split(separator: " ").map(String.init)
        guard parts.count == 2, let id = ID<Domain.Endpoint>(parsing: parts[0]) else {
            throw TestKitError("no endpoint was made")
        }
        return MadeEndpoint(id: id, secret: parts[1])
    }

    /// Sends a test event to an endpoint.
    func ping(_ endpoint: MadeEndpoint, of other: Caller? = nil) async throws {
        _ = try await gateway.testEndpoint(
            endpoint.id, by: other ?? caller, cause: "test",
            Answering(key: nil) { _ in Reply(status: 200, body: []) })
    }

    func deliveries(to endpoint: MadeEndpoint) async throws -> [StoredDelivery] {
        try await store.read {
            try $0.deliveries(of: endpoint.id, state: nil, PageRequest(limit: 1_000)).items
        }
    }

    func attempts(of delivery: StoredDelivery) async throws -> [Attempt] {
        try await store.read { try $0.attempts(of: delivery.id) }
    }
}
