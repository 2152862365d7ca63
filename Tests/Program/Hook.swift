import HTTP
import JSON
import Platform

/// A merchant's server that takes every webhook and notes it.
final class Hook: Sendable {
    /// One webhook as it came.
    struct Told: Hashable, Sendable {
        let id: String
        let type: String
        let body: [UInt8]
    }

    /// Where it listens.
    let url: String
    private let told: Lock<[Told]>
    private let serving: Task<Void, Never>

    init() throws {
        var configuration = Server.Configuration()
        configuration.port = 0
        configuration.loops = 1
        let told = Lock<[Told]>([])
        let server = try Server(configuration: configuration) { request in
            let type = try JSON.parse(request.body)["type"]?.asString ?? "?"
            let id = request.headers["webhook-id"] ?? "?"
            told.withLock { $0.append(Told(id: id, type: type, body: request.body)) }
            return Response(.noContent)
        }
        self.told = told
        url = "http://127.0.0.1:\(server.port)/hook"
        serving = Task { await server.run() }
    }

    var all: [Told] { told.withLock { $0 } }

    func close() async {
        serving.cancel()
        await serving.value
    }
}

/// Looks again until it is so. A test that waits for ever is ended by its time limit.
func until(_ isSo: () async throws -> Bool) async throws {
    while try await !isSo() { try await Task.sleep(for: .milliseconds(20)) }
}
