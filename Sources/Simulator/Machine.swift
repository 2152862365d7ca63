import Chains
import Crypto
import Database
import Domain
import Engine
import HTTP
import Platform
import Storage

/// The machine that the gateway runs on: a disk, and a process that can die at any moment and begin again
/// with nothing but the disk.
struct Machine {
    /// Where what is real of it lies: the lock beside the database, and the file of indices.
    let path: String
    private(set) var disk: SimulatedDisk
    private(set) var store: Store
    private(set) var gateway: Gateway
    private let make: @Sendable (Store) throws -> Gateway

    /// Starts a process over `disk`.
    init(
        path: String, disk: SimulatedDisk, make: @escaping @Sendable (Store) throws -> Gateway
    ) async throws {
        self.path = path
        self.disk = disk
        try Files.remove(path + ".indices")
        self.make = make
        (store, gateway) = try await Self.start(path, disk, make)
    }

    private static func start(
        _ path: String, _ disk: SimulatedDisk, _ make: (Store) throws -> Gateway
    ) async throws -> (Store, Gateway) {
        let store = try await Store.open(.sqlite(path + ".sqlite", vfs: disk.name), readers: 0)
        do {
            let gateway = try make(store)
            try await gateway.resumeIdentities()
            try await gateway.keepIndices(in: path + ".indices")
            return (store, gateway)
        } catch {
            await store.close()
            throw error
        }
    }

    /// The process ends, and `loss` says what becomes of the disk. Starting again may fail as often as the
    /// disk is planned to fail.
    mutating func restart(after loss: PowerLoss) async throws {
        disk.kill()
        await store.close()
        disk = disk.next(after: loss)
        (store, gateway) = try await Self.start(path, disk, make)
    }

    /// The process ends in good order, and begins again.
    mutating func reopen() async throws {
        await store.close()
        disk = SimulatedDisk(disk.snapshot)
        (store, gateway) = try await Self.start(path, disk, make)
    }
}
