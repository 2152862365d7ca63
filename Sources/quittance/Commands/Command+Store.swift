import Database
import Engine
import Platform
import Storage

extension Command {
    static let verify = Command(
        name: "verify", summary: "derive the store again from its log, or check one payment's file",
        about: """
            Without FILE it reads the evidence log from its first record, applies the rules to every fact
            again, and compares what follows with every row: payments, transfers, exceptions, ledger, events,
            merchants, keys, wallets. It says what differs, and what it could not check. It changes nothing
            but an outdated schema. A gateway that runs on an embedded database does it itself meanwhile, on
            one snapshot.

            Whether somebody put the whole store back to an earlier moment, only what was kept elsewhere can
            tell: --root is a signed root, with its number and hash, as events (“root”), GET /v1/roots or the
            log (“sealed”) say it.

            With FILE it checks the file of one payment (“quittance payment dossier”) against nothing but
            itself and what you trust already: no gateway, no store, no network. It says what it checked, what
            it did not, and what is wrong.

            Ends with 0 when the log and every table agree, or all that a file can show was checked and holds;
            with 1 when something differs or is wrong; with 4 when nothing in a file is wrong, but not all of
            it was checked.
            """,
        operands: ["[FILE]"],
        options: [
            Option(
                name: "root", value: "NUMBER:HASH@MERCHANT",
                about: "A root that the store must have. @instance for one of the instance;\n"
                    + "nothing behind the hash where there is one merchant.",
                isRepeatable: true),
            Option(
                name: "key", value: "FINGERPRINT",
                about: "For FILE: the SHA-256 of the instance's public key, as the operator published it.\n"
                    + "May be given several times.",
                isRepeatable: true),
            Option(
                name: "header", value: "HASH@HEIGHT",
                about: "For FILE: a block that a node of yours has at that height.\n"
                    + "May be given several times.",
                isRepeatable: true),
            dataOption, configOption,
        ],
        examples: [
            "quittance verify", "quittance verify --root 1042:9f86d0…@mer_…",
            "quittance verify pay_….json --key 5f1c… --header 00000000000000000001f2a4…@921044",
        ],
        run: { arguments, terminal in
            let roots = try arguments.all("root").map(KeptRoot.init(parsing:))
            if let path = arguments.operands.first {
                guard roots.isEmpty else {
                    throw WrongUse(
                        "--root is for the store, and a file names the root that it was sealed with.",
                        hint: "Compare that one with what you kept.")
                }
                return try check(path, arguments, terminal)
            }
            guard !arguments.has("key"), !arguments.has("header") else {
                throw WrongUse("--key and --header are for a file.", hint: "quittance verify FILE --key …")
            }
            let configuration = try Configuration.load(arguments, terminal.variables)
            try Instance.mustExist(configuration)
            let answer = try await Administration.ask(.verification(roots), configuration, terminal)
            return try Verdict(answer).tell(terminal)
        })

    static let migrate = Command(
        name: "migrate", summary: "bring the database's schema up to date",
        about: """
            Brings the database's schema up to date, each step in a transaction of its own, and says what it
            did. “serve” does the same when it starts; this command is for whoever wants to do it
            beforehand. It can be repeated. Make a backup first: a step is never undone. The gateway must not
            be running.
            """,
        options: [
            dataOption, configOption, Option(name: "new", about: "Make the database if there is none."),
        ],
        run: { arguments, terminal in
            let configuration = try Configuration.load(arguments, terminal.variables)
            if !arguments.has("new") { try Instance.mustExist(configuration) }
            // Held until the end: a gateway that runs would be left with a schema that it does not know.
            let lock = try Instance.claim(configuration)
            defer { _ = lock }
            if lock == nil { try await Control.mustBeClosed(configuration.data) }
            let database = try await Database.open(configuration.location, readers: 1)
            let before = await steps(of: database)
            do {
                try await database.migrate(Schema.migrations)
            } catch {
                await database.close()
                throw error
            }
            await database.close()
            for (number, migration) in Schema.migrations.enumerated() {
                let state = before.contains(migration.name) ? "was there" : "done"
                terminal.say("\(number + 1)/\(Schema.migrations.count)  \(migration.name): \(state)")
            }
            return .good
        })

    /// The names of the steps that a database has; none for a new one.
    private static func steps(of database: Database) async -> Set<String> {
        do {
            return try await database.read { connection in
                try Set(connection.query("SELECT name FROM schema_migration").map { try $0.text(0) })
            }
        } catch {
            // The table comes with the first step.
            return []
        }
    }

    static let version = Command(
        name: "version", summary: "print the version",
        about: "Prints the version of the program.", options: [],
        run: { _, terminal in
            terminal.say("quittance \(Version.text)")
            return .good
        })
}

/// Which program this is.
enum Version {
    static let text = "0.1.0"
}

