import Chains
package import Domain
package import JSON
import Platform

/// What the sandbox's customer does about one payment.
package enum CustomerAct: Hashable, Sendable {
    case exact
    /// That percent of what is due.
    case under(percent: Int64)
    /// What is due and that percent on top.
    case over(percent: Int64)
    case split(parts: Int64)
    case late
    case duplicate
    case wrongNetwork
    case wrongAsset
    case replace(Substitute)
    /// So many blocks are mined, with this payment's transactions and no others.
    case confirm(blocks: Int64)
    /// The block of the last transaction leaves the chain, and this payment's transactions wait again.
    case takeBack

    /// What comes in the place of a transaction that waits.
    package enum Substitute: Hashable, Sendable {
        case feeBump
        case elsewhere
        case lessAmount(percent: Int64)
    }

    var scenario: SandboxScenario {
        switch self {
        case .exact: .exact
        case .under(let percent): .under(percent: percent)
        case .over(let percent): .over(percent: percent)
        case .split(let parts): .split(parts: parts)
        case .late: .late
        case .duplicate: .duplicate
        case .wrongNetwork: .wrongNetwork
        case .wrongAsset: .wrongAsset
        case .replace(.feeBump): .replace(.feeBump)
        case .replace(.elsewhere): .replace(.elsewhere)
        case .replace(.lessAmount(let percent)): .replace(.lessAmount(percent: percent))
        case .confirm(let blocks): .confirm(blocks: blocks)
        case .takeBack: .takeBack
        }
    }
}

extension PaymentView {
    /// What the sandbox's customer can do wrong: to send what was not offered. Nothing where all of it is.
    package var sandboxMistakes: Set<CustomerAct> {
        guard payment.terms.isTest, let method = quote?.method, let network = SandboxNetwork(method.network)
        else { return [] }
        func hasOthers(_ assets: [Asset]) -> Bool {
            assets.contains { !payment.terms.methods.contains($0.method) && $0.method != method }
        }
        var mistakes: Set<CustomerAct> = []
        if hasOthers(network.other.assets) { mistakes.insert(.wrongNetwork) }
        if hasOthers(network.assets) { mistakes.insert(.wrongAsset) }
        return mistakes
    }
}

/// What happens to the sandbox as a whole. `network` is one of `SandboxAct.networks`.
package enum SandboxAct: Hashable, Sendable {
    case mine(network: String, blocks: Int64)
    case reorg(network: String, depth: Int64, fate: String)
    case evict(network: String, transaction: String)
    case clock(seconds: Int64)
    case fail(network: String)
    case recover(network: String)

    /// The sandbox's networks, the usual one first.
    package static let networks = SandboxNetwork.allCases.map(\.rawValue)
    /// What can become of a transaction whose block leaves the chain.
    package static let fates = SandboxCommand.Fate.allCases.map(\.rawValue)

    func action() throws -> SandboxCommand.Action {
        func place(_ name: String) throws -> SandboxNetwork {
            guard let network = SandboxNetwork(rawValue: name) else {
                throw CommandError.sandbox("The sandbox has no such network.")
            }
            return network
        }
        switch self {
        case .mine(let network, let blocks): return .mine(try place(network), blocks: blocks)
        case .reorg(let network, let depth, let name):
            guard let fate = SandboxCommand.Fate(rawValue: name) else {
                throw CommandError.sandbox("There is no such fate.")
            }
            return .reorg(try place(network), SandboxCommand.Reorg(depth: depth, fate: fate))
        case .evict(let network, let transaction): return .evict(try place(network), txid: transaction)
        case .clock(let seconds): return .clock(advanceSeconds: seconds)
        case .fail(let network): return .fail(try place(network))
        case .recover(let network): return .recover(try place(network))
        }
    }
}

/// What an act in the sandbox has made.
package struct SandboxView: Sendable {
    private let outcomes: [SandboxOutcome]

    init(_ outcomes: [SandboxOutcome]) { self.outcomes = outcomes }

    /// Writes the members of the outcome object.
    package func write(_ writer: inout JSONWriter) {
        writer.member("object", "sandbox_outcome")
        writer.array("transactions", outcomes.flatMap(\.transactions))
        writer.array("gone", outcomes.flatMap(\.gone))
        writer.array("blocks", outcomes.flatMap(\.blocks).map(\.text))
        writer.member("now", outcomes.last.map { Timestamp.text($0.now.milliseconds) })
    }
}

extension Gateway {
    /// Lets the sandbox's customer do something about a test payment; with `blocks`, so many are mined
    /// after it. No caller is the customer's page: see `play`.
    package func act(
        _ act: CustomerAct, for id: ID<Payment>, of caller: Caller?, confirmedBy blocks: Int64
    ) async throws -> SandboxView {
        SandboxView(try await play(act.scenario, for: id, of: caller, confirmedBy: blocks))
    }

    /// Lets something happen to the sandbox as a whole, which every test payment of this instance shares.
    package func act(_ act: SandboxAct) async throws -> SandboxView {
        SandboxView([try await command(try act.action())])
    }
}
