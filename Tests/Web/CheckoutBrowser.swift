import Domain
import Engine
import Foundation
import HTTP
import JSON
import Platform
import TestKit
import Testing

@testable import Web

/// The pages in headless Chromium, against a real server with real loops behind it. `QUITTANCE_PICTURES=folder` keeps
/// a picture of every state on a phone and on a desktop, light and dark: look at them when the looks change.
@Suite("The checkout in a browser", .enabled(if: Browser.isHere, "skipped: there is no chromium or python3 here"))
struct CheckoutBrowser {
    @Test("shows every state well, and a customer pays without loading the page again", .timeLimit(.minutes(15)))
    func customer() async throws {
        let world = try await CheckoutWorld(clock: SystemClock(), entropy: SystemEntropy())
        var configuration = Server.Configuration()
        configuration.port = 0
        configuration.loops = 1
        // Each state in a world of its own, where nothing moves; what is to move is in the first.
        var pages: [(String, String)] = []
        var worlds: [String: CheckoutWorld] = [:]
        for story in CheckoutStory.all {
            let still = try await CheckoutWorld(clock: ManualClock(), entropy: SystemEntropy())
            let token = try await still.open(in: story.asset, amount: story.amount)
            try await story.happens(still, token)
            worlds[token.text] = still
            pages.append((story.name, "/checkout/\(token.text)"))
            guard Browser.receipts.contains(story.name) else { continue }
            pages.append(("receipt-\(story.name)", "/receipt/\(token.text)"))
        }
        let routers = worlds.mapValues(\.checkout.router)
        let router = world.checkout.router
        let server = try Server(configuration: configuration) { request in
            let parts = request.path.split(separator: "/")
            let still = parts.count > 1 ? routers[String(parts[1])] : nil
            return try await (still ?? router).respond(to: request)
        }

        let live = try await world.open("A-1052", confirmations: 3)
        let choosing = try await world.open("A-1053", in: nil)
        let polling = try await world.open("A-1054")
        var paths = JSONObject()
        for (name, path) in pages { paths[name] = .string(path) }
        let plan: JSON = .object([
            "program": .string(Browser.program ?? ""), "origin": .string("http://127.0.0.1:\(server.port)"),
            "pictures": Browser.pictures.map { .string($0) } ?? .null,
            "pages": .object(paths),
            "live": .string("/checkout/\(live.text)"), "choosing": .string("/checkout/\(choosing.text)"),
            "polling": .string("/checkout/\(polling.text)"),
        ])
        let found = try await withThrowingTaskGroup(of: String?.self) { group in
            for entry in world.gateway.networks.entries {
                group.addTask { try await Watcher(world.gateway, entry).run(); return nil }
            }
            group.addTask { try await Ticker(world.gateway).run(); return nil }
            group.addTask { try await world.checkout.run(); return nil }
            group.addTask { await server.run(); return nil }
            group.addTask { try await Browser.run(plan.encoded()) }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            return "nothing ran"
        }
        #expect(found == "")
    }
}

/// Runs the script that drives the browser.
enum Browser {
    /// States whose receipts are looked at too.
    static let receipts: Set = ["waiting", "complete", "overpaid", "paid-twice", "wrong-network-accepted"]

    static let program = find(["chromium", "chromium-browser", "google-chrome"])
    private static let python = find(["python3"])
    static var isHere: Bool { program != nil && python != nil }
    static let pictures = ProcessInfo.processInfo.environment["QUITTANCE_PICTURES"]

    private static func find(_ names: [String]) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return names.lazy.flatMap { name in folders.map { "\($0)/\(name)" } }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// What was wrong; empty when nothing was.
    static func run(_ plan: [UInt8]) async throws -> String {
        let folder = try TemporaryFolder()
        let input = folder.file("plan.json")
        try Data(plan).write(to: Foundation.URL(filePath: input))
        guard let python else { throw CheckoutWorld.Unusable() }
        let script = Foundation.URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Browser/checkout.py").standardizedFileURL
        let ended = try await ChildProcess.run(
            python, ["-B", script.path], input: .file(input), errors: .output)
        return ended.code == 0 ? ended.output : "\(ended.output)(ended with \(ended.code))"
    }
}
