import Engine
import HTTP
import Platform
import Web

extension Command {
    static let serve = Command(
        name: "serve", summary: "run the gateway",
        about: """
            Runs the gateway: API, checkout pages, watchers of the networks, webhooks. Without any
            configuration it keeps everything in one folder, has the built-in sandbox network with play
            money, and can be reached from this machine only. It prints what to do next.

            SIGTERM or Ctrl-C ends it gently: it takes no new requests, finishes those under way, and stops
            its loops. A second one ends it at once, which loses nothing either.
            """,
        options: [
            dataOption, configOption,
            Option(name: "listen", value: "HOST:PORT", about: "Where to listen. Default: 127.0.0.1:8080"),
            Option(
                name: "roles", value: "LIST",
                about: "What this process does, with commas between: api, watch, deliver.\n"
                    + "Default: all. To split them takes PostgreSQL, and the sandbox off.",
                isRepeatable: true),
        ],
        examples: [
            "quittance serve", "quittance serve --data /var/lib/quittance",
            "QUITTANCE_STORAGE=postgres://pay@db/pay quittance serve --roles api",
        ],
        run: { arguments, terminal in
            var variables = terminal.variables
            if let listen = arguments["listen"] { variables["QUITTANCE_LISTEN"] = listen }
            let configuration = try Configuration.load(arguments, variables)
            let roles = try Role.parse(arguments.all("roles"), configuration)
            let log = Log(minimum: configuration.logLevel)
            let running = try await Running.start(configuration, roles: roles, log: log)
            try await greet(running, terminal)
            try await running.untilAskedToEnd()
            terminal.complain("Ended.")
            return .good
        })

    private static func greet(_ running: Running, _ terminal: Terminal) async throws {
        let data = running.instance.configuration.data
        var text = "Quittance \(Version.text) listens on \(running.url)"
        if try await running.instance.gateway.merchants().isEmpty {
            text += """


                This is a new instance, in \(data). Two steps to the first payment, with Ctrl-C before them:
                  quittance merchant create --data \(data) --name "My shop"
                  quittance key create --data \(data)
                Then start it again, and make a payment of play money:
                  curl \(running.url)/v1/payments -H "Authorization: Bearer KEY" \\
                    -d '{"merchant_order_id": "1", "amount": "10.00", "currency": "EUR"}' \\
                    -H "Content-Type: application/json"
                “quittance demo” shows all of it with a shop around it. For real networks, see
                docs/OPERATING.md.
                """
        }
        terminal.complain(text)
    }
}

/// What a process can do by itself.
enum Role: String, CaseIterable {
    /// Answers requests.
    case api
    /// Follows the networks and the clock.
    case watch
    /// Sends webhooks.
    case deliver

    static func parse(_ names: [String], _ configuration: Configuration) throws(WrongUse) -> Set<Role> {
        var roles: Set<Role> = []
        for name in names {
            guard let role = Role(rawValue: name) else {
                throw WrongUse("there is no role “\(name)”.", hint: "There is: api, watch, deliver.")
            }
            roles.insert(role)
        }
        if roles.isEmpty || roles.count == allCases.count { return Set(allCases) }
        guard !configuration.isEmbedded, !configuration.hasSandbox else {
            throw WrongUse(
                "roles can be split over processes with PostgreSQL and without the sandbox only.",
                hint: "Set “storage” to postgres://… and “sandbox” to false.")
        }
        return roles
    }
}
