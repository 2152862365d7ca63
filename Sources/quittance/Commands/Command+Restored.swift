import Engine
import Platform

extension Command {
    static let restored = Command(
        name: "restored", summary: "go on with a database that was put back by hand, or by PostgreSQL",
        about: """
            Says that the database is, from here on, the one to go on with: after PostgreSQL was restored, or
            a folder was moved. (“quittance restore” has said it already.) “serve” asks for it when it
            finds another database or data folder than it left: what was issued after a backup is not in
            the backup, and no address may be given twice.

            It skips N addresses of every wallet, and records it. N must be more than were issued since
            the backup was made, over all merchants; that only you can know. Each wallet that pays in must
            look so much further (its gap limit). --skip 0 is for a folder that was moved, or a replica
            that was promoted, when nothing was lost. Wallets that were registered after the backup are
            registered again with “first_index”.
            """,
        options: [
            Option(name: "skip", value: "N", about: "How many addresses to skip, up to 1000000."), dataOption,
            configOption,
        ],
        examples: ["quittance restored --skip 1000", "quittance restored --skip 0"],
        run: { arguments, terminal in
            let count = try Command.count(arguments.required("skip"))
            let configuration = try Configuration.load(arguments, terminal.variables)
            try Instance.mustExist(configuration)
            // An embedded database is taken anyway, and that is said in its own words.
            if !configuration.isEmbedded { try await Control.mustBeClosed(configuration.data) }
            return try await Instance.with(configuration) { instance in
                let moved = try await instance.gateway.restored(
                    skipping: count, indexFile: instance.indexFile, cause: "quittance restored")
                for (key, from, next) in moved { terminal.say("\(from) -> \(next)  \(key)") }
                terminal.complain("Done: \(moved.count) wallet keys.")
                return .good
            }
        })
}
