import Foundation
import TestKit
import Testing

/// One thing that tests run and a machine may lack. Without it they are skipped; a run that is to show everything,
/// which `QUITTANCE_REQUIRE=all` says and `Scripts/test` sets, fails here, by its name.
struct Requirement: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// What is not shown without it.
    let purpose: String
    let isHere: @Sendable () -> Bool

    private init(_ name: String, for purpose: String, _ isHere: @escaping @Sendable () -> Bool) {
        testDescription = name
        self.purpose = purpose
        self.isHere = isHere
    }

    /// A program that lies at one of some places.
    private static func program(_ paths: String..., for purpose: String) -> Requirement {
        Requirement(paths.first.map { String($0.split(separator: "/").last ?? "") } ?? "", for: purpose) {
            paths.contains { FileManager.default.isExecutableFile(atPath: $0) }
        }
    }

    static let all = [
        Requirement("PostgreSQL", for: "the store, the engine and split roles on it") { TestPostgres.isInstalled },
        Requirement("bitcoind or litecoind", for: "payments on a real network") { !nodes.isEmpty },
        Requirement("an EVM", for: "payments on a network of Ethereum's kind") { isThere("evm") },
        program("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", for: "the checkout pages"),
        program("/usr/bin/python3", for: "the checkout in a browser, ten thousand connections, and dossiers"),
        Requirement("14,000 descriptors a process", for: "twelve thousand idle connections") {
            mostDescriptors ?? 0 >= 14_000
        },
        program("/usr/sbin/nginx", for: "the documented front"), program("/usr/bin/promtool", for: "the metrics"),
        program("/usr/bin/openssl", for: "certificates"), program("/usr/bin/curl", for: "requests through nginx"),
    ]

    /// How many descriptors a process of this user may have.
    private static var mostDescriptors: UInt64? {
        guard let limits = try? String(contentsOfFile: "/proc/self/limits", encoding: .utf8),
            let line = limits.split(separator: "\n").first(where: { $0.hasPrefix("Max open files") })
        else { return nil }
        let hard = line.split(separator: " ")[4]
        return hard == "unlimited" ? .max : UInt64(hard)
    }

    /// What stands behind `.enabled(if:)` in a test, and the names of the requirements that it asks for: none where the
    /// machine need not have it.
    static let conditions: [String: Set<String>] = [
        "TestPostgres.isInstalled": ["PostgreSQL"],
        "Coin.bitcoin.isThere": ["bitcoind or litecoind"], "Coin.litecoin.isThere": ["bitcoind or litecoind"],
        "Coin.started.count == 2": ["bitcoind or litecoind"], "EVMNode.script != nil": ["an EVM"],
        "Nginx.isHere": ["nginx", "openssl", "curl"], "ClientTLS.isHere": ["openssl"],
        "Browser.isHere": ["chromium", "python3"], "Python.isHere": ["python3"],
        "OtherVerifier.isHere": ["python3"],
        "isPossible": ["14,000 descriptors a process", "python3"],
        "FileManager.default.isExecutableFile(atPath: promtool)": ["promtool"],
        #"Files.exists("/usr/bin/promtool")"#: ["promtool"],
        // What it looks at is a page of the documents; where systemd is not, nobody runs it.
        #"Files.exists("/usr/bin/systemd-analyze")"#: [],
        "Requirement.isAsked": [],
    ]

    /// The real nodes that this run has.
    static var nodes: [String] {
        ["bitcoind", "litecoind"].filter(isThere)
    }

    /// Whether this run has the script of a real node.
    private static func isThere(_ name: String) -> Bool {
        let script = ProcessInfo.processInfo.environment["QUITTANCE_\(name.uppercased())"]
        return script.map { FileManager.default.isExecutableFile(atPath: $0) } ?? false
    }

    static var isAsked: Bool { ProcessInfo.processInfo.environment["QUITTANCE_REQUIRE"] == "all" }
}

@Suite("What a whole run needs", .enabled(if: Requirement.isAsked, "this run is not asked to show everything"))
struct RequirementsTests {
    @Test("is here", arguments: Requirement.all)
    func isHere(_ requirement: Requirement) {
        #expect(requirement.isHere(), "\(requirement) is not here; without it nobody sees \(requirement.purpose)")
    }

    /// One of the two will do, as their packages come and go; but whoever reads the log has to know.
    @Test("A node that cannot be had is named, and the other one is used")
    func nodes() {
        for name in ["bitcoind", "litecoind"] where !Requirement.nodes.contains(name) {
            print("NOT SHOWN: there is no \(name); used instead: \(Requirement.nodes.joined(separator: ", "))")
        }
        #expect(!Requirement.nodes.isEmpty)
    }
}

@Suite("Tests that a machine may not be able to run")
struct ConditionTests {
    @Test("each ask for something that a whole run requires")
    func named() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        var found: Set<String> = []
        for path in try FileManager.default.subpathsOfDirectory(atPath: tests.path) where path.hasSuffix(".swift") {
            let text = try String(contentsOf: tests.appendingPathComponent(path), encoding: .utf8)
            // Not this one's own words for it.
            for part in text.split(separator: ".enabled(" + "if: ", omittingEmptySubsequences: false).dropFirst() {
                found.insert(Self.condition(part))
            }
        }
        #expect(found == Set(Requirement.conditions.keys))
        let names = Set(Requirement.all.map(\.testDescription))
        for (condition, needed) in Requirement.conditions {
            #expect(needed.isSubset(of: names), "\(condition) asks for what no whole run requires")
        }
    }

    /// What stands before the comma, or before the end of what encloses it.
    private static func condition(_ text: Substring) -> String {
        var depth = 0
        let end = text.firstIndex { letter in
            if letter == "(" { depth += 1 }
            if letter == ")" { depth -= 1 }
            return depth < 0 || depth == 0 && letter == ","
        }
        return String(text[..<(end ?? text.endIndex)])
    }
}
