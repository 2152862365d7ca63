package import Chains
package import Domain
import Platform
package import Storage

extension Gateway {
    /// Lets the sandbox's customer do something about a test payment.
    ///
    /// It concerns that payment only: other payments see at most that blocks were mined. To be late is to
    /// move the clock of them all, so a customer's page (no `caller`) can do it only where the settings say
    /// so.
    ///
    /// Throws `CommandError.sandbox` where it makes no sense, and `notFound` for a payment that is not there.
    package func play(
        _ scenario: SandboxScenario, for id: ID<Payment>, of caller: Caller?, confirmedBy blocks: Int64 = 0
    ) async throws -> [SandboxOutcome] {
        let sandbox = try playground()
        let payment = try await settingAside(id, for: caller) {
            try await self.store.read { tx in
                try self.followSandbox(tx)
                return try self.payment(id, for: caller, tx)
            }
        }
        guard payment.terms.isTest, let quote = payment.evidence.currentQuote,
            let network = SandboxNetwork(quote.method.network)
        else {
            throw CommandError.sandbox(
                "This payment has no destination on the sandbox. Choose a method first.")
        }
        let view = view(payment, personal: nil)
        let real = world.clock.now
        let lastSight = quote.endsAt.adding(seconds: payment.terms.policy.graceSeconds)
        let ledger = sandbox.ledger
        // What was sent to the address of an earlier quote is this payment's as well.
        let old = payment.evidence.quotes.filter { old in
            old.id != quote.id && SandboxNetwork(old.method.network) != nil
        }
        let scripts = [quote.destination.script] + old.map(\.destination.script)
        let subject = SandboxScenario.Subject(
            method: quote.method, address: quote.destination.address,
            oldAddresses: old.map(\.destination.address),
            amountDue: view.amounts.flatMap { $0.remaining > 0 ? $0.remaining : nil } ?? quote.amountDue,
            offered: Set(payment.terms.methods),
            secondsLeft: (lastSight.milliseconds - ledger.now(at: real).milliseconds) / 1_000,
            pooled: ledger.pooled(to: scripts, on: network),
            alsoWaits: SandboxNetwork.allCases.filter { other in
                other != network && ledger.pooled(to: scripts, on: other) != nil
            },
            mined: ledger.takenBack(from: scripts, on: network))
        if scenario == .late, caller == nil, subject.secondsLeft >= 0, !settings.pagesMoveSandboxClock {
            throw CommandError.sandbox(
                "The time to pay is not over yet, and the sandbox's clock belongs to all test payments. "
                    + "Move it with POST /v1/sandbox/clock, or wait.")
        }
        let commands: [SandboxCommand]
        do throws(ChainFault) {
            commands = try scenario.commands(for: subject, at: real, confirmedBy: blocks)
        } catch {
            throw CommandError.sandbox(error.detail)
        }
        return try await drive(commands)
    }

    /// Does something to the sandbox as a whole: mines, reorganises, moves its clock, lets its node fail.
    package func command(_ action: SandboxCommand.Action) async throws -> SandboxOutcome {
        let outcomes = try await drive([SandboxCommand(at: world.clock.now, action)])
        guard let outcome = outcomes.last else { throw CommandError.sandbox("Nothing was done.") }
        return outcome
    }

    /// The sandbox, where something can be done to it.
    private func playground() throws(CommandError) -> SandboxWorld {
        guard let sandbox else { throw CommandError.sandbox("The sandbox is switched off.") }
        if sandbox.damage != nil {
            throw CommandError.sandbox("The sandbox stands still: what was kept of it is damaged.")
        }
        return sandbox
    }

