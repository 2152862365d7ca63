import Engine
import JSON
import Platform
import Storage

extension Demo {
    /// What a case came to.
    struct Row: Sendable {
        let name: String
        let state: String
        let exceptions: String
        /// Nil when all is as it should be.
        var problem: String?
    }

    /// Drives payments through the API, and prints what became of each.
    static func check(_ plan: Plan, _ terminal: Terminal) async throws -> Ending {
        let demo = try await start(plan, terminal)
        let interruption = demo.throwAwayWhenInterrupted()
        defer { interruption.cancel() }
        var rows: [Row] = []
        do {
            let driver = try await Driver(demo)
            for story in Story.all + Story.exceptional {
                terminal.progress("demo: \(story.name)")
                rows.append(await story.tell(driver))
            }
            if plan.hasBitcoin {
                let node = try await RegtestNode(terminal.variables, demo.api)
                for story in Story.bitcoin(node) {
                    terminal.progress("demo: \(story.name)")
                    rows.append(await story.tell(driver))
                }
            }
            rows.append(await driver.kinds())
            rows.append(await driver.webhooks())
            rows.append(try await verified(demo))
        } catch {
            try await demo.stop()
            throw error
        }
        try await demo.stop()
        terminal.say(table(rows))
        for row in rows { if let problem = row.problem { terminal.say("\n\(row.name): \(problem)") } }
        let failures = rows.count { $0.problem != nil }
        terminal.say(
            failures == 0
                ? "\nAll \(rows.count) are as they should be."
                : "\n\(failures) of \(rows.count) are not as they should be.")
        return failures == 0 ? .good : .finding
    }

    private static func verified(_ demo: Demo) async throws -> Row {
        let outcome = try await demo.running.instance.gateway.store.verify()
        return Row(
            name: "verify", state: outcome.isClean ? "agrees" : "differs",
            exceptions: "\(outcome.records) records",
            problem: outcome.isClean
                ? nil : outcome.findings.prefix(5).map(\.description).joined(separator: "\n  "))
    }

    /// Columns with room between them.
    private static func table(_ rows: [Row]) -> String {
        let cells =
            [["case", "state", "exceptions", "ok"]]
            + rows.map { [$0.name, $0.state, $0.exceptions, $0.problem == nil ? "yes" : "NO"] }
        let widths = (0..<4).map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { row in
            zip(row, widths).map { Help.pad($0, $1 + 2) }.joined().trimmingEnd
        }.joined(separator: "\n")
    }
}

extension String {
    fileprivate var trimmingEnd: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
