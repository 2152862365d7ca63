import Crypto
import Engine
import Platform
import TestKit
import Testing

@testable import quittance

@Suite("The commands, run on a folder of their own")
struct CommandTests {
    @Test("A new instance is set up, looked at and verified")
    func setUp() async throws {
        let folder = try TemporaryFolder()
        let data = ["--data", folder.file("data")]
        let said = Lines()
        #expect(await Quittance.run(["merchant", "create", "--name", "Shop"] + data, said.terminal()) == .good)
        #expect(said.output.hasPrefix("mer_"))
        let key = Lines()
        #expect(await Quittance.run(["key", "create"] + data, key.terminal()) == .good)
        #expect(key.output.hasPrefix("qk_test_"))
        #expect(await Quittance.run(["key", "create", "--scopes", "all"] + data, Lines().terminal()) == .wrongUse)
        let doctor = Lines()
        #expect(await Quittance.run(["doctor"] + data, doctor.terminal()) == .good)
        #expect(doctor.output.hasSuffix("All is well."))
        #expect(await Quittance.run(["verify"] + data, Lines().terminal()) == .good)
        let migrate = Lines()
        #expect(await Quittance.run(["migrate"] + data, migrate.terminal()) == .good)
        #expect(migrate.output.contains("was there"))
    }

    @Test("A second process on an embedded database is told what to do")
    func taken() async throws {
        let folder = try TemporaryFolder()
        var configuration = Configuration(data: folder.path)
        configuration.port = 0
        let running = try await Running.start(configuration, log: .silent)
        let said = Lines()
        let ending = await Quittance.run(["merchant", "list", "--data", folder.path], said.terminal())
        #expect(ending == .worldFailed)
        #expect(said.errors.joined().contains("another process works on"))
        #expect(said.errors.joined().contains("Stop it"))
        try await running.stop()
        #expect(await Quittance.run(["merchant", "list", "--data", folder.path], Lines().terminal()) == .good)
    }

    @Test("A key file that others may read is refused")
    func keyFile() async throws {
        let folder = try TemporaryFolder()
        let entropy = SystemEntropy()
        let made = try InstanceKeyFile.open(folder: folder.path, entropy)
        let read = try InstanceKeyFile.open(folder: folder.path, entropy)
        #expect(made.signing.publicKey == read.signing.publicKey)
        #expect(try Files.permissions(of: folder.file("instance.key")) == 0o600)
        let bytes = try Files.read(folder.file("instance.key"), maxBytes: 4_096)
        try Files.write(bytes, to: folder.file("instance.key"), mode: 0o644)
        #expect(throws: Failure.self) { try InstanceKeyFile.open(folder: folder.path, entropy) }
        try Files.write(Array(bytes.dropLast(5)), to: folder.file("instance.key"))
        #expect(throws: Failure.self) { try InstanceKeyFile.open(folder: folder.path, entropy) }
    }

    @Test("The demo drives every case through the API, and all come out as they should", .timeLimit(.minutes(10)))
    func demo() async throws {
        let said = Lines()
        let ending = await Quittance.run(["demo", "--check"], said.terminal())
        #expect(ending == .good, "\(said.output)\n\(said.errors)")
    }
}
