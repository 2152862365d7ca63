import Foundation
import Platform
import TestKit
import Testing

/// What is measured is for quiet machines and release builds (docs/BENCHMARKS.md). That it can be measured is seen
/// here: the bench speaks to the API, the engine and the store by hand, and would break with them unseen.
@Suite("The bench", .timeLimit(.minutes(15)))
struct BenchTests {
    /// What begins each line that it promises, title by title.
    private static let rows: [(title: String, lines: [String])] = [
        ("disk", ["write of 4 KiB and fdatasync"]),
        (
            "durable POST /v1/payments against inserting the same rows",
            ["rows of one payment", "inserted one commit after the other"]
                + [1, 16, 64].flatMap { count in
                    ["inserted, \(count) at a time", "Gateway.open, \(count) at a time", "POST, \(count) connections"]
                }
        ),
        (
            "GET /v1/payments/{id} against a bare server's hello",
            [1, 16, 64].flatMap { count in
                [
                    "hello, \(count) connections", "hot, 20 polled, \(count) connections",
                    "cold, 20 in turn, \(count) connections",
                ]
            }
        ),
        ("webhook deliveries to a local receiver", ["bare client", "deliveries: leased, signed twice, sent, stored"]),
        (
            "20 stored payments",
            [
                "memory idle, none stored", "stored 20", "POST, 64 connections, none stored",
                "POST, 64 connections, all stored", "change of the median", "memory idle, all stored",
                "memory after a load",
            ]
        ),
        (
            "blocks of 4,000 transactions against ",
            [
                "parse and check", "turn into outputs and inputs", "absorb: match, decide, commit",
                "  of which looking scripts up, alone", "together, medians",
            ]
        ),
    ]

    @Test("prints every row that it promises, and leaves nothing behind")
    func complete() async throws {
        let folder = try TemporaryFolder()
        let program = try #require(Environment.program)
        let path = "/" + program.split(separator: "/").dropLast().joined(separator: "/") + "/bench"
        // No figure is looked at, so all other tests may go first.
        let ended = try await ChildProcess.run(
            "/usr/bin/nice", ["-n", "19", path, "--stored", "20", "--seconds", "1", "--folder", folder.path],
            errors: .output)
        #expect(ended.code == 0, "\(ended.output)")
        let lines = ended.output.split(separator: "\n").map(String.init)
        var next = lines.startIndex
        for row in Self.rows {
            let title = lines[next...].firstIndex { $0.hasPrefix(row.title) }
            guard let title else {
                Issue.record("no “\(row.title)” in \(ended.output)")
                continue
            }
            next = title + 1
            let under = lines[next...].prefix { $0.hasPrefix("  ") }
            for line in row.lines {
                #expect(under.contains { $0.hasPrefix("  \(line)") }, "no “\(line)” in \(ended.output)")
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test("says how it is used where the words make no sense")
    func usage() async throws {
        let program = try #require(Environment.program)
        let path = "/" + program.split(separator: "/").dropLast().joined(separator: "/") + "/bench"
        let ended = try await ChildProcess.run(path, ["--seconds", "0"], errors: .output)
        #expect(ended.output.hasPrefix("usage: bench "))
        for word in ["--stored", "--seconds", "--folder", "disk", "create", "get", "webhooks", "scan", "flat"] {
            #expect(ended.output.contains(word))
        }
    }
}
