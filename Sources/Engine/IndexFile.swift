import JSON
package import Platform

/// A file beside the database that says, for each wallet key, below which index addresses may have been
/// handed out. A backup of the database alone does not take it back: what was issued after the backup is
/// skipped, not issued again. See decision 7.
///
/// It covers some indices ahead, so that it is written once for many payments; it is synced before the first
/// of them is handed out. It holds its own inode: a copy, which may be as old as any backup, has another.
package struct IndexFile: Sendable {
    package let path: String
    /// For each key, the index below which all may have been handed out.
    package private(set) var covered: [String: Int64]
    private let files: any FileCalls
    private var ahead = EngineLimits.coveredIndices.lowerBound
    private var coveredAt: Int64 = .min

    /// Why a file cannot be believed to be the latest one.
    package enum Doubt: Error, Hashable, Sendable {
        /// There is none, and the store has issued addresses.
        case missing
        /// It was copied here, perhaps from a backup.
        case copied
        case damaged
        /// It has more bytes than this program ever writes.
        case tooLarge
        /// The database is another one than before: restored, or a replica that was promoted.
        case otherDatabase
        /// What the parts of payments are numbered above cannot be read.
        case numbers
    }

    /// A file that covers what is given. Writes it.
    package init(
        _ path: String, covering covered: [String: Int64], in files: any FileCalls = SystemFiles()
    ) throws(FileError) {
        self.path = path
        self.files = files
        self.covered = covered
        try write()
    }

    /// Reads a file. Throws `Doubt`, and `FileError`.
    package init(reading path: String, in files: any FileCalls = SystemFiles()) throws {
        self.path = path
        self.files = files
        let read = try Self.read(path, files)
        guard read.inode == (try files.number(of: path)) else { throw Doubt.copied }
        covered = read.covered
    }

    /// What a file says, also where it is only a copy: nothing below it may be issued. Empty where there is
    /// nothing to be read.
    package static func lastKnown(
        _ path: String, in files: any FileCalls = SystemFiles()
    ) throws -> [String: Int64] {
        do {
            return try read(path, files).covered
        } catch is Doubt {
            return [:]
        }
    }

    private static func read(
        _ path: String, _ files: any FileCalls
    ) throws -> (inode: UInt64, covered: [String: Int64]) {
        guard files.exists(path) else { throw Doubt.missing }
        let most = EngineLimits.indexFileBytes
        guard try files.size(of: path) <= Int64(most) else { throw Doubt.tooLarge }
        let bytes = try files.read(path, maxBytes: most)
        guard let json = try? JSON.parse(bytes, limits: JSONLimits(bytes: most, depth: 2)),
            json["quittance_indices"]?.asNumber?.text == "1",
            let number = json["inode"]?.asString.flatMap({ UInt64($0) }),
            let members = json["covered"]?.asObject
        else { throw Doubt.damaged }
        var covered: [String: Int64] = [:]
        for member in members.members {
            guard let index = (member.value.asNumber?.text).flatMap({ Int64($0) }),
                (0...1 << 31).contains(index)
            else { throw Doubt.damaged }
            covered[member.key] = index
        }
        return (number, covered)
    }

    /// Makes sure that the file on disk covers the first of the indices that are wanted of each key, and of
    /// the others as many as it covers ahead: written once for all. The faster they are asked for, the more
    /// it covers. `uptime` is asked again when it is written, for that may take long.
    mutating func cover(_ wanted: [String: Range<Int64>], uptime: () -> Int64) throws(FileError) {
        let before = covered
        let missing = wanted.filter { $0.value.upperBound > covered[$0.key] ?? 0 }
        guard !missing.isEmpty else { return }
        let range = EngineLimits.coveredIndices
        let isBusy = coveredAt > .min && uptime() - coveredAt < Self.busyMilliseconds
        ahead = isBusy ? min(ahead * 2, range.upperBound) : max(ahead / 2, range.lowerBound)
        for (key, indices) in missing {
            let count = max(ahead, min(Int64(indices.count), range.upperBound))
            covered[key] = max(covered[key] ?? 0, min(indices.lowerBound + count, 1 << 31))
        }
        do throws(FileError) {
            try write()
        } catch {
            covered = before
            throw error
        }
        coveredAt = uptime()
    }

    private static let busyMilliseconds: Int64 = 1_000

    /// Covers exactly what was handed out.
    mutating func settle(_ next: [String: Int64]) throws(FileError) {
        for (key, index) in next { covered[key] = index }
        try write()
    }

    /// Never more than can be read again.
    private func write() throws(FileError) {
        guard covered.count <= EngineLimits.indexFileKeys else { throw FileError(tooLarge: path) }
        try files.replace(path) { number in
            var writer = JSONWriter()
            writer.object { writer in
                writer.member("quittance_indices", 1)
                writer.member("inode", String(number))
                writer.object("covered") { writer in
                    for (key, index) in covered.sorted(by: { $0.key < $1.key }) { writer.member(key, index) }
                }
            }
            return writer.bytes
        }
    }
}
