import Chains
import Domain
import Storage
import TestKit
import Testing

@testable import Engine

/// A story with its end.
struct Scenario: Sendable, CustomTestStringConvertible {
    let name: String
    var amount = "25"
    let steps: [Step]
    let state: State
    var open: [Exception.Kind] = []
    /// How often it was announced paid.
    var epoch = 0
    var policy: @Sendable (inout Policy) -> Void = { _ in }

    var testDescription: String { name }
}

@Suite("Payments on the sandbox end as they must")
struct ScenarioTests {
    @Test(
        "A story ends in its state, with its questions, whole books and a sound log",
        arguments: scenarios)
    func ends(_ scenario: Scenario) async throws {
        let (plain, house) = try await run(scenario, on: .sqlite, crashes: false)
        #expect(plain.state == scenario.state)
        #expect(plain.open == scenario.open.map(\.rawValue).sorted())
        #expect(plain.epoch == scenario.epoch)
        try await house.audit()
        await house.close()
    }

    @Test("A crash around every step changes nothing", arguments: scenarios)
    func crashes(_ scenario: Scenario) async throws {
        let (plain, house) = try await run(scenario, on: .sqlite, crashes: false)
        let (crashed, other) = try await run(scenario, on: .sqlite, crashes: true)
        #expect(plain == crashed)
        try await other.audit()
        await house.close()
        await other.close()
    }

    @Test("PostgreSQL tells the same story", arguments: scenarios)
    func onPostgres(_ scenario: Scenario) async throws {
        let (plain, house) = try await run(scenario, on: .sqlite, crashes: false)
        let (other, second) = try await run(scenario, on: .postgres, crashes: true)
        #expect(plain == other)
        try await second.audit()
        await house.close()
        await second.close()
    }

    private func run(
        _ scenario: Scenario, on engine: DatabaseEngine, crashes: Bool
    ) async throws -> (Summary, House) {
        let house = try await House(engine)
        var policy = Policy.standard
        scenario.policy(&policy)
        _ = try await house.gateway.setPolicy(
            policy, by: house.caller, cause: "test",
            Answering(key: nil) { _ in Reply(status: 200, body: []) })
        var new = NewPayment(orderID: "order-1", amount: scenario.amount, currency: "EUR")
        new.chosen = try method("SBX")
        new.methods =
            try scenario.name == "re-quote" ? [method("SBX"), method("SUSD")] : [method("SBX")]
        let id = try await house.open(new)
        try await house.take(scenario.steps, for: id, crashes: crashes)
        return (try await house.summary(of: id), house)
    }

    static let gone = Step.reorg(depth: 1, fate: .dropped)
    static let past = Step.wait(seconds: 2_000)

