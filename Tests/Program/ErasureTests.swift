import Chains
import Crypto
import Database
import Domain
@testable import Engine
import JSON
import Platform
@testable import Storage
import TestKit
import Testing

@testable import quittance

@Suite("What is personal is erased, and that is told from a theft")
struct ErasureTests {
    /// Where in the database a text is, in the order of the tables: those of the log apart, which hold none.
    private func places(of text: String, in store: FilledStore) async throws -> [String] {
        try await store.gateway.store.database.read { db in
            try Schema.tables.keys.sorted().filter { table in
                try db.query("SELECT * FROM \(raw: table)").contains { row in
                    row.values.contains { value in
                        switch value {
                        case .text(let found): found.contains(text)
                        case .blob(let bytes): String(decoding: bytes, as: UTF8.self).contains(text)
                        case .null, .integer: false
                        }
                    }
                }
            }
        }
    }

    /// A payment of somebody with a name, that was kept as an answer too, and ruled on.
    private func sale(_ store: FilledStore) async throws -> ID<Payment> {
        try await store.settle()
        var new = NewPayment(orderID: "sale", amount: "10.00", currency: "EUR")
        new.customer = "Ada Lovelace"
        new.description = "A gift for Ada Lovelace"
        new.metadata = [(key: "to", value: "Ada Lovelace")]
        let asset = try #require(AssetCode(parsing: "SBX"))
        new.chosen = Domain.Method(asset: asset, network: SandboxNetwork.sandbox.name)
        let made = Lock<ID<Payment>?>(nil)
        let key = IdempotencyKey(operation: "payments.create", key: "a", fingerprint: "f")
        _ = try await store.gateway.open(new, by: store.caller, cause: "test", Answering(key: key) { view in
            made.withLock { $0 = view.payment.id }
            return Reply(status: 201, body: view.object)
        })
        let id = try #require(made.withLock { $0 })
        try await store.play(.under(percent: 50), id, blocks: 1)
        _ = try await store.gateway.command(.clock(advanceSeconds: 3_600))
        try await store.settle()
        let view = try await store.gateway.payment(id, of: store.caller)
        let exception = try #require(view.payment.openExceptions.first)
        _ = try await store.gateway.rule(
            exception.id, NewRuling(action: .accept, reason: "Ada Lovelace is a friend"), by: store.caller,
            cause: "test", FilledStore.quiet())
        return id
    }

    @Test("It is gone from every row, all else stays, and verify is clean", arguments: Engine.allCases)
    func gone(engine: Engine) async throws {
        let store = try await FilledStore(engine)
        let id = try await sale(store)
        #expect(try await places(of: "Ada Lovelace", in: store) == ["event", "idempotency", "note", "personal"])
        let before = try await store.gateway.payment(id, of: store.caller)
        #expect(try await store.gateway.erase(id, cause: "test") == Erased(payments: 1, answers: 1))
        #expect(try await places(of: "Ada Lovelace", in: store) == [])
        let after = try await store.gateway.payment(id, of: store.caller)
        #expect(after.payment == before.payment)
        #expect(after.personal?.customer == nil && after.personal?.body == Array(Personal.nothingBody.utf8))
        let outcome = try await store.verify()
        #expect(outcome.isClean, "\(outcome.findings)")
        #expect(outcome.unchecked.contains { $0.contains("1 payments before it was erased") })
        #expect(try await store.gateway.erase(id, cause: "test") == Erased(payments: 0, answers: 0))
        await store.close()
    }

    @Test("What comes later is bound again, and can be erased again", arguments: Engine.allCases)
    func later(engine: Engine) async throws {
        let store = try await FilledStore(engine)
        let id = try await sale(store)
        _ = try await store.gateway.erase(id, cause: "test")
        _ = try await store.gateway.command(.reorg(.sandbox, SandboxCommand.Reorg(depth: 1, fate: .dropped)))
        try await store.settle()
        #expect(try await store.verify().isClean)
        let contradiction = try await store.gateway.store.read { try $0.contradiction(of: id) }
        #expect(contradiction == nil)
        let changed = try await store.verify(
            after: """
                UPDATE event SET body = replace(body, '10.00', '11.00') WHERE sequence = (
                    SELECT max(sequence) FROM event WHERE subject = \(id.text)) AND subject = \(id.text)
                """)
        #expect(changed.rows == 1)
        #expect(changed.outcome.findings.contains { $0.problem.contains("binds") })
        let view = try await store.gateway.payment(id, of: store.caller)
        if let exception = view.payment.openExceptions.first {
            _ = try await store.gateway.rule(
                exception.id, NewRuling(action: .dismiss, reason: "Ada Lovelace called"), by: store.caller,
                cause: "test", FilledStore.quiet())
            #expect(try await store.verify().isClean)
            #expect(try await store.gateway.erase(id, cause: "test").payments == 1)
            #expect(try await places(of: "Ada Lovelace", in: store) == [])
        }
        #expect(try await store.verify().isClean)
        await store.close()
    }

