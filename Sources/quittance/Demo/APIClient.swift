import HTTP
import JSON
import Platform

/// The gateway's API as any program sees it: over HTTP, with a key.
struct APIClient: Sendable {
    let url: String
    let key: String
    private let client = Client(.trusted)
    private let entropy = SystemEntropy()
    private static let timeout: Int64 = 60_000

    init(url: String, key: String) {
        self.url = url
        self.key = key
    }

    func get(_ path: String) async throws -> JSON { try await send(.get, path, nil) }

    @discardableResult
    func post(_ path: String, _ body: JSON? = nil) async throws -> JSON {
        try await send(.post, path, body)
    }

    @discardableResult
    func send(_ method: HTTP.Method, _ path: String, _ body: JSON?) async throws -> JSON {
        let response = try await raw(
            method, url + path, body: body?.encoded() ?? [], type: "application/json")
        guard response.isSuccess else {
            throw Failure(
                "\(method.rawValue) \(path) was answered \(response.status.code): "
                    + String(decoding: response.body.prefix(500), as: UTF8.self))
        }
        return response.body.isEmpty ? .null : try JSON.parse(response.body)
    }

    /// Any request, with the key only for the gateway itself.
    func raw(
        _ method: HTTP.Method, _ address: String, body: [UInt8] = [], type: String? = nil
    ) async throws -> ClientResponse {
        var headers = Headers()
        if address.hasPrefix(url) {
            headers["Authorization"] = "Bearer \(key)"
            if method != .get { headers["Idempotency-Key"] = Hex.encode(entropy.bytes(16)) }
        }
        if !body.isEmpty, let type { headers["Content-Type"] = type }
        return try await client.send(
            ClientRequest(
                method, try URL(parsing: address), headers: headers, body: body, timeout: Self.timeout))
    }

    /// Registers the shop's webhook endpoint, or points the known one to where the shop is now. Gives its
    /// identity; its secret goes into the file that the shop reads.
    func registerWebhooks(at address: String, secretFile: String) async throws -> String {
        let known = try await get("/v1/webhook-endpoints")["data"]?[0]
        if let id = known?["id"]?.asString, Files.exists(secretFile) {
            if known?["url"]?.asString != address {
                try await send(.patch, "/v1/webhook-endpoints/\(id)", ["url": .string(address)])
            }
            return id
        }
        let made = try await post(
            "/v1/webhook-endpoints", ["url": .string(address), "description": "the shop of the demo"])
        guard let id = made["id"]?.asString, let secret = made["secret"]?.asString else {
            throw Failure("the gateway made an endpoint without a secret.")
        }
        try Files.write(Array(secret.utf8), to: secretFile)
        return id
    }
}
