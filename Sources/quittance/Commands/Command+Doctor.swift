import Chains
import Domain
import JSON
import Platform

extension Command {
    static let doctor = Command(
        name: "doctor", summary: "check configuration, database, disk, clock and nodes",
        about: """
            Checks what a gateway stands on, and says what to do about each finding: configuration, data
            folder and key, the gateway that runs there, database and its integrity, room on the disk, clock,
            merchants and rates, each node and its network. Ends with 0 when all is well, with 1 when
            something was found.

            A gateway that runs is asked what it is really bound to and how its parts do, and looks into its
            database itself. Before the first start all is checked that needs no database, and nothing made.
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
            var doctor = Doctor(terminal: terminal)
            try await doctor.examine(configuration)
            return doctor.found == 0 ? .good : .finding
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
struct Doctor {
    let terminal: Terminal
    let machine: Machine
    private(set) var found = 0

    init(terminal: Terminal, machine: Machine = Machine()) {
        (self.terminal, self.machine) = (terminal, machine)
    }

    /// What is asked of the machine itself.
    struct Machine {
        /// Where libcurl looks on Debian, and where others keep them.
        var authorities = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]
        var clock: any Clock = SystemClock()
    }

    /// Where details begin: behind the longest name of a network.
    private static let column = 18
    private static let leastFreeBytes: UInt64 = 1 << 30
    /// 2026: a clock before that has not been set.
    private static let earliest: Int64 = 1_767_225_600_000

    private mutating func tell(_ finding: Finding) {
        let line = "\(Help.pad(finding.what, Self.column))\(finding.detail)"
        if finding.isGood { return terminal.say("ok    \(line)") }
        found += 1
        terminal.say("LOOK  \(line)\n      \(Help.pad("", Self.column))\(finding.advice)")
    }

    mutating func examine(_ configuration: Configuration) async throws {
        tell(.good("configuration", "\(configuration.origins.count) settings"))
        let missing = try await missing(configuration)
        if Files.isFolder(configuration.data) { try examineFolder(configuration) }
        examineClock()
        examineCertificates()
        let services =
            try await Files.isFolder(configuration.data) ? examineServices(configuration) : []
        if services.isEmpty {
            tell(.good("gateway", "does not run"))
            examine(configuration.address, configuration.baseURL(port: configuration.port), configuration)
        }
        if let missing {
            tell(.found("database", missing.text, missing.advice ?? "“quittance serve” makes it."))
        } else {
            try await examineDatabase(configuration)
        }
        for node in configuration.nodes { tell(await examine(node)) }
        if configuration.nodes.isEmpty, !configuration.hasSandbox {
            tell(.found("networks", "there is none", "Configure a node, or switch the sandbox on."))
        }
        terminal.say(found == 0 ? "\nAll is well." : "\n\(found) to look at.")
    }

    /// Why there is no database to look into, before the first start for instance. Makes nothing.
    private func missing(_ configuration: Configuration) async throws -> Failure? {
        do {
            try Instance.mustExist(configuration)
        } catch let failure as Failure {
            return failure
        } catch let error as WrongUse {
            return Failure(error.problem, advice: error.hint)
        }
        guard !Files.isFolder(configuration.data) else { return nil }
        return Failure(
            "there is no data folder \(configuration.data) yet.",
            advice: "Name it with --data, or let “quittance serve” make it.")
    }

    private mutating func examineDatabase(_ configuration: Configuration) async throws {
        do {
            let answer = try await Administration.ask(.examination, configuration, terminal)
            for finding in (answer.asArray ?? []).compactMap(Finding.init) { tell(finding) }
        } catch let error as WrongUse {
            tell(.found("configuration", error.problem, error.hint ?? "Look at quittance doctor --config."))
        } catch let failure as Failure {
            let isKey = failure.text.contains(InstanceKeyFile.name)
            tell(.found(isKey ? "key" : "gateway", failure.text, failure.advice ?? "Look at its log."))
        } catch {
            let problem = Problem(error)
            tell(
                .found("database", problem.text, problem.advice ?? "Look at “storage” in the configuration."))
        }
    }

    /// What runs out of this folder, and what it is really bound to. Gives what it said of itself.
    private mutating func examineServices(_ configuration: Configuration) async throws -> [JSON] {
        var services: [JSON] = []
        for door in try await Control.doors(in: configuration.data) {
            do {
                let status = try await door.ask(.status)
                services.append(status)
                examine(service: status, configuration)
            } catch let failure as Failure {
                tell(.found("gateway", failure.text, failure.advice ?? "Look at its log."))
            }
        }
        return services
    }

    /// What a process of the gateway said of itself.
    mutating func examine(service status: JSON, _ configuration: Configuration) {
        func text(_ name: String) -> String { status[name]?.asString ?? "?" }
        let roles = (status["roles"]?.asArray ?? []).compactMap(\.asString)
        let work = roles.count == Role.allCases.count ? "" : ", does \(roles.joined(separator: " and ")) only"
        let bound = status["address"]?.asString.map { ", listens on \($0)" } ?? ""
        let process = status["process"]?.asInt64 ?? 0
        tell(.good("gateway", "runs as process \(process) since \(text("started_at"))\(bound)\(work)"))
        if text("version") != Version.text {
            tell(
                .found(
                    "gateway", "it is version \(text("version")), and this is \(Version.text)",
                    "Restart it to run what is installed."))
        }
        for part in status["parts"]?.asArray ?? [] where part["state"]?.asString != "running" {
            let error = part["last_error"]?.asString.map { " after \($0)" } ?? ""
            tell(
                .found(
                    "gateway", "its part “\(part["name"]?.asString ?? "?")” does not run\(error)",
                    "Its log says why."))
        }
        if let address = status["address"]?.asString { examine(address, text("url"), configuration) }
    }

    /// - Parameters:
    ///   - address: what is listened on, with or without its port.
    ///   - url: where customers are sent.
    private mutating func examine(_ address: String, _ url: String, _ configuration: Configuration) {
        let isLocal = ["127.0.0.1", "::1", "[::1]"].contains { address == $0 || address.hasPrefix($0 + ":") }
        if isLocal, Self.isOfThisMachine(url) {
            tell(.good("address", "\(url), from this machine only"))
        } else if url.hasPrefix("https://") {
            tell(.good("address", url))
        } else {
            tell(
                .found(
                    "address", "\(url) on \(address) is not encrypted",
                    "Put nginx with TLS in front (docs/nginx.conf), and set base_url to its https address."))
        }
        if configuration.allowsLoopbackWebhooks {
            tell(
                .found(
                    "webhooks", "they may go to this machine",
                    "Set webhooks.allow_loopback to false in production."))
        }
    }

    /// Whether nobody can follow the link but who sits at this machine, written out or not.
    private static func isOfThisMachine(_ url: String) -> Bool {
        let hosts = ["127.0.0.1", "[::1]", "localhost"].map { "http://" + $0 }
        return hosts.contains { url == $0 || url.hasPrefix($0 + ":") || url.hasPrefix($0 + "/") }
    }

    private mutating func examineFolder(_ configuration: Configuration) throws {
        let mode = try Files.permissions(of: configuration.data)
        tell(
            mode & 0o077 == 0
                ? .good("data folder", configuration.data)
                : .found(
                    "data folder", "others may enter \(configuration.data)",
                    "Run “chmod 700 \(configuration.data)”."))
        let free = try terminal.freeBytes(configuration.data)
        tell(
            free >= Self.leastFreeBytes
                ? .good("disk", "\(free >> 30) GiB free")
                : .found(
                    "disk", "\(free >> 20) MiB free",
                    "Make room: a gateway that cannot write takes no payments."))
    }

    private mutating func examineClock() {
        let now = machine.clock.now
        tell(
            now > Self.earliest
                ? .good("clock", Timestamp.text(now))
                : .found(
                    "clock", "it says \(Timestamp.text(now))",
                    "Set the time, and keep it set: chrony or systemd-timesyncd."))
    }

    private mutating func examineCertificates() {
        let isThere = machine.authorities.contains { Files.exists($0) }
        tell(
            isThere
                ? .good("certificates", "the system's authorities are there")
                : .found(
                    "certificates", "there are no authorities to check https with",
                    "Run “apt-get install ca-certificates”: without them every webhook fails."))
    }

    private mutating func examine(_ node: NodeSettings) async -> Finding {
        let name = node.network.rawValue
        do {
            let report = try await node.chain().probe()
            for warning in report.warnings { tell(.found(name, warning, "The node itself says so.")) }
            if !report.isRightNetwork {
                return .found(
                    name, "the node is on another network (\(report.chain))", "Check rpc_url and network.")
            }
            if report.isCatchingUp {
                return .found(
                    name, "\(report.version) is at block \(report.height) of \(report.headers)",
                    "Wait until it has caught up: nothing is confirmed before.")
            }
            let place = "\(report.version) at block \(report.height)\(report.isPruned ? ", pruned" : "")"
            if report.connections == 0, !node.network.isRegtest {
                return .found(
                    name, "\(place) speaks to no other node",
                    "Look at its connections: nothing that happens on its network reaches it.")
            }
            return .good(name, place)
        } catch {
            let text = (error as? ChainFault)?.detail ?? Problem(error).text
            return .found(
                name, "the node does not answer: \(text)",
                "Is it running, and are address and credentials right?")
        }
    }
}
