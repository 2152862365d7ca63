import Platform

/// Which database the gateway of a data folder works on is in a file beside its key, so that a command that
/// has not been told of it does not work on another one while nothing runs.
extension Configuration {
    private var storageFile: String { data + "/storage" }
    private static let storageBytes = 4_096

    /// Leaves word of the database in force, without a password.
    func noteStorage() throws(FileError) {
        guard try servedStorage() != shownStorage else { return }
        try Files.write(Array((shownStorage + "\n").utf8), to: storageFile)
    }

    /// What the gateway that served last in this folder worked on; nil where none did, or where this user may
    /// not read it.
    func servedStorage() throws(FileError) -> String? {
        do throws(FileError) {
            let bytes = try Files.read(storageFile, maxBytes: Self.storageBytes)
            return String(decoding: bytes.prefix { $0 != 0x0a }, as: UTF8.self)
        } catch {
            guard error.isNotFound || error.isForbidden else { throw error }
            return nil
        }
    }
}
