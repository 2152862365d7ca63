import Chains
import Crypto
import Domain

/// One payment of a simulation, from its customer's side: what the customer means to do about it, and what it
/// has done.
struct Order: Sendable {
    let payment: ID<Payment>
    /// The network that the customer chose last.
    var network: Int
    /// What is still to happen, the next one last.
    var plan: [Step]
    /// The customer does nothing before this time.
    var notBefore: Int64 = 0
    /// What was sent for it, in order.
    var sent: [Sent] = []

    /// One transaction of the customer's.
    struct Sent: Sendable {
        let transaction: TrueTransaction
        let network: Int
    }

    /// What a customer does next.
    enum Step: Hashable, Sendable {
        /// Sends so many thousandths of what is due to the address that it was shown last.
        case pay(permille: UInt64)
        /// The same, to the address that it was shown first.
        case payFirst(permille: UInt64)
        /// Sends exactly what is due, less or more by so many base units.
        case payNearly(by: Int64)
        /// Sends what is due on another network.
        case payElsewhere
        /// Sends a trifle.
        case dust
        /// Replaces the last transaction by one that pays a higher fee.
        case bump
        /// Replaces the last transaction by one that pays so many thousandths of it.
        case shrink(permille: UInt64)
        /// Replaces the last transaction by one to itself.
        case takeBack
        /// Chooses how to pay, again.
        case choose(otherNetwork: Bool)
        /// Does nothing for so many seconds.
        case wait(Int)
        /// The merchant calls it off.
        case cancel

        /// Whether it can be done while nothing is offered.
        var needsNoOffer: Bool {
            switch self {
            case .wait, .cancel, .choose: true
            case .pay, .payFirst, .payNearly, .payElsewhere, .dust, .bump, .shrink, .takeBack: false
            }
        }
    }

    /// What different customers do. Half of them behave.
    static func plan(_ dice: inout Dice) -> [Step] {
        let whole = Step.pay(permille: 1_000)
        let steps: [Step] =
            switch dice.number(in: 0...33) {
            case 0...10: [whole]
            case 11: [.pay(permille: UInt64(dice.number(in: 100...980)))]
            case 12: [.pay(permille: 400), .wait(dice.number(in: 1...1_500)), .pay(permille: 600)]
            case 13: [.pay(permille: UInt64(dice.number(in: 1_001...3_000)))]
            case 14: [whole, .wait(dice.number(in: 0...2_000)), whole]
            case 15: [.wait(dice.number(in: 200...8_000)), whole]
            case 16: (0..<dice.number(in: 2...5)).map { _ in .pay(permille: 250) }
            case 17: [.payElsewhere]
            case 18: [.dust, whole]
            case 19: [whole, .wait(dice.number(in: 1...300)), .bump]
            case 20: [whole, .wait(dice.number(in: 1...300)), .takeBack]
            case 21: [whole, .takeBack, whole]
            case 22: [.cancel, whole]
            case 23: [.payNearly(by: Int64(dice.number(in: -3...3)))]
            case 24: [.choose(otherNetwork: true), whole]
            case 25: [.wait(dice.number(in: 300...4_000)), .choose(otherNetwork: false), whole]
            case 26: [.pay(permille: 500), .choose(otherNetwork: true), .pay(permille: 500)]
            case 27: [.choose(otherNetwork: true), .payFirst(permille: 1_000)]
            case 28: [.dust, .wait(dice.number(in: 100...2_000)), .bump, whole]
            case 29: [whole, .shrink(permille: UInt64(dice.number(in: 1...1_500)))]
            case 30: [.pay(permille: 700), .wait(dice.number(in: 500...4_000)), whole]
            case 31: (0..<dice.number(in: 2...8)).map { _ in .bump } + [whole]
            default: []
            }
        return [.wait(dice.number(in: 0...600))] + steps
    }
}
