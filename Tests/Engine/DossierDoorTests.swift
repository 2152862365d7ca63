import Domain
import Platform
import Testing

@testable import Engine

@Suite("Dossiers are made one at a time")
struct DossierDoorTests {
    @Test("One merchant takes some of the places, all together take all, and the others are asked to come again")
    func crowd() async throws {
        let door = DossierDoor()
        let (inside, outside) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
        let first = Task {
            try await door.pass(for: nil) {
                inside.continuation.finish()
                for await _ in outside.stream {}
            }
        }
        for await _ in inside.stream {}
        func merchant(_ number: UInt8) -> ID<Merchant> {
            ID(at: Instant(milliseconds: 0), chance: [UInt8](repeating: number, count: 10))
        }
        var waiting: [Task<Int, any Error>] = []
        func wait(_ merchant: ID<Merchant>) async {
            waiting.append(Task { try await door.pass(for: merchant) { 1 } })
            while door.waiting < waiting.count { await Task.yield() }
        }
        for _ in 0...EngineLimits.waitingDossiersOfOne { await wait(merchant(0)) }
        await #expect(throws: CommandError.dossierBusy) { try await door.pass(for: merchant(0)) { 1 } }
        var number: UInt8 = 1
        while waiting.count < EngineLimits.waitingDossiers {
            await wait(merchant(number))
            number += 1
        }
        await #expect(throws: CommandError.dossierBusy) { try await door.pass(for: merchant(number)) { 1 } }
        await #expect(throws: CommandError.dossierBusy) { try await door.pass(for: nil) { 1 } }
        outside.continuation.finish()
        try await first.value
        for task in waiting { #expect(try await task.value == 1) }
        // Whoever was refused, or is through, takes no place any more.
        #expect(try await door.pass(for: merchant(0)) { 2 } == 2)
        #expect(try await door.pass(for: nil) { 2 } == 2)
    }
}
