import Chains
import Database
import Domain
import Engine
import Platform
import Storage

extension Command {
    static let doctor = Command(
        name: "doctor", summary: "check configuration, database, disk, clock and nodes",
        about: """
            Checks what a gateway stands on, and says what to do about each finding: configuration, data
            folder and key, database and its integrity, room on the disk, clock, merchants and rates, each
            node and its network. Ends with 0 when all is well, with 1 when something was found.

            While the gateway runs on an embedded database, the database itself is not looked into.
            """,
        options: [
            dataOption,
            Option(
                name: "config", value: "FILE",
                about: configOption.about
                    + "\nWithout FILE: print every setting with its value and where it comes from, and end.",
                needsValue: false),
        ],
        examples: ["quittance doctor", "quittance doctor --config"],
        run: { arguments, terminal in
            let configuration = try Configuration.load(arguments, terminal.variables)
            if arguments.has("config"), arguments["config"] == nil {
                terminal.say(settings(configuration))
                return .good
            }
            var examination = Examination(terminal: terminal)
            try await examination.examine(configuration)
            return examination.findings == 0 ? .good : .finding
        })

    /// The settings in force, one on a line.
    private static func settings(_ configuration: Configuration) -> String {
        let origins = configuration.origins.sorted { $0.key < $1.key }
        let names = (origins.map(\.key.count).max() ?? 0) + 2
        let values = min((origins.map(\.value.count).max() ?? 0) + 2, 40)
        return origins.map { origin in
            Help.pad(origin.key, names) + Help.pad(origin.value, values) + " (\(origin.source))"
        }.joined(separator: "\n")
    }
}

/// One look at everything, told line by line.
private struct Examination {
    let terminal: Terminal
    var findings = 0

    private static let leastFreeBytes: UInt64 = 1 << 30
    private static let toleratedMilliseconds: Int64 = 60_000
    /// 2026: a clock before that has not been set.
    private static let earliest: Int64 = 1_767_225_600_000

    private func good(_ what: String, _ detail: String) {
        terminal.say("ok    \(Help.pad(what, 15))\(detail)")
    }

    private mutating func found(_ what: String, _ detail: String, _ advice: String) {
        findings += 1
        terminal.say("LOOK  \(Help.pad(what, 15))\(detail)\n      \(Help.pad("", 15))\(advice)")
    }

    mutating func examine(_ configuration: Configuration) async throws {
        good("configuration", "\(configuration.origins.count) settings")
        try Instance.mustExist(configuration)
        examineAddress(configuration)
        try examineFolder(configuration)
        examineClock()
        do {
            let instance = try await Instance.open(configuration)
            try await examineDatabase(instance)
            try await examineMerchants(instance)
            await instance.close()
        } catch let failure as Failure where failure.advice == Problem.isRunning {
            good("database", "in use: the gateway runs")
        } catch {
            let problem = Problem(error)
            found("database", problem.text, problem.advice ?? "Look at “storage” in the configuration.")
        }
        for node in configuration.nodes { await examine(node) }
        if configuration.nodes.isEmpty, !configuration.hasSandbox {
            found("networks", "there is none", "Configure a node, or switch the sandbox on.")
        }
        terminal.say(findings == 0 ? "\nAll is well." : "\n\(findings) to look at.")
    }

    private mutating func examineAddress(_ configuration: Configuration) {
        let url = configuration.baseURL(port: configuration.port)
        let isLocal = configuration.address == "127.0.0.1" || configuration.address == "::1"
        if isLocal, configuration.baseURL == nil {
            good("address", "\(url), from this machine only")
        } else if url.hasPrefix("https://") {
            good("address", url)
        } else {
            found(
                "address", "\(url) is not encrypted",
                "Put nginx with TLS in front (docs/nginx.conf), and set base_url to its https address.")
        }
        if configuration.allowsLoopbackWebhooks {
            found(
                "webhooks", "they may go to this machine",
                "Set webhooks.allow_loopback to false in production.")
        }
    }

