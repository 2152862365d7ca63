import Platform

/// The chance by which gateways are killed (SplitMix64). Its seed is printed, and can be given again.
package struct KillDice: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// For one run of `name`: with the seed in `QUITTANCE_KILL_SEED`, else with another one each time.
    package init(for name: String) {
        state = Environment.variables["QUITTANCE_KILL_SEED"].flatMap { UInt64($0) } ?? .random(in: 0 ... .max)
        print("\(name): QUITTANCE_KILL_SEED=\(state)")
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
