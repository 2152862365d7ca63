import Domain
import JSON
import Platform
package import Storage

/// A file beside the database that names the last root of the instance. A store that lacks that root was put
/// back to before it, or written anew: then no root is made, for merchants may have been told of others with
/// the same numbers.
///
/// It is written after its root is stored: it may be one behind, and is never ahead.
package struct RootFile: Sendable {
    package let path: String
    private let files: any FileCalls

    init(_ path: String, in files: any FileCalls) {
        self.path = path
        self.files = files
    }

    /// The store is not the one that the file was written beside, or nobody can tell.
    package struct Lost: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    /// What it names; nil where there is none. Throws `FileError`, and `Lost` for what names nothing.
    package func read() throws -> RootName? {
        guard files.exists(path) else { return nil }
        let bytes = try files.read(path, maxBytes: EngineLimits.rootFileBytes)
        guard let json = try? JSON.parse(bytes), json["quittance_root"]?.asNumber?.text == "1",
            let number = (json["number"]?.asNumber?.text).flatMap({ UInt64($0) }),
            let hash = json["hash"]?.asString.flatMap({ Hex.decode($0) })
        else { throw Lost(description: "\(path) names no root") }
        return RootName(scope: Root.instance, number: number, hash: hash)
    }

    /// Names another one. Throws `FileError`.
    func write(_ root: RootName) throws(FileError) {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("quittance_root", 1)
            writer.member("number", root.number)
            writer.member("hash", Hex.encode(root.hash))
        }
        let bytes = writer.bytes
        try files.replace(path) { _ in bytes }
    }

    /// Forgets what it names: the store is, from here on, the one to go on with. Throws `FileError`.
    func forget() throws(FileError) {
        if files.exists(path) { try files.remove(path) }
    }
}
