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
        program("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", for: "the checkout pages"),
        program("/usr/bin/python3", for: "the checkout in a browser, and ten thousand connections"),
        program("/usr/sbin/nginx", for: "the documented front"), program("/usr/bin/promtool", for: "the metrics"),
        program("/usr/bin/openssl", for: "certificates"), program("/usr/bin/curl", for: "requests through nginx"),
    ]

    /// The real nodes that this run has.
    static var nodes: [String] {
        ["bitcoind", "litecoind"].filter { name in
            let script = ProcessInfo.processInfo.environment["QUITTANCE_\(name.uppercased())"]
            return script.map { FileManager.default.isExecutableFile(atPath: $0) } ?? false
        }
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
