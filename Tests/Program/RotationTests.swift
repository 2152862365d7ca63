import Crypto
import Database
import Domain
import Platform
import Storage
import TestKit
import Testing

@testable import Engine
@testable import quittance

@Suite("The instance key is replaced, and nothing that it sealed is lost", .timeLimit(.minutes(15)))
struct RotationTests {
    /// A new instance with a webhook endpoint whose making was answered under an idempotency key.
    private struct Sealed {
        let configuration: Configuration
        let caller: Caller
        let secret: String
        let endpoint: ID<Endpoint>

        init(_ folder: String) async throws {
            var configuration = Configuration(data: folder)
            configuration.allowsLoopbackWebhooks = true
            self.configuration = configuration
            (caller, secret, endpoint) = try await Instance.with(configuration) { instance in
                let gateway = instance.gateway
                let merchant = try await gateway.createMerchant(name: "Shop", cause: "test")
                let key = try await gateway.createKey(
                    merchant: merchant.id, name: "server", scopes: [.admin], isTest: true, by: .operatorAtMachine,
                    cause: "test")
                let caller = try #require(try await gateway.caller(presenting: key.text))
                let made = try await Self.create(gateway, caller)
                _ = try await gateway.rotateSecret(
                    of: try #require(try await gateway.endpoints(of: caller).first).id, by: caller, cause: "test",
                    Answering(key: nil) { _ in Reply(status: 200, body: []) })
                return (caller, made, try #require(try await gateway.endpoints(of: caller).first).id)
            }
        }

        /// Makes the endpoint, or hears again that it was made. Gives the secret that the answer shows.
        static func create(_ gateway: Gateway, _ caller: Caller) async throws -> String {
            let key = IdempotencyKey(operation: "endpoints.create", key: "once", fingerprint: "same")
            let reply = try await gateway.createEndpoint(
                NewEndpoint(url: "http://127.0.0.1:9/hook"), by: caller, cause: "test",
                Answering(key: key) { made in
                    var reply = Reply(status: 201, body: Array(made.secret.utf8))
                    reply.isSecret = true
                    return reply
                })
            return String(decoding: reply.body, as: UTF8.self)
        }

        /// Opens the instance anew and looks whether everything that was sealed can be opened.
        func check() async throws {
            try await Instance.with(configuration) { instance in
                let gateway = instance.gateway
                #expect(try await Self.create(gateway, caller) == secret)
                let endpoint = try await gateway.endpoint(endpoint, of: caller)
                let secrets = try gateway.secrets(of: endpoint, at: gateway.world.now)
                #expect(secrets.map { "whsec_" + Base64.standard.encode($0.exposedBytes) }.dropFirst() == [secret])
                let outcome = try await gateway.store.verify()
                #expect(outcome.isClean, "\(outcome.findings)")
            }
        }
    }

    /// Where a replacement may be interrupted.
    enum Step: CaseIterable {
        case before, prepared, committed, finished
    }

    @Test("Interrupted anywhere, the file opens what is stored, and the next run ends it", arguments: Step.allCases)
    func interruption(_ last: Step) async throws {
        let folder = try TemporaryFolder()
        let sealed = try await Sealed(folder.path)
        let old = try fingerprint(sealed)
        try await Instance.with(sealed.configuration) { instance in
            guard last != .before else { return }
            let next = try InstanceKeyFile.prepare(folder: folder.path, SystemEntropy())
            guard last != .prepared else { return }
            let rotation = try await instance.gateway.rotateKeys(to: next, cause: "test")
            #expect(rotation.endpoints == 1 && rotation.answers == 1)
            await #expect(throws: KeyReplaced.self) { try await instance.gateway.checkKey() }
            guard last != .committed else { return }
            try InstanceKeyFile.finish(folder: folder.path)
        }
        try await sealed.check()
        let isReplaced = last == .committed || last == .finished
        #expect(try fingerprint(sealed) != old || !isReplaced)
        let said = Lines()
        #expect(await Quittance.run(["key", "rotate-instance", "--data", folder.path], said.terminal()) == .good)
        #expect(said.output.contains("1 webhook secrets, 1 answers"))
        #expect(try fingerprint(sealed) != old)
        try await sealed.check()
        let file = try Files.read(folder.file("instance.key"), maxBytes: 4_096)
        #expect(file.split(separator: 10).count == 3, "the old key is gone")
    }

    private func fingerprint(_ sealed: Sealed) throws -> String {
        try InstanceKeyFile.open(folder: sealed.configuration.data, SystemEntropy()).fingerprint
    }

    @Test("Killed at any moment, it can be run again")
    func kills() async throws {
        let folder = try TemporaryFolder()
        let sealed = try await Sealed(folder.path)
        let program = try #require(Environment.program)
        let path = program.split(separator: "/").dropLast().joined(separator: "/")
        for _ in 0..<12 {
            let child = try ChildProcess(
                "/" + path + "/quittance", ["key", "rotate-instance", "--data", folder.path], errors: .nothing)
            // The moment is chance; nothing waits for it.
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...250)))
            child.kill()
            _ = await child.ended()
            try await sealed.check()
        }
        #expect(await Quittance.run(["key", "rotate-instance", "--data", folder.path], Lines().terminal()) == .good)
        try await sealed.check()
    }

    @Test("A process that still has the old key seals nothing with it")
    func staleProcess() async throws {
        let folder = try TemporaryFolder()
        let sealed = try await Sealed(folder.path)
        try await Instance.with(sealed.configuration) { instance in
            let next = try InstanceKeyFile.prepare(folder: folder.path, SystemEntropy())
            _ = try await instance.gateway.rotateKeys(to: next, cause: "test")
            let new = NewEndpoint(url: "http://127.0.0.1:9/other")
            await #expect(throws: KeyReplaced.self) {
                try await instance.gateway.createEndpoint(
                    new, by: sealed.caller, cause: "test", FilledStore.quiet())
            }
            await #expect(throws: KeyReplaced.self) { try await KeyWatch(gateway: instance.gateway).run() }
        }
        try await sealed.check()
    }

    @Test("The log tells of every key, and a forged successor is found", arguments: Engine.allCases)
    func succession(_ engine: Engine) async throws {
        let store = try await FilledStore(engine)
        try await store.fill()
        let box = try #require(SecretBox(key: Secret(SystemEntropy().bytes(32))))
        let pair = try #require(Ed25519.KeyPair(seed: Secret(SystemEntropy().bytes(32))))
        _ = try await store.gateway.rotateKeys(to: InstanceKeys(box: box, signing: pair), cause: "test")
        #expect(try await store.gateway.store.verify(signedBy: pair.publicKey).isClean)
        let forged: SQL = "UPDATE setting SET value = 'other' WHERE name = 'instance_key_fingerprint'"
        let (rows, outcome) = try await store.verify(after: forged)
        #expect(rows == 1)
        #expect(outcome.findings.contains { $0.description.contains("instance_key_fingerprint") })
        await store.close()
    }
}
