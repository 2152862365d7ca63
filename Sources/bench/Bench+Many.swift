import Chains
import Domain
import Platform
import Storage

extension Bench {
    /// What is asked of a gateway with many payments: as fast as an empty one, small, and quick with a block.
    func measureMany() async throws {
        Printer.title("\(options.stored) stored payments")
        let bed = try await Bed.make("\(folder)/many")
        await bed.close()
        let place = "\(folder)/many"
        defer { clean(place) }
        var empty: (load: Load, cost: Double)?
        if options.rows.contains(.flat) {
            let child = try Child(folder: place)
            try await SystemClock().sleep(milliseconds: 1_000)
            let idle = child.residentMiB
            empty = try await cost(child) { try await create(child, bed.key, 64, from: 0) }
            Printer.line(
                "memory idle after start", "\(Printer.fixed(idle)) MiB",
                "(aim 64, \(idle < 64 ? "met" : "MISSED"))")
            Printer.line("memory after the load", "\(Printer.fixed(child.residentMiB)) MiB")
            child.stop()
        }
        try await fill(place, bed)
        if let empty {
            let child = try Child(folder: place)
            try await SystemClock().sleep(milliseconds: 1_000)
            Printer.line("memory idle with them", "\(Printer.fixed(child.residentMiB)) MiB")
            let full = try await cost(child) { try await create(child, bed.key, 64, from: 1 << 40) }
            Printer.line("memory after the load", "\(Printer.fixed(child.residentMiB)) MiB")
            Printer.load(
                "POST, 64 connections, none stored", empty.load, "\(Printer.fixed(empty.cost)) µs CPU")
            let change = full.load.rate / empty.load.rate - 1
            Printer.load(
                "POST, 64 connections, all stored", full.load, "\(Printer.fixed(full.cost)) µs CPU",
                "\(Printer.fixed(change * 100)) % (aim ±20, \(abs(change) <= 0.2 ? "met" : "MISSED"))")
            child.stop()
        }
        if options.rows.contains(.scan) { try await measureScan(place) }
    }

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
        await bed.close()
    }
}
