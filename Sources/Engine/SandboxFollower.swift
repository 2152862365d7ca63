import Domain
import Platform

/// Takes in what other processes on the same store do in the sandbox: its clock, and what wakes its watchers.
package struct SandboxFollower: Resident {
    private let gateway: Gateway

    package init(_ gateway: Gateway) { self.gateway = gateway }

    package var name: String { "follow sandbox" }

    package func run() async throws {
        while true {
            if try await gateway.followSandbox() { gateway.changes.publish(.sandbox) }
            try await gateway.world.clock.sleep(milliseconds: EngineLimits.sandboxMilliseconds)
        }
    }
}
