import Foundation
import Platform
import Testing

private let promtool = "/usr/bin/promtool"

/// The exposition as Prometheus itself reads it.
@Suite(
    "Metrics as promtool reads them",
    .enabled(if: FileManager.default.isExecutableFile(atPath: promtool), "there is no promtool"))
struct PromtoolTests {
    /// Metrics of every kind, with values and label values that would break careless text.
    private static func exposition() -> String {
        let metrics = Metrics()
        let texts = ["plain", "", "a\"b", "a\\b", "a\nb", "a\r\tb", "{a=\"b\"} 1 #", "größe €", "\u{0}\u{7F}\u{1F600}"]
        let payments = metrics.counter(
            "payments_total", help: "Payments \"opened\",\nby \\ chain.", labels: ["chain", "state"])
        for (index, text) in texts.enumerated() { payments.add(UInt64(index), text, "paid") }
        payments.add(.max, "btc", "paid")
        _ = metrics.counter("starts_total", help: "Never counted, without labels.")
        _ = metrics.counter("refusals_total", help: "Never counted, with labels.", labels: ["code"])
        let depth = metrics.gauge("queue_depth", help: "Jobs that wait.", labels: ["queue"])
        for (index, value) in [0, -2.5, 1e-300, 1e300, .infinity, -.infinity, .nan].enumerated() {
            depth.set(value, "number \(index)")
        }
        let wait = metrics.histogram("wait_seconds", help: "Waits.", labels: ["part"], buckets: [0.001, 0.1, 1, 10])
        for value in [0, 0.05, 0.1, 5, 1e9, .infinity] { wait.observe(value, texts[2]) }
        wait.observe(milliseconds: 20, texts[4])
        _ = metrics.histogram("answer_size_bytes", help: "Nothing observed.", buckets: [1, 1_024, 1_048_576])
        return metrics.exposition()
    }

    @Test("promtool takes the exposition of every kind and has nothing to say about it", arguments: [
        (exposition(), 0),
        // So that the test can fail: text that is none, and a counter whose name is against the custom.
        ("a{b=\"c} 1\n", 1), ("# HELP a A.\n# TYPE a counter\na 1\n", 3),
    ] as [(String, Int32)])
    func check(_ text: String, _ status: Int32) async throws {
        let folder = NSTemporaryDirectory() + "quittance-promtool-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try text.write(toFile: folder + "/metrics", atomically: false, encoding: .utf8)
        let outcome = try await ChildProcess.run(
            promtool, ["check", "metrics"], input: .file(folder + "/metrics"), errors: .output)
        #expect(outcome.code == status, "\(outcome.output)\n\(text)")
        #expect(outcome.output.isEmpty == (status == 0), "\(outcome.output)")
    }
}
