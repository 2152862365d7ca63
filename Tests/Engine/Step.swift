import Chains
import Domain
import Engine
import Storage
import TestKit

/// One thing that somebody does about a payment.
enum Step: Sendable {
    /// The sandbox's customer does it; then so many blocks come.
    case play(SandboxScenario, mined: Int64 = 0)
    /// The customer pays so many thousandths of what is due, and a block takes it.
    case pay(thousandths: UInt128)
    case command(SandboxCommand.Action)
    /// The customer's last transaction leaves the pool.
    case evict
    /// The sandbox's clock goes on.
    case wait(seconds: Int64)
    case cancel
    case claim(String)
    case report(String)
    case accept
    /// A person settles the open exception of that kind.
    case rule(Exception.Kind, Exception.Action)
    case choose(String)
    /// The gateway is down while these happen.
    case unheard([Step])

    static func reorg(depth: Int64, fate: SandboxCommand.Fate) -> Step {
        .command(.reorg(.sandbox, SandboxCommand.Reorg(depth: depth, fate: fate)))
    }
}

extension House {
    /// Takes the steps, hearing of each before the next; with `crashes`, the process dies around each.
    func take(_ steps: [Step], for id: ID<Payment>, crashes: Bool = false) async throws {
        for step in steps {
            try await act(step, for: id)
            if crashes { try await reopen() }
            try await follow()
            if crashes { try await reopen() }
        }
    }

    private func act(_ step: Step, for id: ID<Payment>) async throws {
        switch step {
        case .play(let scenario, let blocks):
            _ = try await gateway.play(scenario, for: id, of: caller, confirmedBy: blocks)
        case .pay(let thousandths):
            let quote = try await quote(of: id)
            let output = SandboxCommand.Output(
                script: quote.destination.script, asset: quote.method.asset,
                amount: quote.amountDue * thousandths / 1_000)
            _ = try await gateway.command(.pay(.sandbox, [output], isMined: true))
        case .command(let action): _ = try await gateway.command(action)
        case .evict:
            let script = try await quote(of: id).destination.script
            guard let sight = gateway.sandbox?.ledger.latest(to: script, on: .sandbox) else {
                throw TestKitError("nothing to evict")
            }
            _ = try await gateway.command(.evict(.sandbox, txid: sight.txid))
        case .wait(let seconds): _ = try await gateway.command(.clock(advanceSeconds: seconds))
        case .unheard(let steps): for step in steps { try await act(step, for: id) }
        case .cancel, .claim, .report, .accept, .rule, .choose: try await ask(step, for: id)
        }
    }

    /// What the merchant does.
    private func ask(_ step: Step, for id: ID<Payment>) async throws {
        switch step {
        case .cancel: _ = try await gateway.cancel(id, by: caller, cause: "test", answering())
        case .claim(let action):
            _ = try await gateway.claimFulfilment(
                of: id, action: action, by: caller, cause: "test", answering())
        case .report(let action):
            _ = try await gateway.reportFulfilment(
                of: id, action: action, by: caller, cause: "test", answering())
        case .accept:
            _ = try await gateway.accept(id, reason: "because", by: caller, cause: "test", answering())
        case .rule(let kind, let action):
            guard let exception = try await payment(id).openExceptions.first(where: { $0.kind == kind })
            else {
                throw TestKitError("no open \(kind)")
            }
            _ = try await gateway.rule(
                exception.id, NewRuling(action: action, reason: "because"), by: caller, cause: "test",
                answering())
        case .choose(let asset):
            _ = try await gateway.choose(
                try method(asset), for: id, by: caller.actor, of: caller, cause: "test", answering())
        case .play, .pay, .command, .evict, .wait, .unheard: break
        }
    }

    func quote(of id: ID<Payment>) async throws -> Quote {
        guard let quote = try await payment(id).evidence.currentQuote else {
            throw TestKitError("no quote")
        }
        return quote
    }
}