    private mutating func examineFolder(_ configuration: Configuration) throws {
        let mode = try Files.permissions(of: configuration.data)
        if mode & 0o077 == 0 {
            good("data folder", configuration.data)
        } else {
            found(
                "data folder", "others may enter \(configuration.data)",
                "Run “chmod 700 \(configuration.data)”.")
        }
        let free = try Files.freeBytes(in: configuration.data)
        if free >= Self.leastFreeBytes {
            good("disk", "\(free >> 30) GiB free")
        } else {
            found(
                "disk", "\(free >> 20) MiB free",
                "Make room: a gateway that cannot write takes no payments.")
        }
    }

    private mutating func examineClock() {
        let now = SystemClock().now
        if now > Self.earliest {
            good("clock", Timestamp.text(now))
        } else {
            found(
                "clock", "it says \(Timestamp.text(now))",
                "Set the time, and keep it set: chrony or systemd-timesyncd.")
        }
    }

    private mutating func examineDatabase(_ instance: Instance) async throws {
        let store = instance.gateway.store
        let isEmbedded = instance.configuration.isEmbedded
        let (damage, latest, quarantined) = try await store.database.read { db in
            var damage: [String] = []
            if isEmbedded {
                damage += try db.query("PRAGMA quick_check").map { try $0.text(0) }.filter { $0 != "ok" }
                damage += try db.query("PRAGMA foreign_key_check").map {
                    "a row of \(try $0.text(0)) belongs to nothing"
                }
            }
            let latest = try db.first("SELECT max(at) FROM record WHERE chain = 'instance'")?.integerOrNil(
                0)
            let quarantined = try db.query("SELECT payment FROM quarantine LIMIT 100").map {
                try $0.text(0)
            }
            return (damage, latest, quarantined)
        }
        if damage.isEmpty {
            good("database", isEmbedded ? "whole" : "answers")
        } else {
            found(
                "database", damage.prefix(3).joined(separator: "; "),
                "Stop the gateway and restore a backup.")
        }
        if let latest, latest > SystemClock().now + Self.toleratedMilliseconds,
            instance.gateway.sandbox == nil
        {
            found("clock", "it is behind what was recorded", "Set the time, and keep it set.")
        }
        if !quarantined.isEmpty {
            found(
                "payments",
                "\(quarantined.count) are set aside: \(quarantined.prefix(3).joined(separator: ", "))",
                "Their data contradicts itself. Run “quittance verify”, and report what it says.")
        }
    }

    private mutating func examineMerchants(_ instance: Instance) async throws {
        let merchants = try await instance.gateway.merchants()
        if merchants.isEmpty {
            found("merchants", "there is none", "quittance merchant create --name NAME")
        } else {
            good("merchants", String(merchants.count))
        }
        let assets = instance.gateway.networks.entries.filter { !$0.isTest }.flatMap(\.chain.assets)
        let rates = Set(instance.configuration.rates.map(\.asset))
        for asset in assets where !rates.contains(asset.method.asset) {
            found(
                "rates", "there is no fixed rate for \(asset.method.asset)",
                "Merchants push their own (POST /v1/rates), or set “rates” in the configuration.")
        }
    }

    private mutating func examine(_ node: NodeSettings) async {
        let name = node.network.rawValue
        do {
            let report = try await node.chain().probe()
            if !report.isRightNetwork {
                found(
                    name, "the node is on another network (\(report.chain))", "Check rpc_url and network.")
            } else if report.isCatchingUp {
                found(
                    name, "\(report.version) is at block \(report.height) of \(report.headers)",
                    "Wait until it has caught up: nothing is confirmed before.")
            } else {
                good(name, "\(report.version) at block \(report.height)")
            }
            for warning in report.warnings { found(name, warning, "The node itself says so.") }
        } catch {
            let text = (error as? ChainFault)?.detail ?? Problem(error).text
            found(
                name, "the node does not answer: \(text)",
                "Is it running, and are address and credentials right?")
        }
    }
}
