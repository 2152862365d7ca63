/// PostgreSQL through libpq.
struct PostgresDriver: Driver {
    let uri: String
    let schema: String?

    init(uri: String, schema: String?) throws(DatabaseError) {
        self.uri = uri
        self.schema = schema
    }

    var reconnects: Bool { true }

    func connect(_ role: Role) throws(DatabaseError) -> any Session {
        throw .misuse("PostgreSQL is not there yet")
    }
}