    /// Tries commands on a copy of the world, stores them, and lets the world go on to the copy then.
    ///
    /// One command of a process at a time, and on a snapshot: the one writer, which all live payments wait
    /// for, only appends lines, and whoever comes next begins where this one ended. Where another process
    /// was faster it is tried again.
    ///
    /// Throws `sandboxBusy` where too many wait, or other processes are faster all the time.
    ///
    /// *Atomicity*: all of them or none. *On failure*: the world is as it was: what is not in the journal has
    /// not happened. Where a commit's outcome is unknown, the next command finds its lines and goes on from
    /// them.
    func drive(_ commands: [SandboxCommand]) async throws -> [SandboxOutcome] {
        let sandbox = try playground()
        let outcomes: [SandboxOutcome]
        do {
            outcomes = try await players.pass { try await self.carryOut(commands, in: sandbox) }
        } catch is Turnstile.Full {
            throw CommandError.sandboxBusy
        }
        changes.publish(.sandbox)
        return outcomes
    }

    private func carryOut(
        _ commands: [SandboxCommand], in sandbox: SandboxWorld
    ) async throws -> [SandboxOutcome] {
        for _ in 0..<EngineLimits.sandboxTries {
            world.metrics.sandboxTries.add()
            let draft = try await store.read { try self.draft(commands, in: sandbox, $0) }
            let isStored = try await store.write { tx in
                guard try tx.sandboxSequence() == draft.base else { return false }
                try draft.store(tx)
                return true
            }
            guard isStored else { continue }
            sandbox.adopt(draft.ledger)
            return draft.outcomes
        }
        throw CommandError.sandboxBusy
    }

    /// Applies commands to a copy of the world as the store tells it. Throws `CommandError.sandbox` for what
    /// makes no sense there.
    private func draft(
        _ commands: [SandboxCommand], in sandbox: SandboxWorld, _ tx: Storage.Transaction
    ) throws -> SandboxDraft {
        var ledger = sandbox.ledger
        try Self.catchUp(&ledger, tx)
        var draft = SandboxDraft(base: ledger.sequence, kept: try tx.keptSandboxSequence(), ledger: ledger)
        for command in commands {
            do throws(ChainFault) {
                draft.outcomes.append(try draft.ledger.apply(command))
            } catch {
                throw CommandError.sandbox(error.detail)
            }
            draft.steps.append(.command(command.json, sequence: draft.ledger.sequence))
            if draft.isToBeCut { try cut(&draft, tx) }
        }
        return draft
    }

    /// The world is cut to what can still be asked for, and kept instead of its commands.
    private func cut(_ draft: inout SandboxDraft, _ tx: Storage.Transaction) throws {
        var cut = draft.ledger
        for network in SandboxNetwork.allCases {
            guard let row = try tx.source(of: network.name), let height = row.height, let block = row.block
            else { continue }
            cut.cut(network, absorbed: Cursor(height: height, block: block))
        }
        let state = cut.json
        guard state.utf8.count <= SandboxLimits.worldBytes else {
            world.log.warning("the sandbox is too large to be kept whole \("bytes", state.utf8.count)")
            return
        }
        draft.steps.append(.whole(state, sequence: cut.sequence))
        draft.kept = cut.sequence
        draft.ledger = cut
    }

    /// Takes in what is stored behind a state: after a start, after a commit whose outcome was unknown, and
    /// what other processes did.
    private static func catchUp(_ ledger: inout SandboxLedger, _ tx: Storage.Transaction) throws {
        let kept = try tx.keptSandboxSequence()
        if kept > ledger.sequence, let state = try tx.keptSandbox() { ledger = try whole(state, kept) }
        while true {
            let lines = try tx.journal(after: ledger.sequence, limit: EngineLimits.journalLines)
            if lines.isEmpty { return }
            for line in lines {
                guard line.sequence == ledger.sequence + 1 else {
                    throw Corruption("sandbox_journal: command \(ledger.sequence + 1) is missing")
                }
                _ = try ledger.apply(try SandboxCommand(json: line.command))
            }
        }
    }

    /// The world as it was kept whole at a command.
    private static func whole(_ state: String, _ sequence: Int64) throws(Corruption) -> SandboxLedger {
        let ledger: SandboxLedger
        do throws(ChainFault) {
            ledger = try SandboxLedger(json: state)
        } catch {
            throw Corruption("sandbox_state: \(error.detail)")
        }
        guard ledger.sequence == sequence else {
            throw Corruption("sandbox_state: it is of command \(ledger.sequence), and filed at \(sequence)")
        }
        return ledger
    }

