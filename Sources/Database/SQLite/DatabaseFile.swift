package import Platform

/// The file of an embedded database as a whole: copied while others work on it, and replaced while nobody
/// does.
///
/// SQLite keeps a log beside the file under its name. A file that gets the log of another one is damaged, or
/// becomes that other one again; so they are only ever moved together.
package struct DatabaseFile: Sendable, Hashable {
    package let path: String

    private static let companions = ["-journal", "-wal", "-shm"]

    package init(_ path: String) { self.path = path }

    /// Where it is noted that this file is being replaced: by what the old one is called from then on.
    private var mark: String { path + ".replacing" }
    private var folder: String { Files.parent(of: path) }
    private var claimName: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Whether a replacement began and did not end: then what is here may belong to two databases.
    package var isBeingReplaced: Bool { Files.exists(mark) }

    /// Writes all that is committed into a new file at `target`, which only its owner may read. Others may
    /// go on writing meanwhile: it is one snapshot, and takes no more than a reader does.
    ///
    /// *Atomicity*: until it is whole and durable, the file at `target` is empty. *On failure*: it is gone
    /// again. Throws `FileError`, with `isTaken` for a name that has a file, and `DatabaseError`.
    package func copy(to target: String) async throws {
        try await Worker().run {
            try Files.makeNew(target)
            let neighbour = target + "." + Hex.encode(SystemEntropy().bytes(8)) + ".new"
            do {
                try Files.makeNew(neighbour)
                try pour(into: neighbour)
                try Files.synchronise(neighbour)
                try Files.move(neighbour, to: target)
                try Files.synchronise(Files.parent(of: target))
            } catch {
                for path in [neighbour, target] { try Files.remove(path) }
                throw error
            }
        }
    }

    private func pour(into target: String) throws(DatabaseError) {
        let handle = try SQLiteHandle(path, vfs: nil, role: .reader)
        defer { handle.close() }
        let name = SQL.Parameter(value: .text(target), kind: .inferred)
        try handle.prepare("VACUUM INTO ?1").run([name]) { _ in true }
    }

    /// Makes this a copy of a file that nobody works on, byte by byte, with the log that belongs to it.
    ///
    /// *On failure*: what was copied stays, for `remove`. Throws `FileError`, and `DatabaseError.locked`
    /// where one of our processes has `source` open.
    package func copy(from source: DatabaseFile) async throws {
        try await Worker().run {
            // A file that was one of ours in its place has a lock beside it; a mere copy has not.
            let claim = try Files.exists(source.path + ".lock") ? source.claim() : nil
            defer { _ = claim }
            for end in ["", "-journal", "-wal"] where end.isEmpty || Files.exists(source.path + end) {
                try Files.copy(source.path + end, to: path + end)
            }
        }
    }

    /// Removes the file with all that SQLite keeps beside it, and its lock.
    package func remove() throws(FileError) {
        for end in [""] + Self.companions + [".lock"] { try Files.remove(path + end) }
    }

    /// Puts a closed database of the same folder in this one's place. What was here, however damaged, gets
    /// the name `aside`, together with the log that belongs to it; gives the name that it got, or nil where
    /// nothing was here.
    ///
    /// *Atomicity*: after a crash the old database is here, or the new one, or `isBeingReplaced`. *Replay*:
    /// one that was interrupted is done again, with this file or another. Throws `FileError`, and
    /// `DatabaseError`: `locked` when somebody has one of them open.
    package func replace(by new: DatabaseFile, aside: String) async throws -> String? {
        try await Worker().run {
            let claim = try self.claim()
            defer { _ = claim }
            for end in Self.companions where Files.exists(new.path + end) {
                guard try Files.size(of: new.path + end) == 0 || end == "-shm" else {
                    throw DatabaseError.ioFailed("\(new.path)\(end) could not be written back")
                }
            }
            try Files.synchronise(new.path)
            let aside = try self.name(aside)
            try Files.write(Array(aside.utf8), to: mark)
            // The file itself last: as long as it is here, it is known what its log belongs to.
            for end in Self.companions + [""] where Files.exists(path + end) {
                try Files.move(path + end, to: aside + end)
            }
            try Files.synchronise(folder)
            try Files.move(new.path, to: path)
            try Files.synchronise(folder)
            try Files.remove(mark)
            try Files.synchronise(folder)
            try new.remove()
            return Files.exists(aside) ? aside : nil
        }
    }

    /// The name that an interrupted replacement has begun to use, as long as nothing here would be written
    /// over there.
    private func name(_ wanted: String) throws(FileError) -> String {
        func isFree(_ name: String) -> Bool {
            ([""] + Self.companions).allSatisfy { !Files.exists(path + $0) || !Files.exists(name + $0) }
        }
        if Files.exists(mark) {
            let begun = String(decoding: try Files.read(mark, maxBytes: Limits.pathBytes), as: UTF8.self)
            if isFree(begun) { return begun }
        }
        guard isFree(wanted) else { throw FileError(taken: wanted) }
        return wanted
    }

    private func claim() throws(DatabaseError) -> FileLock {
        do {
            return try FileLock(folder: folder, name: claimName + ".lock")
        } catch {
            throw error.isHeld ? .locked("\(path) is open elsewhere") : .ioFailed("\(error)")
        }
    }
}

extension Connection {
    /// What SQLite finds wrong with its own file: broken pages, rows that refer to none. Empty for a whole
    /// one.
    package func engineDamage() throws -> [String] {
        try query("PRAGMA quick_check").map { try $0.text(0) }.filter { $0 != "ok" }
            + query("PRAGMA foreign_key_check").map { "a row of \(try $0.text(0)) belongs to nothing" }
    }
}
