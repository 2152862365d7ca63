import Engine
import Storage

extension Bench {
    /// Durable creation against a grouped insert of the same rows, and against committing them one by one.
    func measureCreation() async throws {
        Printer.title("durable POST /v1/payments against inserting the same rows")
        var made: [(connections: Int, http: (load: Load, cost: Double), direct: Load)] = []
        var bare = Bare()
        for connections in [1, 16, 64] {
            let (place, key) = try await sub("create") { _ in }
            let child = try Child(folder: place.folder)
            let http = try await cost(child) { try await create(child, key, connections, from: 0) }
            child.stop()
            if connections == 64 {
                let bed = try await Bed.open(place.folder)
                bare = try await Bare.read(bed.gateway.store, count: http.load.count)
                try await bed.close()
            }
            clean(place.folder)
            made.append((connections, http, try await openDirectly(connections)))
        }
        let single = try await insert(bare, 1)
        Printer.line("rows of one payment", Printer.fixed(bare.rowsEach))
        Printer.load("inserted one commit after the other", single)
        for row in made {
            let grouped = row.connections == 1 ? single : try await insert(bare, row.connections)
            Printer.load("inserted, \(row.connections) at a time", grouped)
            Printer.load(
                "Gateway.open, \(row.connections) at a time", row.direct,
                "\(Printer.fixed(grouped.rate / row.direct.rate))×")
            Printer.load(
                "POST, \(row.connections) connections", row.http.load,
                "\(Printer.fixed(row.http.cost)) µs CPU",
                Printer.ratio(grouped.rate / row.http.load.rate, aim: 2),
                "\(Printer.fixed(row.http.load.rate / single.rate))× of one by one")
        }
    }

    /// Creates payments over HTTP; order numbers begin at `from`.
    func create(_ child: Child, _ key: String, _ connections: Int, from: Int) async throws -> Load {
        try await Load.overHTTP(
            port: child.port, connections: connections, seconds: options.seconds, expecting: 201
        ) { Bed.creation(from + $0, key: key) }
    }

    private func openDirectly(_ tasks: Int) async throws -> Load {
        let (place, _) = try await sub("direct") { bed in
            try await Load.inTasks(tasks, seconds: options.seconds) { try await bed.openPayment($0) }
        }
        clean(place.folder)
        return place.value
    }

    private func insert(_ bare: Bare, _ tasks: Int) async throws -> Load {
        let place = "\(folder)/bare"
        let load = try await bare.store(into: place, tasks: tasks, seconds: options.seconds)
        clean(place)
        return load
    }
}
