import Chains
import Crypto
import Domain
import Engine
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import Dossier

@Suite("A dossier is checked against nothing but itself and what is trusted already")
struct DossierTests {
    @Test("A payment on a chain with work is shown from its first record to its depth", arguments: [
        UTXONetwork.bitcoinRegtest, .litecoinRegtest,
    ])
    func whole(_ network: UTXONetwork) async throws {
        let counter = try await Counter(network)
        let bytes = try await counter.dossier(try await counter.paid())
        let bare = DossierCheck.report(on: bytes)
        #expect(bare.verdict == .partial && bare.texts(.failed).isEmpty, "\(bare.lines)")
        #expect(bare.texts(.open).contains { $0.contains("compared with nothing") })
        #expect(bare.texts(.open).contains { $0.contains("give --header") })
        let trusting = DossierCheck.report(on: bytes, trusting: counter.trust)
        #expect(trusting.verdict == .partial && trusting.texts(.failed).isEmpty, "\(trusting.lines)")
        let open = trusting.texts(.open)
        #expect(open.count == 2, "\(open)")
        #expect(open.contains { $0.contains("no root covers them") })
        #expect(open.contains { $0.contains("on networks for play") })
        let done = trusting.texts(.done)
        #expect(done.contains { $0.contains("pays 0.00050000") || $0.contains("pays 0.0005 ") }, "\(done)")
        #expect(done.contains { $0.contains("2 blocks follow each other") })
        #expect(done.contains { $0.contains("which you trust, stands on its own") })
        #expect(trusting.subject.contains { $0.contains(": paid") })
        await counter.close()
    }

    @Test("Of what was mined again after a reorg, the block that holds it now is shown")
    func reorged() async throws {
        let counter = try await Counter()
        let order = try await counter.open()
        let pays = Mint.transaction(spending: 1, to: [(50_000, order.script)])
        try counter.mint.mine([pays])
        try counter.mint.mine()
        try await counter.follow(2)
        counter.mint.undo(2)
        try counter.mint.mine()
        try counter.mint.mine([Mint.transaction(spending: 9, to: [(7_000, [0x51])]), pays])
        try counter.mint.mine()
        try await counter.follow(3, undone: 2)
        let report = DossierCheck.report(on: try await counter.dossier(order.id), trusting: counter.trust)
        #expect(report.texts(.failed).isEmpty, "\(report.lines)")
        let block = counter.mint.blocks[counter.mint.blocks.count - 2].hash.displayText
        #expect(report.texts(.done).contains { $0.contains("is in block \(block)") }, "\(report.lines)")
        await counter.close()
    }

    @Test("What is not there yet is said to be missing")
    func young() async throws {
        let counter = try await Counter(.bitcoinRegtest, confirmations: 3)
        let order = try await counter.open()
        let opened = DossierCheck.report(on: try await counter.dossier(order.id), trusting: counter.trust)
        #expect(opened.texts(.done).contains { $0.contains("it counts with no transfer") }, "\(opened.lines)")
        try counter.mint.mine([Mint.transaction(spending: 1, to: [(50_000, order.script)])])
        try await counter.follow(1)
        let report = DossierCheck.report(on: try await counter.dossier(order.id), trusting: counter.trust)
        #expect(report.texts(.open).contains { $0.contains("1 of the 3 blocks") }, "\(report.lines)")
        #expect(report.texts(.failed).isEmpty)
        await counter.close()
    }

    @Test("Customer and metadata are in it when they are asked for, and then compared")
    func personal() async throws {
        let counter = try await Counter()
        let id = try await counter.open(customer: "Søren").id
        let without = try await counter.dossier(id)
        #expect(!String(decoding: without, as: UTF8.self).contains("Søren"))
        let bytes = try await counter.gateway.dossier(of: id, showsPersonal: true, by: counter.caller)
        #expect(String(decoding: bytes, as: UTF8.self).contains("Søren"))
        let report = DossierCheck.report(on: bytes)
        #expect(report.texts(.done).contains { $0.hasPrefix("customer, metadata") }, "\(report.lines)")
        await counter.close()
    }

