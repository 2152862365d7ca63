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
}
