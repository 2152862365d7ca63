import Chains
import Crypto
import Database
import Domain
import Engine
import HTTP
import Platform
import Storage

/// The machine that the gateway runs on: a disk, and processes that can die at any moment and begin again
/// with nothing but the disk.
struct Machine {
    /// Where what is real of it lies: the lock beside the database, and the file of indices.
    let path: String
    private(set) var disk: SimulatedDisk
    private(set) var store: Store
    /// One for each process.
    private(set) var gateways: [Gateway]
    /// The process that does the next thing.
    var active = 0
    private let make: @Sendable (Store) throws -> Gateway

    /// Starts so many processes over `disk`.
    init(
        path: String, disk: SimulatedDisk, processes: Int,
        make: @escaping @Sendable (Store) throws -> Gateway
    ) async throws {
        self.path = path
        self.disk = disk
        for process in 0..<processes { try Files.remove(Self.indices(path, process)) }
        self.make = make
        (store, gateways) = try await Self.start(path, disk, processes, make)
    }

    var gateway: Gateway { gateways[active] }

    private static func indices(_ path: String, _ process: Int) -> String { "\(path).indices-\(process)" }

    private static func start(
        _ path: String, _ disk: SimulatedDisk, _ processes: Int, _ make: (Store) throws -> Gateway
    ) async throws -> (Store, [Gateway]) {
        let store = try await Store.open(
            .sqlite(path + ".sqlite", vfs: disk.name), readers: 0, isShared: processes > 1)
        do {
            var gateways: [Gateway] = []
            for process in 0..<processes {
                gateways.append(try await begin(process, path, try make(store)))
            }
            return (store, gateways)
        } catch {
            await store.close()
            throw error
        }
    }

    private static func begin(_ process: Int, _ path: String, _ gateway: Gateway) async throws -> Gateway {
        gateway.watch(as: "process \(process)")
        try await gateway.resumeIdentities()
        try await gateway.keepIndices(in: indices(path, process))
        return gateway
    }

    /// One process ends, and begins again beside the others.
    mutating func replace(_ process: Int) async throws {
        gateways[process] = try await Self.begin(process, path, try make(store))
    }

    /// All processes end, and `loss` says what becomes of the disk. Starting again fails where `fault` says
    /// at which operation of the disk it is to.
    mutating func restart(after loss: PowerLoss, failing fault: (DiskFault, at: Int)?) async throws {
        disk.kill()
        await store.close()
        disk = disk.next(after: loss)
        if let fault { disk.plan(fault.0, at: fault.at) }
        (store, gateways) = try await Self.start(path, disk, gateways.count, make)
    }

    /// All processes end in good order, and begin again.
    mutating func reopen() async throws {
        await store.close()
        disk = SimulatedDisk(disk.snapshot)
        (store, gateways) = try await Self.start(path, disk, gateways.count, make)
    }
}
