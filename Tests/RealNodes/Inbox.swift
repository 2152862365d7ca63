import Crypto
import Domain
import HTTP
import Platform

/// The merchant's server: takes webhooks on this machine, and remembers them in the order in which they came.
final class Inbox: Sendable {
    /// One webhook as it came.
    struct Letter: Hashable, Sendable {
        let id: String
        let timestamp: String
        let signature: String
        let body: [UInt8]

        /// Whether one of `keys` signed it.
        func isSigned(by key: WebhookVerificationKey) -> Bool {
            let moment = try? WebhookSignature.verify(
                header: signature, id: id, timestamp: timestamp, body: body, keys: [key],
                now: Int64(timestamp) ?? 0)
            return moment != nil
        }
    }

    let url: String
    private let letters: Lock<[Letter]>
    private let serving: Task<Void, Never>

    init() throws {
        let letters = Lock<[Letter]>([])
        var configuration = Server.Configuration()
        configuration.port = 0
        configuration.loops = 1
        let server = try Server(configuration: configuration) { request in
            let letter = Letter(
                id: request.headers["webhook-id"] ?? "",
                timestamp: request.headers["webhook-timestamp"] ?? "",
                signature: request.headers["webhook-signature"] ?? "", body: request.body)
            letters.withLock { $0.append(letter) }
            return Response(.noContent)
        }
        self.letters = letters
        serving = Task { await server.run() }
        url = "http://127.0.0.1:\(server.port)/hook"
    }

    var all: [Letter] { letters.withLock { $0 } }

    func close() async {
        serving.cancel()
        await serving.value
    }
}
