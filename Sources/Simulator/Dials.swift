/// How much goes wrong in one run, in thousandths of the acts that could go wrong. Each seed turns some of
/// them off (swarm testing): a fault that is always there hides what happens without it.
package struct Dials: Hashable, Sendable {
    /// Faults that are turned off, by name, whatever the seed says.
    package var without: Set<String> = []

    // The network
    var reorgs = 30
    /// Heads of the coin that says how much deeper a reorganisation goes.
    var reorgDepth = 300
    /// Of the transactions that a reorganisation takes out, how many come back unharmed.
    var reorgMercy = 600
    /// Of the transactions that a customer means to replace, how many it does.
    var replacements = 900
    var evictions = 50

    /// A miner's clock is off.
    var minerClocks = 300

    // The node
    var unreachable = 120
    var damagedAnswers = 100
    var stalls = 50
    var otherBranch = 25
    var restarts = 25
    /// It hides a part of its pool.
    var lies = 150
    var lostNotices = 350
    var doubledNotices = 250

    // The process and its disk
    var crashes = 30
    /// Of the ends of a process, how many are those of its machine too.
    var powerLosses = 400
    var diskErrors = 8
    var diskFull = 4

    /// Of the worlds, how many have several processes over one store.
    var processes = 400
    /// A process that is stopped in the middle of a look, while another one goes on.
    var pauses = 40
    /// One takes the place of another one for a moment.
    var turns = 40
    var processEnds = 20

    // Time
    var clockSteps = 20

    // Receivers
    var failingReceivers = 150

    // People
    var rulings = 120
    /// New rates, rules and secrets, of all that people do.
    var changes = 100
    var repeats = 200

    // Where money comes from
    /// Of the worlds, how many have miners who pay orders with what their blocks make.
    var coinbases = 100
    /// Of the worlds, how many have customers who spend what others have sent and may take back.
    var parents = 120

    package init() {}

    /// The same with some turned off, some turned up.
    func swarm(_ dice: inout Dice) -> Dials {
        var dials = self
        for path in Self.faults {
            switch dice.number(in: 0...5) {
            case 0, 1: dials[keyPath: path] = 0
            case 2: dials[keyPath: path] = max(dials[keyPath: path], min(dials[keyPath: path] * 4, 500))
            default: break
            }
        }
        for fault in Self.named where without.contains(fault.name) { dials[keyPath: fault.path] = 0 }
        return dials
    }

    /// Everything that goes wrong, by name: for a report, and to turn off what a failure does not need.
    package static let named: [(name: String, path: any WritableKeyPath<Dials, Int> & Sendable)] = [
        ("reorgs", \.reorgs), ("replacements", \.replacements), ("evictions", \.evictions),
        ("unreachable", \.unreachable), ("damaged-answers", \.damagedAnswers), ("stalls", \.stalls),
        ("other-branch", \.otherBranch), ("restarts", \.restarts), ("lies", \.lies),
        ("lost-notices", \.lostNotices), ("doubled-notices", \.doubledNotices),
        ("miners-clocks", \.minerClocks), ("crashes", \.crashes),
        ("power-losses", \.powerLosses), ("disk-errors", \.diskErrors), ("disk-full", \.diskFull),
        ("clock-steps", \.clockSteps), ("failing-receivers", \.failingReceivers), ("rulings", \.rulings),
        ("changes", \.changes), ("repeats", \.repeats), ("several-processes", \.processes),
        ("pauses", \.pauses), ("turns", \.turns), ("process-ends", \.processEnds),
        ("coinbases", \.coinbases), ("parents", \.parents),
    ]

    private static let faults = named.map(\.path)
}
