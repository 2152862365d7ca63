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
                    + "Default: all. To split them takes PostgreSQL.",
                isRepeatable: true),
            Option(
                name: "new-storage",
                about: "Work on another database than the gateway of this folder did before."),
        ],
        examples: [
            "quittance serve", "quittance serve --data /var/lib/quittance",
            "QUITTANCE_STORAGE=postgres://pay@db/pay quittance serve --roles api",
        ],
        run: { arguments, terminal in
            var configuration = try Configuration.load(arguments, terminal.variables)
            configuration.movesStorage = arguments.has("new-storage")
            let roles = try Role.parse(arguments.all("roles"), configuration)
            let log = Log(minimum: configuration.logLevel)
            let running = try await Running.start(configuration, roles: roles, log: log)
            let isNew = try await running.instance.gateway.merchants().isEmpty
            terminal.complain(greeting(running, isNew: isNew, place(arguments)))
            try await running.untilAskedToEnd()
            terminal.complain("Ended.")
            return .good
        })

    /// What is said at the start.
    ///
    /// - Parameter place: the options that lead the other commands here.
    static func greeting(_ running: Running, isNew: Bool, _ place: String) -> String {
        guard running.roles.contains(.api) else {
            let roles = Role.allCases.filter(running.roles.contains).map(\.rawValue)
            return "Quittance \(Version.text) does \(roles.joined(separator: " and "))."
        }
        let configuration = running.instance.configuration
        // Where nginx stands in front, the first is what it has to reach, and the second what customers do.
        let bound = configuration.baseURL == nil ? running.url : running.bound ?? running.url
        let elsewhere = bound == running.url ? "" : ", and is to be reached at \(running.url)"
        let text = "Quittance \(Version.text) listens on \(bound)\(elsewhere)"
        guard isNew else { return text }
        guard configuration.hasSandbox else {
            return text + """


                This is a new instance, in \(configuration.data). In another terminal:
                  quittance merchant create\(place) --name "My shop"
                  quittance key create\(place) --live
                Then register a wallet to receive at, and see docs/OPERATING.md for the rest.
                """
        }
        return text + """


            This is a new instance, in \(configuration.data), with play money. In another terminal:

              quittance merchant create\(place) --name "My shop"
              KEY=$(quittance key create\(place))
              curl -s \(running.url)/v1/payments -H "Authorization: Bearer $KEY" \\
                -H "Content-Type: application/json" -d '{"merchant_order_id": "1", "amount": "10.00",
                "currency": "EUR", "asset": "SBX", "network": "sandbox"}'

            The answer has a “checkout_url”: open it in a browser, and pay with the buttons below the code.
            “quittance demo” shows all of it with a shop around it. For real networks, see docs/OPERATING.md.
            """
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
        guard !configuration.isEmbedded else {
            throw WrongUse(
                "roles can be split over processes with PostgreSQL only.",
                hint: "Set “storage” to postgres://….")
        }
        return roles
    }
}
