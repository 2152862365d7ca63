package import Chains
package import Domain

/// One thing that somebody outside wants done, and asks again for until it is answered. Payments and keys go
/// by names of their own: identities are the gateway's.
package enum Act: Hashable, Sendable {
    /// The operator sets up the merchant and its first key.
    case merchant
    case endpoint(String)
    case ping(String)
    case rotateSecret(String)
    case createKey(String)
    case revokeKey(String)
    /// The operator replaces the instance's key, and starts the process again.
    case rekey
    /// The process ends gently, and starts again.
    case restart
    /// A payment over so many euros that is to be made in SBX.
    case open(String, String)
    /// So many payments at once.
    case openMany(Int)
    /// The sandbox's customer does it; then so many blocks come.
    case play(SandboxScenario, String, mined: Int64 = 0)
    /// Something happens to the sandbox as a whole.
    case sandbox(SandboxCommand.Action)
    case claim(String)
    case report(String)
    case cancel(String)
    case accept(String)
    /// A person settles the exception of that kind.
    case rule(String, Exception.Kind, Exception.Action)
    /// It is refused, and that is recorded.
    indirect case refused(Act)

    static func mine(_ blocks: Int64) -> Act { .sandbox(.mine(.sandbox, blocks: blocks)) }

    static func reorg(depth: Int64, _ fate: SandboxCommand.Fate) -> Act {
        .sandbox(.reorg(.sandbox, SandboxCommand.Reorg(depth: depth, fate: fate)))
    }

    static func wait(seconds: Int64) -> Act { .sandbox(.clock(advanceSeconds: seconds)) }
}
