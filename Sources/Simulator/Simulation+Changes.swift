import Crypto
import Domain
import Engine
import Platform

/// What holds for payments to come changes while others are under way.
extension Simulation {
    func change() async throws {
        switch mustRotate ? 0 : dice.number(in: 0...3) {
        case 0: try await rotateSecret()
        case 1: try await changeRules()
        default: try await changeRates()
        }
    }

    /// Each rate moves by up to a tenth.
    private func changeRates() async throws {
        let next = rates.map { known in
            max((known.last ?? 0) * UInt128(dice.number(in: 900...1_100)) / 1_000, 5_000)
        }
        note("rates \(next)")
        for (network, rate) in next.enumerated() { rates[network].append(rate) }
        try await machine.gateway.setFixedRates(try Self.table(networks, next))
        rates = next.map { [$0] }
        count("rates changed")
    }

    private func changeRules() async throws {
        note("rules")
        let next = Agreement.drawn(&dice, networks: networks.count)
        agreements.append(next)
        _ = try await machine.gateway.setPolicy(
            next.policy(networks.map(\.method)), by: caller, cause: "simulation",
            Answering(key: nil) { _ in Reply(status: 200, body: []) })
        agreements = [next]
        count("rules changed")
    }

    /// The merchant's server asks for a new secret, until it has got one.
    func rotateSecret() async throws {
        note("secret")
        mustRotate = true
        let reply = try await machine.gateway.rotateSecret(
            of: endpoint, by: caller, cause: "simulation",
            Answering(key: nil) { Reply(status: 200, body: Array($0.secret.utf8)) })
        let secret = try WebhookSigningKey(parsing: String(decoding: reply.body, as: UTF8.self))
        post.change(secret.verificationKey, of: Self.host)
        mustRotate = false
        count("secrets rotated")
    }
}
