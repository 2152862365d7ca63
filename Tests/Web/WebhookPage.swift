import Crypto
import Foundation
import Platform
import Testing

private enum Python {
    static let path = "/usr/bin/python3"
    static let isHere = FileManager.default.isExecutableFile(atPath: path)
}

@Suite("The page on receiving webhooks", .enabled(if: Python.isHere, "skipped: there is no python3 here"))
struct WebhookPage {
    /// The page's own code, and a main part that reads one request from its arguments.
    private static func program() throws -> String {
        let path = "\(#filePath)".replacing("/Tests/Web/WebhookPage.swift", with: "/docs/WEBHOOKS.md")
        let page = try String(contentsOfFile: path, encoding: .utf8)
        let code = page.components(separatedBy: "```python\n").dropFirst().joined()
        return (code.components(separatedBy: "```").first ?? "") + """

            import sys
            _, id, stamp, signature, body, secret, now = sys.argv
            headers = {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature}
            print(event(headers, body.encode(), secret, int(now))["type"])
            """
    }

    @Test("Its code takes what the gateway signs, during a rotation too, and nothing else", arguments: [
        ("as sent", "evt_1", #"{"type":"payment.paid"}"#, 0, true),
        ("nearly five minutes later", "evt_1", #"{"type":"payment.paid"}"#, 299, true),
        ("much later", "evt_1", #"{"type":"payment.paid"}"#, 301, false),
        ("from the future", "evt_1", #"{"type":"payment.paid"}"#, -301, false),
        ("with another body", "evt_1", #"{"type":"payment.paid" }"#, 0, false),
        ("under another name", "evt_2", #"{"type":"payment.paid"}"#, 0, false),
    ])
    func code(what: String, id: String, body: String, late: Int64, isTaken: Bool) async throws {
        let old = try WebhookSigningKey(parsing: "whsec_" + Data(repeating: 1, count: 32).base64EncodedString())
        let new = try WebhookSigningKey(parsing: "whsec_" + Data(repeating: 2, count: 32).base64EncodedString())
        let pair = try #require(Ed25519.KeyPair(seed: Secret([UInt8](repeating: 9, count: 32))))
        let stamp: Int64 = 1_767_225_600
        let signature = WebhookSignature.header(
            id: "evt_1", timestamp: stamp, body: Array(#"{"type":"payment.paid"}"#.utf8),
            keys: [new, old, .asymmetric(pair)])
        for key in [old, new] {
            let ended = try await ChildProcess.run(
                Python.path,
                ["-c", Self.program(), id, String(stamp), signature, body, key.exposedText, String(stamp + late)],
                errors: .nothing)
            #expect((ended.code == 0) == isTaken, "\(what)")
            #expect(ended.output == (isTaken ? "payment.paid" : ""))
        }
    }
}
