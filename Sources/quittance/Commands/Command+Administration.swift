import Engine
import JSON
import Platform

extension Command {
    static let merchantCreate = Command(
        name: "merchant create", summary: "set up a merchant",
        about: """
            Sets up a merchant: one shop with wallets, keys and payments of its own. With the sandbox on, it
            can take play money at once. Its name is shown to customers. Next comes a key: quittance key
            create. The gateway may be running or not.
            """,
        options: [
            Option(name: "name", value: "NAME", about: "What customers read."), dataOption, configOption,
        ],
        examples: ["quittance merchant create --name \"Corner Bakery\""],
        run: { arguments, terminal in
            let name = try arguments.required("name")
            let made = try await ask(.newMerchant(name: name), arguments, terminal)
            let id = made["id"]?.asString ?? ""
            terminal.say(id)
            let isPlay = try Configuration.load(arguments, terminal.variables).hasSandbox
            terminal.complain(
                """

                “\(name)” is set up. Its server needs a key\(isPlay ? "; for play money" : ""):
                  quittance key create\(place(arguments)) --merchant \(id)\(isPlay ? "" : " --live")
                """)
            return .good
        })

    static let merchantList = Command(
        name: "merchant list", summary: "list the merchants",
        about: "Lists the merchants: identity and name, one on a line. The gateway may be running or not.",
        options: [dataOption, configOption],
        run: { arguments, terminal in
            let merchants = try await ask(.merchants, arguments, terminal).asArray ?? []
            if merchants.isEmpty {
                terminal.complain("There is no merchant yet: quittance merchant create --name NAME")
            }
            for merchant in merchants {
                terminal.sayLine("\(merchant["id"]?.asString ?? "")  \(merchant["name"]?.asString ?? "")")
            }
            return .good
        })

    static let keyCreate = Command(
        name: "key create", summary: "make an API key for a merchant's server",
        about: """
            Makes a key for a merchant's server and prints it, once: only its hash is stored. A test key
            sees the sandbox and test networks, a live key the others. It goes into the header
            “Authorization: Bearer KEY”. The gateway may be running or not.
            """,
        options: [
            Option(
                name: "merchant", value: "ID",
                about: "Whose key it is; may be left out when there is one merchant."),
            Option(name: "live", about: "For real money. Without it, the key is for tests."),
            Option(
                name: "scopes", value: "LIST",
                about: "What it may do, with commas between:\n"
                    + Scope.allCases.map(\.rawValue).joined(separator: "\n")
                    + "\nDefault: admin, which is all of it.",
                isRepeatable: true),
            Option(name: "name", value: "NAME", about: "For your own memory. Default: server"),
            dataOption, configOption,
        ],
        examples: [
            "quittance key create --merchant mer_…",
            "quittance key create --merchant mer_… --live --scopes payments:read,payments:write",
        ],
        run: { arguments, terminal in
            let scopes = try scopes(arguments.all("scopes"))
            let wish = Administration.Request.NewKey(
                merchant: arguments["merchant"], name: arguments["name"] ?? "server",
                scopes: scopes.isEmpty ? [.admin] : scopes, isTest: !arguments.has("live"))
            terminal.say(try await ask(.newKey(wish), arguments, terminal)["key"]?.asString ?? "")
            terminal.complain("\nThis is shown once. Keep it where only the merchant's server can read it.")
            return .good
        })

    static let keyList = Command(
        name: "key list", summary: "list the API keys",
        about: """
            Lists the keys, one on a line: identity, the last four characters, test or live, what it may do,
            its name, and whether it was revoked. The gateway may be running or not.
            """,
        options: [
            Option(name: "merchant", value: "ID", about: "Of this merchant only."), dataOption, configOption,
        ],
        run: { arguments, terminal in
            let keys = try await ask(.keys(merchant: arguments["merchant"]), arguments, terminal)
            for key in keys.asArray ?? [] {
                let scopes = (key["scopes"]?.asArray ?? []).compactMap(\.asString)
                terminal.sayLine(
                    [
                        key["id"]?.asString ?? "", "…\(key["hint"]?.asString ?? "")",
                        key["test"]?.asBool == true ? "test" : "live", scopes.joined(separator: ","),
                        key["name"]?.asString ?? "", key["revoked"]?.asBool == true ? "(revoked)" : "",
                    ].filter { !$0.isEmpty }.joined(separator: "  "))
            }
            return .good
        })

    static let keyRevoke = Command(
        name: "key revoke", summary: "end an API key for good",
        about: """
            Ends a key: from now on every request with it is refused. It stays in the list, and in the log.
            “quittance key list” shows identities. The gateway may be running or not.
            """,
        operands: ["KEY-ID"], options: [dataOption, configOption],
        examples: ["quittance key revoke key_…"],
        run: { arguments, terminal in
            guard let id = arguments.operands.first else {
                throw WrongUse(
                    "it is not said which key.", hint: "See “quittance \(arguments.command.name) --help”.")
            }
            let revoked = try await ask(.revokeKey(id: id), arguments, terminal)
            terminal.say("\(revoked["id"]?.asString ?? id) is revoked.")
            return .good
        })

    private static func scopes(_ names: [String]) throws(WrongUse) -> [Scope] {
        var scopes: [Scope] = []
        for name in names {
            guard let scope = Scope(rawValue: name) else {
                throw WrongUse(
                    "there is no scope “\(name)”.",
                    hint: "There is: \(Scope.allCases.map(\.rawValue).joined(separator: ", ")).")
            }
            scopes.append(scope)
        }
        return scopes
    }

    /// Has a request answered by whichever process has the instance that the arguments name.
    static func ask(
        _ request: Administration.Request, _ arguments: Arguments, _ terminal: Terminal
    ) async throws -> JSON {
        let configuration = try Configuration.load(arguments, terminal.variables)
        // The first command of a new instance is to make a merchant; all others have an instance.
        if case .newMerchant = request {} else { try Instance.mustExist(configuration) }
        return try await Administration.ask(request, configuration, terminal)
    }

    /// The options that lead another command to the same instance, as they are typed.
    static func place(_ arguments: Arguments) -> String {
        ["data", "config"].compactMap { name in
            arguments[name].map { " --\(name) \(Terminal.quoted($0))" }
        }.joined()
    }
}
