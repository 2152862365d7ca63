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
                name: "rules",
                about: "Tell stories to the rules alone, without engine, store and worlds,\n"
                    + "and measure how fast the rules take them."),
            Option(
                name: "acts",
                about: "Print the last acts of the first world that fails, as it is; make no\nsmaller one."),
        ],
        examples: [
            "quittance simulate --payments 5000", "quittance simulate --seed 7 --payments 100 --acts",
            "quittance simulate --rules --payments 20000",
        ],
        run: { arguments, terminal in
            if arguments.has("rules") { return try await runRules(arguments, terminal) }
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

    /// Where to begin, how much, and on how many cores.
    private static func extent(
        _ arguments: Arguments
    ) throws -> (seed: UInt64, payments: Int, lanes: Int) {
        func number(_ option: String, _ range: ClosedRange<Int64>, _ standard: Int64) throws -> Int64 {
            guard let text = arguments[option] else { return standard }
            do throws(Setting.Flaw) {
                return try Setting.number(text, range)
            } catch {
                throw WrongUse("--\(option): \(error.reason).")
            }
        }
        let chance = Int64(SystemEntropy().number(below: 1_000_000_000))
        return (
            UInt64(try number("seed", 0...Int64.max, chance)),
            Int(try number("payments", Campaign.paymentBounds, 1_000)),
            Int(try number("jobs", Campaign.laneBounds, 2))
        )
    }

    private static func campaign(_ arguments: Arguments, folder: String) throws -> Campaign {
        var dials = Dials()
        for name in arguments.all("without") {
            guard Dials.named.contains(where: { $0.name == name }) else {
                throw WrongUse(
                    "--without: there is no fault “\(name)”.", hint: "See “quittance simulate --help”.")
            }
            dials.without.insert(name)
        }
        let (seed, payments, lanes) = try extent(arguments)
        return Campaign(seed: seed, payments: payments, dials: dials, lanes: lanes, folder: folder)
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
        let isLong = report.tally.payments >= Campaign.demandingPayments
        return met(isLong ? Tally.sometimes : [], report.tally, terminal)
    }

    /// A long run that never met what it should is a finding.
    private static func met(_ names: [String], _ tally: Tally, _ terminal: Terminal) -> Ending {
        let missing = tally.missing(of: names)
        if missing.isEmpty { return .good }
        terminal.say("This run shows nothing about what it never met: \(missing.joined(separator: ", "))")
        return .finding
    }

    private static func runRules(_ arguments: Arguments, _ terminal: Terminal) async throws -> Ending {
        if let option = ["without"].first(where: { !arguments.all($0).isEmpty }) {
            throw WrongUse("--\(option) goes with worlds, not with --rules.")
        }
        let (seed, payments, lanes) = try extent(arguments)
        terminal.say("\(payments) payments from seed \(seed) on, the rules alone")
        let report = try await RuleCampaign(seed: seed, payments: payments, lanes: lanes).run { done, all in
            if done * 20 / all > (done - 1) * 20 / all {
                terminal.progress("simulate: \(done) of \(all) lots of stories")
            }
        }
        if let failure = report.failure {
            if arguments.has("acts") { for act in failure.acts { terminal.say("  \(act)") } }
            terminal.say("seed \(failure.seed): \(failure.problem)")
            terminal.say(RuleCampaign.command(for: failure.seed))
            return .finding
        }
        tell(report.tally, terminal)
        terminal.say(
            """
            \(reached(report.tally)); \(report.tally["compared"]) comparisons with the oracle
            \(report.tally.payments) payments, \(report.events) events, \(report.tally.faults) faults; \
            the rules alone took \(report.eventsInASecond) events a second on one core
            """)
        let isLong = report.tally.payments >= RuleCampaign.demandingPayments
        return met(isLong ? RuleCampaign.sometimes : [], report.tally, terminal)
    }

    private static func reached(_ tally: Tally) -> String {
        "\(tally.states) states, and \(tally.edges) of \(Tally.allowedEdges) edges between them"
    }

    /// How often each thing came.
    private static func tell(_ tally: Tally, _ terminal: Terminal) {
        for (title, counts) in [("what went wrong", tally.faultCounts), ("what was met", tally.counts)] {
            terminal.say(title)
            let width = (counts.keys.map(\.count).max() ?? 0) + 2
            for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
                terminal.say("  " + Help.pad(name, width) + "\(count)")
            }
        }
    }

    private static func tell(_ report: Campaign.Report, milliseconds: Int64, _ terminal: Terminal) {
        let tally = report.tally
        Self.tell(tally, terminal)
        func perPayment(_ count: Int) -> String {
            let tenths = count * 10 / max(tally.payments, 1)
            return "\(tenths / 10).\(tenths % 10)"
        }
        terminal.say(
            """
            \(reached(tally)); \(tally["acts"]) acts
            \(tally.payments) payments in \(report.worlds) worlds; \(tally.faults) faults, \
            \(perPayment(tally.faults)) for each, \(perPayment(tally.otherFaults)) of them no failed delivery
            \(milliseconds / 1_000) s, \(Int64(tally.payments) * 1_000 / milliseconds) payments a second
            trace \(report.trace)
            """)
    }
}
