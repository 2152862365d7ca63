import Platform
import TestKit
import Testing

@testable import Simulator

@Suite("The oracle hears each word of a network")
struct HearingTests {
    @Test("What one word confirms stays so where the next one is a fault, and both come in one act")
    func confirmedThenFault() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("world")
        var dials = Dials()
        dials.without = Set(Dials.named.map(\.name))
        let calm = dials
        let isConfirmed = try await ThreadExecutor.run { () async throws -> Bool in
            let world = try await Simulation(seed: 1, payments: 1, dials: calm, folder: path)
            try await world.open(1)
            let network = world.orders[0].network
            world.orders[0].plan = [.pay(permille: 1_000)]
            try await world.customerActs()
            world.inform(network)
            try await world.look(network)
            for _ in 0..<8 { world.networks[network].truth.mineAll(time: 0) }
            world.inform(network)
            try await world.look(network)
            world.networks[network].line.set(.unreachable)
            try await world.look(network)
            try await world.hearken()
            let known = try #require(world.oracle.cases[0].known.first)
            await world.close()
            return known.confirmedIn != nil
        }
        #expect(isConfirmed)
    }
}