    static let scenarios: [Scenario] = [
        Scenario(
            name: "exact", steps: [.play(.exact), .command(.mine(.sandbox, blocks: 1))], state: .paid, epoch: 1),
        Scenario(name: "seen", steps: [.play(.exact)], state: .detected),
        Scenario(name: "within tolerance", steps: [.pay(thousandths: 996)], state: .paid, epoch: 1),
        Scenario(name: "under", steps: [.play(.under(percent: 60), mined: 1)], state: .underpaid),
        Scenario(
            name: "under, window closed", steps: [.play(.under(percent: 60), mined: 1), past],
            state: .underpaid, open: [.underpaid]),
        Scenario(
            name: "over", steps: [.play(.over(percent: 50), mined: 1)], state: .overpaid,
            open: [.overpaid],
            epoch: 1),
        Scenario(name: "split", steps: [.play(.split(parts: 3), mined: 1)], state: .paid, epoch: 1),
        Scenario(name: "late", steps: [.play(.late, mined: 1)], state: .latePaid, open: [.late]),
        Scenario(
            name: "late, accepted", steps: [.play(.late, mined: 1), .rule(.late, .accept)],
            state: .paid,
            epoch: 1),
        Scenario(
            name: "late, rejected", steps: [.play(.late, mined: 1), .rule(.late, .reject)],
            state: .failed,
            open: [.afterEnd]),
        Scenario(
            name: "duplicate", steps: [.play(.duplicate, mined: 1)], state: .paid, open: [.duplicate],
            epoch: 1),
        Scenario(
            name: "duplicate, kept", steps: [.play(.duplicate, mined: 1), .rule(.duplicate, .keep)],
            state: .paid, epoch: 1),
        Scenario(
            name: "wrong network", steps: [.play(.wrongNetwork, mined: 1)], state: .awaitingPayment,
            open: [.wrongNetwork]),
        Scenario(
            name: "wrong asset", steps: [.play(.wrongAsset, mined: 1)], state: .awaitingPayment,
            open: [.wrongAsset]),
        Scenario(
            name: "replaced by one to elsewhere",
            steps: [.play(.exact), .play(.replace(.elsewhere)), .command(.mine(.sandbox, blocks: 1))],
            state: .awaitingPayment),
        Scenario(
            name: "replaced for a higher fee",
            steps: [.play(.exact), .play(.replace(.feeBump)), .command(.mine(.sandbox, blocks: 1))], state: .paid,
            epoch: 1),
        Scenario(
            name: "replaced by less",
            steps: [.play(.exact), .play(.replace(.lessAmount(percent: 50))), .command(.mine(.sandbox, blocks: 1))],
            state: .underpaid),
        Scenario(name: "evicted", steps: [.play(.exact), .evict], state: .awaitingPayment),
        Scenario(
            name: "reorg before paid", amount: "2000",
            steps: [
                .play(.exact, mined: 1), .reorg(depth: 1, fate: .pooled),
                .command(.mine(.sandbox, blocks: 3)),
            ], state: .paid, epoch: 1),
        Scenario(
            name: "reorg after paid", steps: [.play(.exact, mined: 1), gone],
            state: .awaitingPayment,
            open: [.reversed], epoch: 1),
        Scenario(
            name: "reorg that keeps it",
            steps: [.play(.exact, mined: 1), .reorg(depth: 1, fate: .mined)],
            state: .paid, epoch: 1),
        Scenario(
            name: "reorg and mined again",
            steps: [
                .play(.exact, mined: 1), .reorg(depth: 1, fate: .pooled),
                .command(.mine(.sandbox, blocks: 1)),
            ], state: .paid, open: [.reversed], epoch: 2),
        Scenario(
            name: "double spent after the claim",
            steps: [
                .play(.exact, mined: 1), .claim("ship"), .reorg(depth: 1, fate: .doubleSpent),
            ],
            state: .awaitingPayment, open: [.reversed], epoch: 1),
        Scenario(
            name: "mined while down", steps: [.unheard([.play(.exact), .command(.mine(.sandbox, blocks: 3))])],
            state: .paid, epoch: 1),
        Scenario(
            name: "reorg while down",
            steps: [
                .play(.exact, mined: 1),
                .unheard([gone, .play(.exact), .command(.mine(.sandbox, blocks: 2))]),
            ],
            state: .paid, epoch: 1),
        Scenario(name: "cancelled", steps: [.cancel], state: .failed),
        Scenario(
            name: "paid after it was cancelled", steps: [.cancel, .pay(thousandths: 1_000)],
            state: .failed,
            open: [.afterEnd]),
        Scenario(name: "expired", steps: [past], state: .expired),
        Scenario(
            name: "never expired blindly", steps: [.command(.fail(.sandbox)), past],
            state: .awaitingPayment
        ),
        Scenario(
            name: "expired once it is seen",
            steps: [
                .command(.fail(.sandbox)), past, .command(.recover(.sandbox)), .wait(seconds: 20),
            ], state: .expired),
        Scenario(
            name: "nothing is confirmed by a node that fails",
            steps: [
                .play(.exact),
                .unheard([.command(.mine(.sandbox, blocks: 1)), .command(.fail(.sandbox))]),
            ], state: .detected),
        Scenario(
            name: "confirmed when the node is back",
            steps: [
                .play(.exact),
                .unheard([.command(.mine(.sandbox, blocks: 1)), .command(.fail(.sandbox))]),
                .command(.recover(.sandbox)),
            ], state: .paid, epoch: 1),
        Scenario(
            name: "re-quote", steps: [.choose("SUSD"), .play(.exact, mined: 1)], state: .paid, epoch: 1),
        Scenario(
            name: "top-up",
            steps: [
                .play(.under(percent: 60), mined: 1), past, .rule(.underpaid, .grantTopUp),
                .play(.exact, mined: 1),
            ], state: .paid, epoch: 1),
        Scenario(
            name: "fulfilled",
            steps: [.play(.exact, mined: 1), .claim("ship"), .claim("ship"), .report("ship")],
            state: .paid, epoch: 1),
        Scenario(
            name: "fulfilled without a claim", steps: [.play(.exact, mined: 1), .report("ship")],
            state: .paid,
            open: [.unclaimedFulfilment], epoch: 1),
        Scenario(name: "accepted by hand", steps: [.accept], state: .paid, epoch: 1),
        Scenario(
            name: "accepted by hand, and then paid", steps: [.accept, .wait(seconds: 10), .pay(thousandths: 1_000)],
            state: .paid, open: [.duplicate], epoch: 1),
        Scenario(
            name: "late, accepted by the policy", steps: [.play(.late, mined: 1)], state: .paid, epoch: 1,
            policy: { $0.late = Policy.LateRule(withinSeconds: 100_000, driftBasisPoints: 200) }),
        Scenario(
            name: "review", steps: [.play(.exact, mined: 1)], state: .paid, open: [.review], epoch: 1,
            policy: { $0.reviewAboveMinor = 1_000 }),
        Scenario(
            name: "review released",
            steps: [.play(.exact, mined: 1), .rule(.review, .release), .claim("ship")], state: .paid,
            epoch: 1,
            policy: { $0.reviewAboveMinor = 1_000 }),
        Scenario(
            name: "overpaid and held until it is ruled",
            steps: [.play(.over(percent: 50), mined: 1), .rule(.overpaid, .keep), .claim("ship")],
            state: .overpaid, epoch: 1, policy: { $0.holdsOverpaid = true }),
    ]
}