    @Test("Bytes that were taken, changed or put back are found, whatever the log was made to say")
    func thefts() async throws {
        let store = try await FilledStore(.sqlite)
        let id = try await sale(store)
        let other = try await store.open("other")
        let original = try #require(try await store.gateway.store.read { try $0.personal(of: id) })
        let note = try #require(
            try await store.gateway.store.read { tx in
                try tx.connection.first("SELECT ruling, salt, text FROM note WHERE payment = \(id.text)")
            })
        _ = try await store.gateway.erase(id, cause: "test")
        for (deed, found) in [
            ("DELETE FROM personal WHERE payment = \(id.text)", "missing"),
            ("UPDATE personal SET customer = 'x' WHERE payment = \(id.text)", "binds"),
            (
                """
                UPDATE personal SET salt = \(original.salt), customer = \(original.customer),
                    body = \(String(decoding: original.body, as: UTF8.self)) WHERE payment = \(id.text)
                """, "binds"
            ),
            (
                """
                INSERT INTO note (payment, ruling, salt, text) VALUES (\(id.text), \(try note.integer(0)),
                    \(try note.blob(1)), \(try note.text(2)))
                """, "it was erased"
            ),
            ("UPDATE event SET body = replace(body, '10.00', '9.00') WHERE subject = \(id.text)", "binds"),
            ("DELETE FROM personal WHERE payment = \(other.text)", "missing"),
            ("UPDATE personal SET customer = NULL WHERE payment = \(other.text)", "binds"),
        ] as [(SQL, String)] {
            let (rows, outcome) = try await store.verify(after: deed)
            #expect(rows > 0, "\(deed)")
            #expect(outcome.findings.contains { $0.description.contains(found) }, "\(deed): \(outcome.findings)")
        }
        let thief = try #require(Ed25519.KeyPair(seed: Secret([UInt8](repeating: 9, count: 32))))
        let forged = try await store.verify { tx in
            let payment = try #require(try tx.payment(other))
            let salt = [UInt8](repeating: 1, count: 32)
            #expect(try tx.erase(payment, salt: salt, at: payment.terms.openedAt, cause: "x", signedBy: thief))
            return 1
        }
        #expect(forged.outcome.findings.contains { $0.problem == "the instance did not sign it" })
        #expect(forged.outcome.findings.contains { $0.description.contains("personal \(other)") })
        #expect(try await store.verify().isClean)
        await store.close()
    }

    @Test("Before a day, what is settled is erased, and what is not stays")
    func before() async throws {
        let store = try await FilledStore(.sqlite)
        let id = try await sale(store)
        let open = try await store.open("open")
        let now = store.gateway.world.now
        let early = now.adding(seconds: -3_600)
        #expect(try await store.gateway.erase(openedBefore: early, cause: "test") == Erased())
        let done = try await store.gateway.erase(openedBefore: now.adding(seconds: 60), cause: "test")
        #expect(done == Erased(payments: 1, answers: 1))
        let (erased, kept) = try await store.gateway.store.read { tx in
            (try tx.personal(of: id), try tx.personal(of: open))
        }
        #expect(erased?.customer == nil)
        #expect(kept?.customer == "customer-open")
        #expect(try await store.gateway.erase(openedBefore: now.adding(seconds: 60), cause: "test") == Erased())
        #expect(try await store.verify().isClean)
        await store.close()
    }

    @Test("The command says what it did, and what it does not take")
    func command() async throws {
        let folder = try TemporaryFolder()
        func run(_ words: String...) async -> (ending: Ending, said: Lines) {
            let said = Lines()
            return (await Quittance.run(words + ["--data", folder.file("data")], said.terminal()), said)
        }
        _ = await run("merchant", "create", "--name", "Shop")
        let none = await run("erase", "--before", "2026-01-31")
        #expect(none.ending == .good)
        #expect(none.said.output == "Erased: 0 payments, 0 kept answers.")
        for wrong in [
            ["erase"], ["erase", "pay_1"], ["erase", "--before", "2026-02-30"], ["erase", "--before", "yesterday"],
            ["erase", "pay_00000000000000000000000000"],
            ["erase", "pay_00000000000000000000000000", "--before", "2026-01-31"],
        ] {
            let said = Lines()
            let ending = await Quittance.run(wrong + ["--data", folder.file("data")], said.terminal())
            #expect(ending == .wrongUse, "\(wrong)")
        }
    }
}
