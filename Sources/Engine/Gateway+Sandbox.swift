package import Chains
package import Domain
import Platform
package import Storage

extension Gateway {
    /// Lets the sandbox's customer do something about a test payment.
    ///
    /// Throws `CommandError.sandbox` where it makes no sense, and `notFound` for a payment that is not on the
    /// sandbox.
    package func play(
        _ scenario: SandboxScenario, for id: ID<Payment>, of caller: Caller?, confirmedBy blocks: Int64 = 0
    ) async throws -> [SandboxOutcome] {
        guard let sandbox else { throw CommandError.sandbox("The sandbox is switched off.") }
        let payment = try await store.read { try self.payment(id, for: caller, $0) }
        guard payment.terms.isTest, let quote = payment.evidence.currentQuote,
            let network = SandboxNetwork(quote.method.network)
        else {
            throw CommandError.sandbox(
                "This payment has no destination on the sandbox. Choose a method first.")
        }
        let view = view(payment, personal: nil)
        let real = world.clock.now
        let lastSight = quote.endsAt.adding(seconds: payment.terms.policy.graceSeconds)
        let latest = sandbox.latest(to: quote.destination.script, on: network)
        let subject = SandboxScenario.Subject(
            method: quote.method, address: quote.destination.address,
            amountDue: view.remaining.flatMap { $0 > 0 ? $0 : nil } ?? quote.amountDue,
            offered: Set(payment.terms.methods),
            secondsLeft: (lastSight.milliseconds - sandbox.now(at: real).milliseconds) / 1_000,
            pooled: latest?.standing == .pooled ? latest?.txid : nil)
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

    /// Each command is rehearsed, stored, and applied: what is not in the journal has not happened.
    private func drive(_ commands: [SandboxCommand]) async throws -> [SandboxOutcome] {
        guard let sandbox else { throw CommandError.sandbox("The sandbox is switched off.") }
        let outcomes = try await store.write { tx in
            var sequence = try tx.nextJournalSequence()
            var outcomes: [SandboxOutcome] = []
            for command in commands {
                let text = command.json
                do throws(ChainFault) {
                    outcomes.append(try sandbox.apply(command))
                } catch {
                    // What was applied before stays true: its lines are in the journal of this transaction.
                    if outcomes.isEmpty { throw CommandError.sandbox(error.detail) }
                    break
                }
                try tx.appendJournal(text, sequence: sequence)
                sequence += 1
            }
            return outcomes
        }
        changes.publish([])
        return outcomes
    }

    /// Brings the sandbox to where its journal left it. Once, before anything else uses it.
    package static func replaySandbox(from store: Store) async throws -> SandboxWorld {
        var commands: [SandboxCommand] = []
        var last: Int64 = 0
        while true {
            let from = last
            let lines = try await store.read { try $0.journal(after: from, limit: 1_000) }
            guard let end = lines.last else { break }
            for line in lines { commands.append(try SandboxCommand(json: line.command)) }
            last = end.sequence
        }
        return try SandboxWorld(replaying: commands)
    }
}
