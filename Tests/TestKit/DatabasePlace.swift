package import Database

/// The engines that a behaviour of the store is checked on.
package enum DatabaseEngine: String, CaseIterable, Sendable, CustomStringConvertible {
    case sqlite, postgres

    package var description: String { rawValue }
}

/// A place for one database, used by one test; gone with the value.
package final class DatabasePlace: Sendable {
    /// Where it is.
    package let location: DatabaseLocation
    private let folder: TemporaryFolder

    /// Throws when the folder cannot be made or PostgreSQL does not start.
    package init(_ engine: DatabaseEngine) async throws {
        folder = try TemporaryFolder()
        switch engine {
        case .postgres:
            let server = try await TestPostgres.shared
            location = .postgres(server.uri, schema: server.freshSchema())
        case .sqlite: location = .sqlite(folder.file("test.db"))
        }
    }
}
