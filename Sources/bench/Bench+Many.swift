import Chains
import Domain
import Platform
import Storage

extension Bench {
    /// What is asked of a gateway with many payments: as fast as an empty one, small, and quick with a block.
    func measureMany() async throws {
        Printer.title("\(options.stored) stored payments")
        let place = "\(folder)/many"
        let bed = try await Bed.make(place)
        try await bed.close()
        defer { clean(place) }
        if options.rows.contains(.flat) { try await measureIdle(place, "none", bed.key) }
        try await fill(place, bed)
        if options.rows.contains(.flat) {
            try await measureFlatness(place, bed.key)
            try await measureIdle(place, "all", bed.key)
        }
        if options.rows.contains(.scan) { try await measureScan(place) }
    }

    /// Memory with what is stored, before and after a load.
    private func measureIdle(_ place: String, _ stored: String, _ key: String) async throws {
        let child = try Child(folder: place)
        defer { child.stop() }
        try await SystemClock().sleep(milliseconds: 1_000)
        let idle = child.residentMiB
        Printer.line(
            "memory idle, \(stored) stored", "\(Printer.fixed(idle)) MiB",
            "(aim 64, \(idle < 64 ? "met" : "MISSED"))")
        _ = try await create(child, key, 64, from: stored == "none" ? 1 << 42 : 1 << 43)
        Printer.line("memory after a load", "\(Printer.fixed(child.residentMiB)) MiB")
    }

    /// Creation into a new database and into the full one, in turn: what else the machine does meets both.
    private func measureFlatness(_ place: String, _ key: String) async throws {
        var empty: [Double] = []
        var full: [Double] = []
        for pair in 0..<Self.pairs {
            let (fresh, freshKey) = try await sub("fresh") { _ in }
            defer { clean(fresh.folder) }
            empty.append(try await measurePlace(fresh.folder, freshKey, "none stored", from: 0))
            full.append(try await measurePlace(place, key, "all stored", from: (pair + 1) << 36))
        }
        let change = Self.median(full) / Self.median(empty) - 1
        Printer.line(
            "change of the median",
            "\(Printer.fixed(change * 100)) % (aim ±20, \(abs(change) <= 0.2 ? "met" : "MISSED"))")
    }

    private func measurePlace(
        _ place: String, _ key: String, _ stored: String, from: Int
    ) async throws -> Double {
        let child = try Child(folder: place)
        defer { child.stop() }
        Machine.settleDisks()
        let made = try await cost(child) { try await create(child, key, 64, from: from) }
        Printer.load("POST, 64 connections, \(stored)", made.load, "\(Printer.fixed(made.cost)) µs CPU")
        return made.load.rate
    }

    private static let pairs = 3

    private static func median(_ rates: [Double]) -> Double { rates.sorted()[rates.count / 2] }

    /// Stores payments as `Gateway.open` does, many at a time.
    private func fill(_ place: String, _ bed: Bed) async throws {
        let bed = try await bed.reopened(place)
        let left = options.stored
        let tenth = max(1, left / 10)
        var done = 0
        while done < left {
            let part = min(tenth, left - done)
            let from = done + (1 << 30)
            let load = try await Load.inTasks(256, seconds: 0, count: part) {
                try await bed.openPayment(from + $0)
            }
            done += part
            Printer.load("stored \(done)", load)
        }
        try await bed.close()
    }
}
