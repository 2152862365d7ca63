import Domain
import Engine
import Platform

extension Bench {
    /// Payments that are polled at the same time: those that a shop, its support and its customers look at.
    private static let polled = 1_000
    /// Payments that are read in turn, far more than are kept as they went out.
    private static let spread = 50_000

    /// What a payment that was asked for before costs, and one that was not, against an answer that needs
    /// nothing.
    func measureReading() async throws {
        Printer.title("GET /v1/payments/{id} against a bare server's hello")
        let count = max(1, min(options.stored, Self.spread))
        let (place, key) = try await sub("get") { bed in
            let ids = Lock<[String]>([])
            _ = try await Load.inTasks(256, seconds: 0, count: count) { number in
                try await bed.openPayment(number) { view in ids.withLock { $0.append(view.payment.id.text) } }
            }
            return ids.withLock { $0 }
        }
        let child = try Child(folder: place.folder)
        defer { clean(place.folder) }
        defer { child.stop() }
        let requests = place.value.map { Bed.reading("/v1/payments/\($0)", key: key) }
        let polled = min(Self.polled, requests.count)
        let hello = Bed.reading("/", key: key)
        for connections in [1, 16, 64] {
            let bare = try await read(child.helloPort, child, connections) { _ in hello }
            let hot = try await read(child.port, child, connections) { requests[$0 % polled] }
            let cold = try await read(child.port, child, connections) { requests[$0 % requests.count] }
            Printer.load(
                "hello, \(connections) connections", bare.load, "\(Printer.fixed(bare.cost)) µs CPU")
            Printer.load(
                "hot, \(polled) polled, \(connections) connections", hot.load,
                "\(Printer.fixed(hot.cost)) µs CPU",
                Printer.ratio(bare.load.rate / hot.load.rate, aim: 2))
            Printer.load(
                "cold, \(requests.count) in turn, \(connections) connections", cold.load,
                "\(Printer.fixed(cold.cost)) µs CPU",
                "\(Printer.fixed(bare.load.rate / cold.load.rate))×")
        }
    }

    private func read(
        _ port: Int, _ child: Child, _ connections: Int, _ request: @escaping @Sendable (Int) -> [UInt8]
    ) async throws -> (load: Load, cost: Double) {
        try await cost(child) {
            try await Load.overHTTP(
                port: port, connections: connections, seconds: options.seconds, expecting: 200, request)
        }
    }
}
