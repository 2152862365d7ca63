import HTTP
import JSON
import Platform
import Testing

@testable import quittance

@Suite("Before there is a gateway")
struct DoorTests {
    @Test("Everybody is told that it starts, and when to come back", arguments: ["/v1/payments", "/readyz", "/metrics"])
    func starting(path: String) async throws {
        let answer = await Door(.silent).answer(Request(method: .get, path: path))
        #expect(answer.status.code == 503)
        #expect(answer.headers["Retry-After"] == "1")
        #expect(answer.headers["Content-Type"] == "application/problem+json")
        let problem = try JSON.parse(answer.bytes ?? [])
        #expect(problem["code"] == "starting")
        #expect(problem["detail"] == "The gateway is starting. Nothing was done.")
    }

    @Test("It answers from the moment that it has its port, and lives for whoever asks just that")
    func bound() async throws {
        var configuration = Configuration(data: "/nowhere")
        configuration.port = 0
        let reception = try Reception(configuration, .silent)
        let client = Client(.trusted)
        func ask(_ path: String) async throws -> ClientResponse {
            try await client.send(
                ClientRequest(.get, try URL(parsing: "http://127.0.0.1:\(reception.port)\(path)")))
        }
        let starting = try await ask("/v1/payments")
        #expect(starting.status == .serviceUnavailable && starting.headers["retry-after"] == "1")
        let lives = try await ask("/healthz")
        #expect(lives.status == .ok)
        await reception.close()
    }
}
