import Database
import Domain
import Engine
import Platform
import Storage

extension Simulation {
    /// Runs it whole. Throws `Failure` with what must not be.
    func run() async throws {
        var opened = 0
        while opened < payments || orders.contains(where: { !$0.plan.isEmpty }) {
            let isOpening = opened < payments && dice.chance(120)
            if isOpening { opened += 1 }
            if machine.gateways.count > 1 { machine.active = dice.number(in: 0...machine.gateways.count - 1) }
            try await survive { isOpening ? try await self.open(opened) : try await self.act() }
            try await hearken()
        }
        try await settle()
        try await check()
    }

    /// One thing that happens.
    private func act() async throws {
        count("acts")
        switch dice.number(in: 0...199) {
        case 0...51: try await customerActs()
        case 52...65: mine()
        case 66...115: try await hear(someNetwork())
        case 116...123: try await tick()
        case 124...132: try await deliver()
        case 133...147: pass(seconds: dice.number(in: 1...dice.number(in: 2...240)))
        case 148...157: try await somebodyDecides()
        case 158: if dice.chance(500) { try await compareAll() }
        case 159...160: machine.store.database.rest()
        default:
            somethingFails()
            if machine.gateways.count > 1 { try await processFails() }
        }
    }

    /// One of the networks: most of the time the first one, as most customers choose.
    func someNetwork() -> Int { dice.chance(750) ? 0 : dice.number(in: 0...networks.count - 1) }

    /// Does something during which the machine may fail. What a failed machine does next is to start again.
    private func survive(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let failure as Failure {
            throw failure
        } catch {
            count(fault: "broken off")
            note("broken off: \(error)")
            if let error = error as? DatabaseError, !error.isTransient { isBroken = true }
        }
        // After an error of the disk nothing is stored any more until the process has begun again.
        if machine.disk.isDead || isBroken { try await begin(after: loss()) }
    }

    /// Starts the process again, however often that takes.
    ///
    /// - Parameter isCalm: nothing goes wrong with the disk this time.
    func begin(after loss: PowerLoss, isCalm: Bool = false) async throws {
        isBroken = false
        for round in 0..<Limits.settlingRounds {
            let fault = round < 3 && !isCalm ? startingFault() : nil
            note("restart \(loss) \(fault.map { "\($0.0) at \($0.at)" } ?? "")")
            do {
                try await machine.restart(after: loss, failing: fault)
                count("restarts")
                return
            } catch let error as DatabaseError {
                note("no start: \(error)")
                count(fault: "starts that failed")
                machine.disk.setFull(false)
            }
        }
        throw Failure(problem: "the process cannot be started any more")
    }

    /// What goes wrong with the disk while a process begins again. A start writes little.
    private func startingFault() -> (DiskFault, at: Int)? {
        guard dice.chance((dials.crashes + dials.diskErrors) * 6) else { return nil }
        return (dice.pick(DiskFault.allCases) ?? .crash, dice.number(in: 0...6))
    }

    func loss() -> PowerLoss {
        guard dice.chance(dials.powerLosses) else { return .none }
        count(fault: "power losses")
        switch dice.number(in: 0...3) {
        case 0: return .all
        case 1: return .after(permille: dice.number(in: 0...1_000))
        default: return .torn(seed: dice.next())
        }
    }
}
