import Database
import Engine
import Platform

extension Command {
    static let backup = Command(
        name: "backup", summary: "write a copy of the database into a new file",
        about: """
            Writes all that the database holds at this moment into a new file, which only its owner may read.
            The gateway may be running or not; it goes on meanwhile. A file that is there is never written
            over, and one that could not be finished is removed.

            Keep the file away from this disk, and “instance.key” apart from it: to restore takes both. For
            PostgreSQL use its own tools (pg_dump, or continuous archiving).
            """,
        operands: ["FILE"], options: [dataOption, configOption],
        examples: ["quittance backup \"/backup/quittance-$(date +%F).db\""],
        run: { arguments, terminal in
            let target = try file(arguments)
            let configuration = try Configuration.load(arguments, terminal.variables)
            let database = try embedded(configuration, insteadUse: "pg_dump -Fc, or continuous archiving")
            try Instance.mustExist(configuration)
            do {
                try await database.copy(to: target)
            } catch let error as FileError where error.isTaken {
                throw Failure("\(target) is there already.", advice: "A backup never writes over a file.")
            }
            let bytes = try Files.size(of: target)
            terminal.say("\(target)  \(bytes) bytes")
            terminal.complain("To restore it takes this file and instance.key: keep both, apart.")
            return .good
        })

    static let restore = Command(
        name: "restore", summary: "put a backup in the place of the database",
        about: """
            Puts the database in FILE in the place of this instance's: whole, and so that no address and no
            number is issued twice. What was issued after the backup is skipped, as the file “indices” in the
            data folder knows it: leave that where it is. Where it is missing, say with --skip how many
            addresses to skip. It ends with what “verify” says of the database.

            The database that was there is not deleted: it is moved aside, together with its log, and the
            command says where. FILE is only read. The gateway must not be running. A restore that was
            interrupted is begun again with the same command; until then nothing starts on the folder.

            On another machine, put “instance.key” into the data folder first, and say --new. For PostgreSQL
            use pg_restore, and “quittance restored” after it.
            """,
        operands: ["FILE"],
        options: [
            Option(
                name: "skip", value: "N",
                about: "How many addresses of every wallet to skip beyond those that are known, up to\n"
                    + "1000000: more than were issued since the backup, over all merchants."),
            Option(name: "new", about: "Into a folder in which no gateway was yet."),
            dataOption, configOption,
        ],
        examples: [
            "quittance restore /backup/quittance-2026-11-20.db",
            "quittance restore /backup/quittance-2026-11-20.db --data /var/lib/quittance --skip 1000",
        ],
        run: { arguments, terminal in
            let backup = try file(arguments)
            let skip = try arguments["skip"].map(count)
            let configuration = try Configuration.load(arguments, terminal.variables)
            let database = try embedded(
                configuration, insteadUse: "pg_restore, and then quittance restored --skip N")
            try Instance.mustAgree(configuration)
            let restoration = Restoration(
                configuration: configuration, database: database, backup: DatabaseFile(backup), skip: skip,
                isNew: arguments.has("new"))
            let outcome = try await restoration.run { terminal.progress($0) }
            if let aside = outcome.aside {
                terminal.say("The database that was here is now \(aside)")
            }
            for (key, from, next) in outcome.moved where next > from {
                terminal.say("Addresses \(from) to \(next - 1) are skipped of \(key)")
            }
            terminal.say("\(backup) is in its place.")
            if try Files.permissions(of: configuration.data) & 0o077 != 0 {
                terminal.complain(
                    "Others may enter \(configuration.data): run “chmod 700 \(configuration.data)”.")
            }
            return outcome.verdict.tell(terminal)
        })

    private static func file(_ arguments: Arguments) throws(WrongUse) -> String {
        guard let file = arguments.operands.first, !file.isEmpty else {
            throw WrongUse(
                "it is not said which file.", hint: "See “quittance \(arguments.command.name) --help”.")
        }
        return file
    }

    /// Throws `WrongUse` where the database is a server's.
    private static func embedded(
        _ configuration: Configuration, insteadUse tools: String
    ) throws(WrongUse) -> DatabaseFile {
        guard case .sqlite(let path, _) = configuration.location else {
            throw WrongUse(
                "this database is PostgreSQL's, which has tools of its own.",
                hint: "Use \(tools). See “Backup” and “Restore” in docs/OPERATING.md.")
        }
        return DatabaseFile(path)
    }

    /// How many addresses to skip. Throws `WrongUse`.
    static func count(_ text: String) throws(WrongUse) -> Int64 {
        do throws(Setting.Flaw) {
            return try Setting.number(text, 0...EngineLimits.skippedIndices)
        } catch {
            throw WrongUse("--skip: \(error.reason).")
        }
    }
}
