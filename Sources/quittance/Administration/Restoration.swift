import Database
import Engine
import Platform
import Storage

/// A backup that is put in the place of an instance's embedded database.
///
/// All that can go wrong goes wrong on a copy beside it: only a whole database of this instance, whose counts
/// are ahead of all that was issued, takes the place of the old one. See decision 7.
struct Restoration: Sendable {
    let configuration: Configuration
    /// The database that is replaced.
    let database: DatabaseFile
    let backup: DatabaseFile
    /// How many addresses to skip, where the operator says so.
    let skip: Int64?
    /// No gateway was in the folder yet. Else a mistyped folder would get a database that nobody serves.
    let isNew: Bool

    /// What it came to.
    struct Outcome: Sendable {
        /// What the database that was there is called now; nil where there was none.
        let aside: String?
        /// Each wallet's key with its count in the backup, and now.
        let moved: [(key: String, from: Int64, next: Int64)]
        let verdict: Verdict
    }

    /// Does it. *On failure* the database is as it was, but that addresses may have been skipped in the file
    /// that counts them. Throws `Failure`, `Instance.Taken`, and what files and the database throw.
    func run(_ progress: @escaping @Sendable (String) -> Void) async throws -> Outcome {
        try check()
        let lock = try Instance.claim(configuration, replacing: true)
        let suffix = Hex.encode(SystemEntropy().bytes(4))
        let copy = DatabaseFile(database.path + ".restoring-" + suffix)
        do {
            progress("restore: copying")
            try await copy.copy(from: backup)
            try await mustBelong(copy)
            var opening = configuration
            opening.storage = .sqlite(copy.path)
            let instance = try await Instance.open(opening, patience: 0, holding: lock)
            do {
                let (moved, verdict) = try await prepare(instance, progress)
                await instance.gateway.store.close()
                let name = "\(database.path).replaced-\(Self.stamp(SystemClock().now))"
                let aside = try await database.replace(by: copy, aside: "\(name)-\(suffix)")
                await instance.close()
                return Outcome(aside: aside, moved: moved, verdict: verdict)
            } catch {
                await instance.close()
                throw error
            }
        } catch {
            try copy.remove()
            if case DatabaseError.corrupt = error { throw foreign }
            throw error
        }
    }

    /// `2026-11-21T18:51:02Z` as a name: `20261121T185102Z`.
    private static func stamp(_ milliseconds: Int64) -> String {
        Timestamp.text(milliseconds).prefix { $0 != "." && $0 != "Z" }.filter { $0 != "-" && $0 != ":" } + "Z"
    }

    private func check() throws {
        guard Files.exists(backup.path), !Files.isFolder(backup.path) else {
            throw Failure("\(backup.path) is no file.", advice: "Name the backup: quittance restore FILE")
        }
        if Files.exists(database.path), try Files.number(of: backup.path) == Files.number(of: database.path) {
            throw Failure("\(backup.path) is the database itself, and no backup of it.")
        }
        let traces = [database.path, configuration.data + "/indices"]
        guard isNew || database.isBeingReplaced || traces.contains(where: Files.exists) else {
            throw WrongUse(
                "there is no gateway in \(configuration.data): neither \(database.path) nor “indices”.",
                hint: "Name its folder with --data. To restore into a new folder, say --new.")
        }
        let key = configuration.data + "/" + InstanceKeyFile.name
        guard Files.exists(key) else {
            throw Failure(
                "\(key) is missing: a database is of use only with the key that it belongs to.",
                advice: "Put the key's backup there first (mode 0600, and 0700 for the folder).")
        }
    }

    /// Looks before anything is made of the copy whether it is a database of this key.
    private func mustBelong(_ copy: DatabaseFile) async throws {
        let store: Database
        do {
            store = try await Database.open(.sqlite(copy.path), readers: 1)
        } catch DatabaseError.corrupt {
            throw foreign
        }
        let known: String?
        do {
            known = try await store.read { connection in
                let tables = try connection.query(
                    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'setting'")
                guard !tables.isEmpty else { return nil }
                let name = InstanceKeys.fingerprintName
                return try connection.first("SELECT value FROM setting WHERE name = \(name)")?.text(0)
            }
            await store.close()
        } catch {
            await store.close()
            if case DatabaseError.corrupt = error { throw foreign }
            throw error
        }
        guard let known else { throw foreign }
        _ = try InstanceKeyFile.open(folder: configuration.data, known: known, SystemEntropy())
    }

    private var foreign: Failure {
        Failure(
            "\(backup.path) is not a database of Quittance, or is damaged.",
            advice: "Take another backup; nothing was replaced.")
    }

    /// Makes the copy the one to go on with.
    private func prepare(
        _ instance: Instance, _ progress: @escaping @Sendable (String) -> Void
    ) async throws -> (moved: [(key: String, from: Int64, next: Int64)], verdict: Verdict) {
        let gateway = instance.gateway
        let damage = try await gateway.store.database.read { try $0.engineDamage() }
        let keys = try await gateway.store.read { try $0.keyIndices().next }
        guard damage.isEmpty else {
            throw Failure(
                "\(backup.path) is damaged: \(damage.prefix(3).joined(separator: "; ")).",
                advice: "Take another backup; nothing was replaced.")
        }
        if skip == nil, !keys.isEmpty { try mustKnowIndices(instance.indexFile) }
        let moved = try await gateway.restored(
            skipping: skip ?? 0, indexFile: instance.indexFile, cause: "quittance restore")
        let outcome = try await gateway.verify { done, total in
            progress("verify: \(done) of \(total) chains")
        }
        return (moved, Verdict(outcome))
    }

    /// Where the file that counts addresses is the one that the gateway left, it says how far to skip.
    private func mustKnowIndices(_ path: String) throws {
        do {
            _ = try IndexFile(reading: path)
        } catch let doubt as IndexFile.Doubt {
            throw Failure(
                Problem(doubt).text,
                advice: """
                    Say with --skip N how many addresses to skip: more than were issued since the backup, \
                    over all merchants. Nothing was replaced.
                    """)
        }
    }
}
