import Database
import Engine
import Foundation
import Platform
import TestKit
import Testing

@testable import quittance

@Suite("A gateway that cannot go on ends, and whoever watches over it knows", .timeLimit(.minutes(5)))
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

    @Test(
        "The documented unit is one that systemd takes, with little left to the process",
        .enabled(if: Files.exists("/usr/bin/systemd-analyze"), "there is no systemd-analyze"))
    func unit() async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
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
