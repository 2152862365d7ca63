import Domain
import Engine
import Platform
import Storage

extension Command {
    static let merchantCreate = Command(
        name: "merchant create", summary: "set up a merchant",
        about: """
            Sets up a merchant: one shop with wallets, keys and payments of its own. With the sandbox on, it
            can take play money at once. Its name is shown to customers. Next comes a key: quittance key
            create.

            The gateway must not be running on an embedded database meanwhile; with PostgreSQL it may.
            """,
        options: [
            Option(name: "name", value: "NAME", about: "What customers read."), dataOption, configOption,
        ],
        examples: ["quittance merchant create --name \"Corner Bakery\""],
        run: { arguments, terminal in
            let name = try arguments.required("name")
            let configuration = try Configuration.load(arguments, terminal.variables)
            guard name.utf8.count <= 100, !name.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
                throw WrongUse("--name is one line of at most 100 bytes.")
            }
            return try await Instance.with(configuration) { instance in
                let merchant = try await instance.gateway.createMerchant(
                    name: name, cause: "quittance merchant create")
                terminal.say("\(merchant.id)")
                terminal.complain(
                    """

                    “\(name)” is set up. Its server needs a key; for play money:
                      quittance key create --merchant \(merchant.id)
                    """)
                return .good
            }
        })

    static let merchantList = Command(
        name: "merchant list", summary: "list the merchants",
        about: "Lists the merchants: identity and name, one on a line.",
        options: [dataOption, configOption],
        run: { arguments, terminal in
            let configuration = try Configuration.load(arguments, terminal.variables)
            return try await Instance.with(configuration) { instance in
                let merchants = try await instance.gateway.merchants()
                if merchants.isEmpty {
                    terminal.complain("There is no merchant yet: quittance merchant create --name NAME")
                }
                for merchant in merchants { terminal.say("\(merchant.id)  \(merchant.name)") }
                return .good
            }
        })

    static let keyCreate = Command(
        name: "key create", summary: "make an API key for a merchant's server",
        about: """
            Makes a key for a merchant's server and prints it, once: only its hash is stored. A test key
            sees the sandbox and test networks, a live key the others. It goes into the header
            “Authorization: Bearer KEY”.

            The gateway must not be running on an embedded database meanwhile; with PostgreSQL it may.
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
        run: createKey)

    private static let createKey: @Sendable (Arguments, Terminal) async throws -> Ending = {
        arguments, terminal in
        var scopes: [Scope] = []
        for text in arguments.all("scopes") {
            guard let scope = Scope(rawValue: text) else {
                throw WrongUse(
                    "there is no scope “\(text)”.",
                    hint: "There is: \(Scope.allCases.map(\.rawValue).joined(separator: ", ")).")
            }
            scopes.append(scope)
        }
        if scopes.isEmpty { scopes = [.admin] }
        let configuration = try Configuration.load(arguments, terminal.variables)
        let wanted = scopes
        return try await Instance.with(configuration) { instance in
            let merchant = try await merchant(arguments["merchant"], in: instance)
            let made = try await instance.gateway.createKey(
                merchant: merchant, name: arguments["name"] ?? "server", scopes: wanted,
                isTest: !arguments.has("live"), by: .operatorAtMachine, cause: "quittance key create")
            terminal.say(made.text)
            terminal.complain("\nThis is shown once. Keep it where only the merchant's server can read it.")
            return .good
        }
    }

    private static func merchant(_ text: String?, in instance: Instance) async throws -> ID<Merchant> {
        let known = try await instance.gateway.merchants()
        guard let text else {
            if known.count == 1 { return known[0].id }
            throw WrongUse(
                known.isEmpty
                    ? "there is no merchant yet."
                    : "--merchant is needed: there are \(known.count) merchants.",
                hint: known.isEmpty ? "quittance merchant create --name NAME" : "quittance merchant list")
        }
        guard let merchant = known.first(where: { $0.id.text == text }) else {
            throw WrongUse("there is no merchant “\(text)”.", hint: "quittance merchant list")
        }
        return merchant.id
    }
}
