import Domain
import Engine
import Foundation
import HTTP
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import quittance

@Suite(
    "What a running gateway measures",
    .enabled(if: Files.exists("/usr/bin/promtool"), "there is no promtool"), .timeLimit(.minutes(15)))
struct MetricsTests {
    @Test("promtool takes all of it, and every figure that the pages name is there")
    func exposition() async throws {
        let folder = try TemporaryFolder()
        var configuration = Configuration(data: folder.file("data"))
        configuration.port = 0
        configuration.allowsLoopbackWebhooks = true
        let running = try await Running.start(configuration, log: .silent)
        let hook = try Hook()
        let before = try await figures(running, folder)
        #expect(try Self.named().subtracting(before.keys) == [], "they are there before anything has happened")
        try await Self.live(running, hook)
        try await until {
            try await figures(running, folder)["quittance_network_height"]?.contains { !$0.hasSuffix(" 0") } == true
        }
        let after = try await figures(running, folder)
        for (name, labels) in [
            ("quittance_webhook_attempts_total", "delivered"), ("quittance_api_refusals_total", "invalid_fields"),
            ("quittance_http_refusals_total", "method_unknown"), ("quittance_http_requests_total", "readyz"),
            ("quittance_http_request_seconds_count", "payments"), ("quittance_network_height", "sandbox"),
            ("quittance_resident_running", "deliver"),
        ] {
            let samples = after[name] ?? []
            #expect(samples.contains { $0.contains(labels) && !$0.hasSuffix(" 0") }, "\(name): \(samples)")
        }
        await hook.close()
        try await running.stop()
    }

    /// One of each: a payment, a refused request, nonsense, a webhook.
    private static func live(_ running: Running, _ hook: Hook) async throws {
        let gateway = running.instance.gateway
        let merchant = try await gateway.createMerchant(name: "Shop", cause: "test")
        let key = try await gateway.createKey(
            merchant: merchant.id, name: "a", scopes: [.admin], isTest: true, by: .operatorAtMachine, cause: "test")
        let api = APIClient(url: running.url, key: key.text)
        try await api.post("/v1/webhook-endpoints", ["url": .string(hook.url)])
        try await api.post(
            "/v1/payments",
            ["merchant_order_id": "1", "amount": "1.00", "currency": "EUR", "asset": "SBX", "network": "sandbox"])
        try await api.post("/v1/sandbox/mine")
        let refused = try await api.raw(
            .post, running.url + "/v1/payments", body: Array("{}".utf8), type: "application/json")
        #expect(refused.status.code == 422)
        let port = try #require(Int(running.url.split(separator: ":").last ?? ""))
        _ = try await RawSocket.exchange(port: port, "no request at all\r\n\r\n")
        _ = try await api.raw(.get, running.url + "/readyz")
        try await until { !hook.all.isEmpty }
        try await until { try await deliveries(api) == ["delivered"] }
    }

    private static func deliveries(_ api: APIClient) async throws -> Set<String> {
        let endpoint = try await api.get("/v1/webhook-endpoints")["data"]?[0]?["id"]?.asString ?? ""
        let list = try await api.get("/v1/webhook-endpoints/\(endpoint)/deliveries")["data"]?.asArray ?? []
        return Set(list.compactMap { $0["state"]?.asString })
    }

    /// What `/metrics` says, and promtool has nothing to say about: lines by the name of their figure.
    private func figures(_ running: Running, _ folder: TemporaryFolder) async throws -> [String: [String]] {
        let answer = try await Client(.trusted).send(
            ClientRequest(.get, try HTTP.URL(parsing: running.url + "/metrics")))
        try #require(answer.status.code == 200)
        let file = folder.file("metrics")
        try Files.write(answer.body, to: file)
        let judged = try await ChildProcess.run(
            "/usr/bin/promtool", ["check", "metrics"], input: .file(file), errors: .output)
        #expect(judged.code == 0 && judged.output.isEmpty, "\(judged.output)")
        let lines = String(decoding: answer.body, as: UTF8.self).split(separator: "\n").map(String.init)
        let typed = lines.filter { $0.hasPrefix("# TYPE ") }.map { ($0.split(separator: " ")[2], "") }
        let samples = lines.filter { !$0.hasPrefix("#") }.map { ($0.prefix { $0 != "{" && $0 != " " }, $0) }
        return Dictionary(grouping: typed + samples) { String($0.0) }.mapValues { $0.map(\.1).filter { !$0.isEmpty } }
    }

    /// The figures that docs/OPERATING.md tells operators to watch.
    private static func named() throws -> Set<String> {
        let root = Foundation.URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let page = root.appendingPathComponent("../../docs/OPERATING.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let words = text.split { !($0.isLetter || $0.isNumber || $0 == "_") }
        let names = Set(words.filter { $0.hasPrefix("quittance_") }.map(String.init))
        try #require(names.count > 5)
        return names
    }
}
