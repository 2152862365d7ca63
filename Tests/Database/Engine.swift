import Database
import TestKit
import Testing

/// The engines every behaviour is checked on.
enum Engine: String, CaseIterable, CustomTestStringConvertible {
    case sqlite, postgres
    /// SQLite without threads, as a simulation has it.
    case inline

    /// Those where one thing can happen while another one waits.
    static let threaded: [Engine] = [.sqlite, .postgres]

    var testDescription: String { rawValue }
}

/// A place for one database, used by one test.
final class Place: Sendable {
    let location: DatabaseLocation
    private let engine: Engine
    private let folder: TemporaryFolder

    init(_ engine: Engine) async throws {
        self.engine = engine
        folder = try TemporaryFolder()
        switch engine {
        case .postgres:
            let server = try await TestPostgres.shared
            location = .postgres(server.uri, schema: server.freshSchema())
        case .sqlite, .inline: location = .sqlite(folder.file("test.db"))
        }
    }

    /// The location in words, for a child process.
    var words: [String] {
        switch location {
        case .sqlite(let path, _): [path]
        case .postgres(let uri, let schema): [uri, schema ?? ""]
        }
    }

    /// The location that has these words.
    static func location(_ words: [String]) -> DatabaseLocation {
        words.count == 1 ? .sqlite(words[0]) : .postgres(words[0], schema: words[1])
    }

    /// Opens the database there, hands it to `body`, closes it.
    func open<T>(readers: Int = 2, _ body: (Database) async throws -> T) async throws -> T {
        let database = try await Database.open(location, readers: engine == .inline ? 0 : readers)
        do {
            let result = try await body(database)
            await database.close()
            return result
        } catch {
            await database.close()
            throw error
        }
    }
}

/// Opens a fresh database on `engine` with one table, `item (id, name, shop, data)`, and its shops 1 and 2.
func withDatabase(_ engine: Engine, readers: Int = 2, _ body: (Database) async throws -> Void) async throws {
    try await Place(engine).open(readers: readers) { database in
        try await database.migrate(items)
        try await body(database)
    }
}

let items = [
    Migration("shops", [
        "CREATE TABLE shop (id BIGINT PRIMARY KEY)",
        "INSERT INTO shop (id) VALUES (1), (2)",
    ]),
    Migration("items", [
        """
        CREATE TABLE item (
            id BIGINT PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            shop BIGINT REFERENCES shop (id),
            price BIGINT CHECK (price >= 0),
            data {blob})
        """
    ]),
]

/// Checks the number of items that a reader sees.
func expect(
    items expected: Int64, _ database: Database, _ location: SourceLocation = #_sourceLocation
) async throws {
    let row = try await database.read { db in try db.first("SELECT count(*) FROM item") }
    let count = try row?.integer(0)
    #expect(count == expected, sourceLocation: location)
}