    /// Takes in what other processes did in the sandbox, so that what is asked of it here is asked of the
    /// same world. Where nobody else writes to the store there is nothing to take in.
    ///
    /// Where that does not read, the sandbox stands still from now on: live money is followed by the same
    /// loops, and play money must not be able to stop them.
    func followSandbox(_ tx: Storage.Transaction) throws {
        guard let sandbox, !store.isExclusive, sandbox.damage == nil else { return }
        var ledger = sandbox.ledger
        if let damage = try Self.damage(catchingUp: &ledger, tx) {
            if sandbox.stop(damage) { world.log.error("the sandbox stands still \("reason", damage)") }
        }
        sandbox.adopt(ledger)
    }

    /// The same in a transaction of its own. Gives whether there was anything.
    @discardableResult
    package func followSandbox() async throws -> Bool {
        guard let sandbox, !store.isExclusive else { return false }
        let before = sandbox.ledger.sequence
        try await store.read { try self.followSandbox($0) }
        return sandbox.ledger.sequence > before
    }

    /// The time that counts for a payment, also where another process has moved the sandbox's clock.
    func now(isTest: Bool, _ tx: Storage.Transaction) throws -> Instant {
        if isTest { try followSandbox(tx) }
        return now(isTest: isTest)
    }

    /// The sandbox as its store tells it. Once, before anything else uses it. What does not read leaves a
    /// world with `damage`, which stands still where its story breaks off.
    package static func replaySandbox(from store: Store) async throws -> SandboxWorld {
        try await store.read { tx in
            var ledger = SandboxLedger()
            let damage = try damage(catchingUp: &ledger, tx)
            return SandboxWorld(ledger, damage: damage)
        }
    }

    /// Takes in what is stored behind a state, as far as it reads. Gives what is wrong with the rest; nil
    /// when nothing is.
    private static func damage(
        catchingUp ledger: inout SandboxLedger, _ tx: Storage.Transaction
    ) throws -> String? {
        do {
            try catchUp(&ledger, tx)
            return nil
        } catch let corruption as Corruption {
            return "\(corruption)"
        } catch let fault as ChainFault {
            return "sandbox_journal, behind command \(ledger.sequence): \(fault.detail)"
        } catch where Store.isAboutRows(error) {
            return "sandbox_journal or sandbox_state: \(error)"
        }
    }
}

/// Commands that were tried on a world, and what is to be stored for them to have happened.
private struct SandboxDraft: Sendable {
    enum Step: Sendable {
        case command(String, sequence: Int64)
        case whole(String, sequence: Int64)
    }

    /// The last command that is stored.
    let base: Int64
    /// The last command in what was kept whole.
    var kept: Int64
    var ledger: SandboxLedger
    var outcomes: [SandboxOutcome] = []
    var steps: [Step] = []

    init(base: Int64, kept: Int64, ledger: SandboxLedger) {
        self.base = base
        self.kept = kept
        self.ledger = ledger
    }

    /// Every so many commands; sooner where they have mined many blocks.
    var isToBeCut: Bool {
        let every = ledger.isLong ? SandboxLimits.longChainCommands : SandboxLimits.journalCommands
        return (ledger.sequence - kept).isMultiple(of: every)
    }

    func store(_ tx: Storage.Transaction) throws {
        for step in steps {
            switch step {
            case .command(let line, let sequence): try tx.appendJournal(line, sequence: sequence)
            case .whole(let state, let sequence): try tx.keepSandbox(state, sequence: sequence)
            }
        }
    }
}

extension Metrics {
    var sandboxTries: Counter {
        counter(
            "quittance_sandbox_tries_total",
            help: "Times that commands to the sandbox were worked out; once each, but for other processes.")
    }
}
