import Platform
import Simulator

extension Command {
    static let simulate = Command(
        name: "simulate", summary: "put this gateway through a simulated world",
        about: """
            Runs the real rules, engine and store in a world that is made up from a seed: networks that
            reorganise, nodes that lie, customers who pay anything but the amount, receivers that fail, a disk
            that loses power, a clock that steps. After each step what the gateway says is compared with a
            model that knows what really happened; at last everything is mended, and the gateway has to come
            to rest with nothing lost, owed or stuck, and “verify” has to agree.

            The same seed gives the same story, on every machine. Where something is wrong, the smallest story
            that still shows it is printed as a command.

            Ends with 0 when all was well, and with 1 when not, or when a long run never met what it should.
            """,
        options: [
            Option(name: "seed", value: "S", about: "Where to begin. Default: a number by chance."),
            Option(name: "payments", value: "N", about: "Payments to simulate. Default: 1000."),
            Option(
                name: "without", value: "FAULTS",
                about: "Faults to leave out, with commas between:\n" + faults(perLine: 4)),
            Option(name: "jobs", value: "N", about: "Worlds at a time. Default: 2."),
            Option(
                name: "acts",
                about: "Print the last acts of the first world that fails, as it is; make no\nsmaller one."),
        ],
        examples: ["quittance simulate --payments 5000", "quittance simulate --seed 7 --payments 100 --acts"],
        run: { arguments, terminal in
            let folder = (terminal.variables["TMPDIR"] ?? "/tmp")
                + "/quittance-simulation-" + Hex.encode(SystemEntropy().bytes(8))
            let campaign = try campaign(arguments, folder: folder)
            try Files.makeFolder(folder)
            let ending: Result<Ending, any Error>
            do {
                ending = .success(try await run(campaign, showsActs: arguments.has("acts"), terminal))
            } catch {
                ending = .failure(error)
            }
            try Files.removeFolder(folder)
            return try ending.get()
        })

    private static func faults(perLine count: Int) -> String {
        let names = Dials.named.map(\.name)
        return stride(from: 0, to: names.count, by: count)
            .map { names[$0..<min($0 + count, names.count)].joined(separator: ", ") }
            .joined(separator: ",\n")
    }

    private static func campaign(_ arguments: Arguments, folder: String) throws -> Campaign {
        func number(_ option: String, _ range: ClosedRange<Int64>, _ standard: Int64) throws -> Int64 {
            guard let text = arguments[option] else { return standard }
            do throws(Setting.Flaw) {
                return try Setting.number(text, range)
            } catch {
                throw WrongUse("--\(option): \(error.reason).")
            }
        }
        var dials = Dials()
        for name in arguments.all("without") {
            guard Dials.named.contains(where: { $0.name == name }) else {
                throw WrongUse(
                    "--without: there is no fault “\(name)”.", hint: "See “quittance simulate --help”.")
            }
            dials.without.insert(name)
        }
        let chance = Int64(SystemEntropy().number(below: 1_000_000_000))
        return Campaign(
            seed: UInt64(try number("seed", 0...Int64.max, chance)),
            payments: Int(try number("payments", Campaign.paymentBounds, 1_000)), dials: dials,
            lanes: Int(try number("jobs", Campaign.laneBounds, 2)), folder: folder)
    }

    private static func run(
        _ campaign: Campaign, showsActs: Bool, _ terminal: Terminal
    ) async throws -> Ending {
        terminal.say("\(campaign.payments) payments from seed \(campaign.seed) on")
        let clock = SystemClock()
        let began = clock.uptime
        let report = try await campaign.run { done, all in
            if done * 20 / all > (done - 1) * 20 / all {
                terminal.progress("simulate: \(done) of \(all) worlds")
            }
        }
        if let failure = report.failure {
            if showsActs { for act in failure.acts { terminal.say("  \(act)") } }
            terminal.say("seed \(failure.seed): \(failure.problem ?? "")")
            if showsActs { return .finding }
            let (dials, small) = try await campaign.shrink(failure)
            if small.problem != failure.problem { terminal.say("made smaller: \(small.problem ?? "")") }
            terminal.say(Campaign.command(for: small, dials))
            return .finding
        }
        tell(report, milliseconds: max(clock.uptime - began, 1), terminal)
        let missing = report.tally.payments >= Campaign.demandingPayments ? report.tally.missing : []
        guard missing.isEmpty else {
            terminal.say("This run shows nothing about what it never met: \(missing.joined(separator: ", "))")
            return .finding
        }
        return .good
    }

    private static func tell(_ report: Campaign.Report, milliseconds: Int64, _ terminal: Terminal) {
        let tally = report.tally
        for (title, counts) in [("what went wrong", tally.faultCounts), ("what was met", tally.counts)] {
            terminal.say(title)
            let width = (counts.keys.map(\.count).max() ?? 0) + 2
            for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
                terminal.say("  " + Help.pad(name, width) + "\(count)")
            }
        }
        func perPayment(_ count: Int) -> String {
            let tenths = count * 10 / max(tally.payments, 1)
            return "\(tenths / 10).\(tenths % 10)"
        }
        terminal.say(
            """
            \(tally.states) states and \(tally.edges) edges between them, \(tally["acts"]) acts
            \(tally.payments) payments in \(report.worlds) worlds, \(tally.faults) faults \
            (\(perPayment(tally.faults)) for each), \(milliseconds / 1_000) s, \
            \(Int64(tally.payments) * 1_000 / milliseconds) payments a second
            trace \(report.trace)
            """)
    }
}