    @Test("Every other byte of a file is found, whichever it is")
    func flips() async throws {
        let counter = try await Counter()
        let id = try await counter.paid()
        _ = try await counter.gateway.seal()
        let bytes = try await counter.dossier(id)
        #expect(DossierCheck.report(on: bytes).texts(.failed).isEmpty)
        // All of them when somebody has the time.
        let step = settings["QUITTANCE_FLIPS"] == "all" ? 1 : 23
        let start = Int.random(in: 0..<step)
        var unfound: [Int] = []
        for place in stride(from: start, to: bytes.count, by: step) {
            for bit: UInt8 in [1, 0x20, 0x80] {
                var flipped = bytes
                flipped[place] ^= bit
                if DossierCheck.report(on: flipped).verdict != .failed { unfound.append(place) }
            }
        }
        #expect(unfound.isEmpty, "every byte \(step) from \(start) on was flipped")
        for count in stride(from: 0, to: bytes.count, by: 97) {
            #expect(DossierCheck.report(on: Array(bytes[..<count])).verdict == .failed)
        }
        await counter.close()
    }

    @Test("A file that another program wrote anew is refused, and what is no dossier at all")
    func forms() async throws {
        let counter = try await Counter()
        let bytes = try await counter.dossier(try await counter.paid())
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(DossierCheck.report(on: bytes + [0x0a]).texts(.failed).isEmpty)
        for other in [
            text + " ", " " + text, text.replacing("\"rules\":1", with: "\"rules\": 1"), text + "\n\n",
            text.replacing("\"rules\":1", with: "\"rules\":1,\"more\":1"),
            text.replacing("\"rules\":1", with: "\"rules\":1,\"rules\":1"), "", "{}", "[]", "null", "nonsense",
            text.replacing("dossier/1", with: "dossier/2"), String(repeating: "[", count: 10_000),
        ] {
            #expect(DossierCheck.report(on: Array(other.utf8)).verdict == .failed, "\(other.prefix(60))")
        }
        await counter.close()
    }

