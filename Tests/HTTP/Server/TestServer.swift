import HTTP
import Platform

/// A server on a free port with a few routes, for the length of a test.
enum TestServer {
    /// Where the handlers of one test tell what happened to them.
    final class Journal: Sendable {
        private let entries = Lock<[String]>([])

        func note(_ entry: String) { entries.withLock { $0.append(entry) } }
        var all: [String] { entries.withLock { $0 } }

        /// Waits until `entry` was noted, looking again every few milliseconds.
        func wait(for entry: String) async throws {
            while !all.contains(entry) { try await Task.sleep(for: .milliseconds(2)) }
        }
    }

    /// Runs `body` against a server and drains it afterwards.
    static func with<Result: Sendable>(
        router: Router = routes(Journal()), _ configure: (inout Server.Configuration) -> Void = { _ in },
        _ body: (Server) async throws -> Result
    ) async throws -> Result {
        var configuration = Server.Configuration()
        configuration.port = 0
        configuration.loops = 2
        configuration.limits.sweep = 10
        configuration.limits.drain = 5_000
        configure(&configuration)
        let server = try Server(configuration: configuration) { try await router.respond(to: $0) }
        let serving = Task { await server.run() }
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(server))
        } catch {
            result = .failure(error)
        }
        serving.cancel()
        await serving.value
        return try result.get()
    }

    struct Deliberate: Error {}

    static func routes(_ journal: Journal) -> Router {
        var router = Router()
        router.get("/health") { _ in .text("ok") }
        router.get("/async") { _ in
            try await Task.sleep(for: .milliseconds(5))
            return .text("late")
        }
        router.post("/echo") { .json($0.body) }
        router.post("/health") { _ in .text("posted") }
        router.get("/peer") { .text("\($0.peer.address) \($0.peer.isSecure) \($0.host)") }
        router.get("/segment/{text}") { .text($0.parameters["text"]) }
        router.get("/query") { request in
            .text(request.query.pairs.map { "\($0.name)=\($0.value)" }.joined(separator: "&"))
        }
        router.get("/throw") { _ in throw Deliberate() }
        router.get("/empty") { _ in Response(.noContent) }
        router.get("/large") { _ in Response(type: "text/plain", body: [UInt8](repeating: 0x61, count: 8_000_000)) }
        router.get("/hang") { request in
            journal.note("began")
            do {
                try await Task.sleep(for: .seconds(600))
            } catch {
                journal.note("cancelled")
                throw error
            }
            return .text("never")
        }
        return router
    }
}
