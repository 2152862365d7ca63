import Database
import Engine
import Foundation
import HTTP
import JSON
import Platform
import TestKit
import Testing

@testable import quittance

@Suite("A gateway that cannot go on ends, and whoever watches over it knows", .timeLimit(.minutes(15)))
struct EndingTests {
    @Test("A loop that meets damaged data ends the process with 3 and a last line that says why")
    func damage() async throws {
        let folder = try TemporaryFolder()
        try await Instance.with(Configuration(data: folder.path)) { _ in }
        let database = try await Database.open(.sqlite(folder.file("quittance.db")), readers: 1)
        let rows = try await database.write {
            try $0.execute("INSERT INTO deleted_endpoint (id) VALUES (x'00')")
        }
        await database.close()
        #expect(rows > 0)
        let program = try #require(Environment.program)
        let path = "/" + program.split(separator: "/").dropLast().joined(separator: "/") + "/quittance"
        let ended = try await ChildProcess.run(
            path, ["serve", "--listen", "127.0.0.1:0", "--data", folder.path], errors: .output)
        #expect(ended.code == Ending.worldFailed.rawValue, "\(ended.output)")
        let log = ended.output.split(separator: "\n").filter { $0.hasPrefix("{") }
        #expect(log.contains { $0.contains("is stopped for good") }, "\(ended.output)")
        #expect(log.last?.contains("\"level\":\"error\"") == true)
        #expect(log.last?.contains("this process ends") == true, "\(ended.output)")
        #expect(try Control.names(in: folder.path).isEmpty, "its door is closed")
    }

    @Test("Asked to end in the middle of a request, it takes the rest, answers, and keeps what it answered")
    func drained() async throws {
        let folder = try TemporaryFolder()
        func run(_ words: String...) async -> String {
            let said = Lines()
            #expect(await Quittance.run(words + ["--data", folder.path], said.terminal()) == .good)
            return said.output
        }
        _ = await run("merchant", "create", "--name", "Shop")
        let key = await run("key", "create")
        let part = try await Part("api,watch,deliver", data: folder.path, [:])
        let port = Int(try HTTP.URL(parsing: part.url).port)
        let body = Array(
            #"{"merchant_order_id":"1","amount":"10.00","currency":"EUR","asset":"SBX","network":"sandbox"}"#.utf8)
        let head = """
            POST /v1/payments HTTP/1.1\r
            Host: 127.0.0.1\r
            Authorization: Bearer \(key)\r
            Content-Type: application/json\r
            Content-Length: \(body.count)\r
            Expect: 100-continue\r
            \r

            """
        let worker = Worker(threads: 1)
        let connection = try await worker.run {
            let connection = try RawClientConnection(port: port)
            try connection.send(Array(head.utf8))
            // From here on the request is under way.
            #expect(try connection.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100 "))
            try connection.send(Array(body.prefix(20)))
            return connection
        }
        part.process.terminate()
        // It has heard of it once nobody new is taken.
        let deadline = SystemClock().uptime + 60_000
        while SystemClock().uptime < deadline {
            let isTaken = try await worker.run { (try? RawClientConnection(port: port)) != nil }
            if !isTaken { break }
            try await SystemClock().sleep(milliseconds: 5)
        }
        let answer = try await worker.run {
            try connection.send(Array(body.dropFirst(20)))
            return try connection.receive()
        }
        #expect(answer.hasPrefix("HTTP/1.1 201 "), "\(answer)")
        #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
        #expect(await part.process.ended() == 0)

        let made = try JSON.parse(text: String(answer.split(separator: "\r\n\r\n", maxSplits: 1).last ?? ""))
        let id = try #require(made["id"]?.asString)
        let next = try await Part("api,watch,deliver", data: folder.path, [:])
        let kept = try await Client(.trusted).send(
            ClientRequest(
                .get, try HTTP.URL(parsing: next.url + "/v1/payments/\(id)"),
                headers: ["Authorization": "Bearer \(key)"]))
        #expect(try JSON.parse(kept.body)["address"] == made["address"])
        #expect(await next.stop() == 0)
    }

    @Test(
        "The documented unit is one that systemd takes, with little left to the process",
        .enabled(if: Files.exists("/usr/bin/systemd-analyze"), "there is no systemd-analyze"))
    func unit() async throws {
        let root = Foundation.URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
        let text = try String(contentsOf: root.appendingPathComponent("docs/quittance.service"), encoding: .utf8)
        // It would hide /proc/sys, by which a process knows its predecessor (`Instance.nameWatch`).
        #expect(!text.contains("ProcSubset"))
        let folder = try TemporaryFolder()
        let file = folder.file("quittance.service")
        let here = text.replacing("/usr/local/bin/quittance", with: "/bin/true")
        try here.write(toFile: file, atomically: true, encoding: .utf8)
        let checked = try await ChildProcess.run("systemd-analyze", ["verify", "--man=no", file], errors: .output)
        #expect(!checked.output.contains("quittance.service:"), "\(checked.output)")
        let judged = try await ChildProcess.run(
            "systemd-analyze", ["security", "--offline=true", "--threshold=20", "--no-pager", file], errors: .output)
        #expect(judged.code == 0, "\(judged.output.suffix(200))")
    }
}