    /// A change that whoever has the instance's key could make, and the words of the answer.
    struct Forgery: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let words: String
        var outcome = DossierReport.Outcome.failed
        let change: @Sendable (inout DossierFile) throws -> Void
    }

    static let forgeries: [Forgery] = [
        Forgery(testDescription: "a record left out", words: "is numbered") { $0.records.remove(at: 1) },
        Forgery(testDescription: "no records", words: "has no records") { $0.records = [] },
        Forgery(testDescription: "a record's cause", words: "hash of record 1") { file in
            file.records[1] = DossierTests.changed(file.records[1]) { $0.replacing("test", with: "tost") }
        },
        Forgery(testDescription: "another merchant", words: "another merchant") { $0.merchant += "x" },
        Forgery(testDescription: "another payment", words: "hash of record 0") { $0.payment = ID<Payment>(
            at: Instant(milliseconds: 0), chance: [UInt8](repeating: 1, count: 10)).text },
        Forgery(testDescription: "other rules", words: "version 2 of the rules", outcome: .open) { $0.rules = 2 },
        Forgery(testDescription: "the transaction left out", words: "not in the file", outcome: .open) {
            $0.networks[0].transactions = []
        },
        Forgery(testDescription: "the networks left out", words: "not in the file", outcome: .open) {
            $0.networks = []
        },
        Forgery(testDescription: "the transaction's bytes left out", words: "too long for the file", outcome: .open) {
            $0.networks[0].transactions[0].raw = nil
        },
        Forgery(testDescription: "the headers left out", words: "header of its block", outcome: .open) {
            $0.networks[0].headers = []
        },
        Forgery(testDescription: "the last header left out", words: "1 of the 2 blocks", outcome: .open) {
            $0.networks[0].headers[0].headers.removeLast()
        },
        Forgery(testDescription: "another witness", words: "not those that the records name") { file in
            guard var raw = file.networks[0].transactions[0].raw else { return }
            raw[raw.count - 5] ^= 1
            file.networks[0].transactions[0].raw = raw
        },
        Forgery(testDescription: "another amount in the transaction", words: "does not lead") { file in
            guard var raw = file.networks[0].transactions[0].raw else { return }
            raw[49] ^= 1
            file.networks[0].transactions[0].raw = raw
        },
        Forgery(testDescription: "another place", words: "another place") { $0.networks[0].transactions[0].place = 2 },
        Forgery(testDescription: "another height", words: "another place") {
            $0.networks[0].transactions[0].height += 1
        },
        Forgery(testDescription: "a shorter branch", words: "does not fit") {
            $0.networks[0].transactions[0].branch = []
        },
        Forgery(testDescription: "another branch", words: "does not lead") {
            $0.networks[0].transactions[0].branch[0][3] ^= 1
        },
        Forgery(testDescription: "another block's header", words: "another block's") { file in
            file.networks[0].headers[0].headers[0] = file.networks[0].headers[0].headers[1]
            file.networks[0].headers[0].headers.removeLast()
        },
        Forgery(testDescription: "headers that do not follow each other", words: "does not follow") { file in
            file.networks[0].headers[0].headers[1] = file.networks[0].headers[0].headers[0]
        },
        Forgery(testDescription: "headers in two runs that do not join", words: "1 of the 2", outcome: .open) { file in
            let height = file.networks[0].headers[0].height + 1
            var fake = file.networks[0].headers[0].headers.removeLast()
            fake.replaceSubrange(4..<36, with: [UInt8](repeating: 1, count: 32))
            fake = try Mint.working(Array(fake[..<72]), .bitcoinRegtest)
            file.networks[0].headers.append(DossierFile.Run(height: height, headers: [fake]))
        },
        Forgery(testDescription: "a header without its work", words: "has not the work") { file in
            var header = file.networks[0].headers[0].headers[1]
            repeat { header[76] &+= 1 } while try BlockHeader(header).hasProofOfWork(on: .bitcoinRegtest)
            file.networks[0].headers[0].headers[1] = header
        },
        Forgery(testDescription: "a target below the network's", words: "has not the work") { file in
            file.networks[0].headers[0].headers[1][75] = 0x21
        },
        Forgery(testDescription: "the same height twice", words: "is there twice") { file in
            file.networks[0].headers.append(file.networks[0].headers[0])
        },
        Forgery(testDescription: "a height beyond all", words: "is none") { $0.networks[0].headers[0].height = .max },
        Forgery(testDescription: "a transaction more", words: "none that the records count with") { file in
            var more = file.networks[0].transactions[0]
            more.block = String(more.block.reversed())
            file.networks[0].transactions.append(more)
        },
        Forgery(testDescription: "another network", words: "not in the file", outcome: .open) {
            $0.networks[0].name = "bitcoin-signet"
        },
        Forgery(testDescription: "a network that is none", words: "no network") { $0.networks[0].name = "sandbox" },
        Forgery(testDescription: "a network twice", words: "there twice") { $0.networks.append($0.networks[0]) },
    ]

    @Test("Whoever has the key and changes the file is found out", arguments: forgeries)
    func forged(_ forgery: Forgery) async throws {
        let counter = try await Counter()
        var file = try await counter.file(try await counter.paid())
        try forgery.change(&file)
        let report = DossierCheck.report(on: counter.signed(file), trusting: counter.trust)
        #expect(report.texts(forgery.outcome).contains { $0.contains(forgery.words) }, "\(report.lines)")
        #expect(report.verdict != .full)
        await counter.close()
    }

    @Test("Personal parts that are not those of the records are found")
    func forgedPersonal() async throws {
        let counter = try await Counter()
        let id = try await counter.open(customer: "Søren").id
        let bytes = try await counter.gateway.dossier(of: id, showsPersonal: true, by: counter.caller)
        var file = try DossierFile(stored: bytes)
        file.personal?.customer = "Somebody"
        #expect(DossierCheck.report(on: counter.signed(file)).texts(.failed).contains { $0.contains("customer") })
        var noted = try DossierFile(stored: bytes)
        noted.personal?.notes = [DossierFile.Note(ruling: 1, salt: [1], text: "kind words")]
        #expect(DossierCheck.report(on: counter.signed(noted)).texts(.failed).contains { $0.contains("note") })
        await counter.close()
    }

    static func changed(_ line: DossierFile.Line, _ change: (String) -> String) -> DossierFile.Line {
        let old = line.record
        let record = Record(
            chain: old.chain, sequence: old.sequence, at: old.at, kind: old.kind, subject: old.subject,
            cause: change(old.cause), actor: old.actor, body: old.body, previous: old.previous)
        return DossierFile.Line(record: record, hash: line.hash)
    }
}
