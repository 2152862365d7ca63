import Chains
import Crypto
import Database
import Domain
import Engine
import Foundation
import HTTP
import JSON
import Platform
import Storage

@testable import Dossier
@testable import HTTP
@testable import Web

extension FuzzTarget {
    /// Whole documents: bodies of requests, and files of payments.
    static let documents: [FuzzTarget] = [body, dossier]

    // MARK: Bodies

    /// Each operation of the API up to the store, which is closed: what is asked is answered, with a problem that
    /// has a name, and never with a fault of ours.
    private static let body = FuzzTarget(
        "body", most: 4_096,
        words: [
            #""amount":"10""#, #""currency":"EUR""#, #""merchant_order_id":"a""#,
            #""methods":[{"asset":"BTC","network":"bitcoin"}]"#,
            #""metadata":{"a":"b"}"#, #""policy":{"#, #""confirmations":[{"tiers":[{"up_to":"1.00","require":1}]}]"#,
            #""url":"https://a.example/""#, #""events":["*"]"#, #""scopes":["admin"]"#, #""rate":"1.5""#,
            "payments.create\n",
        ],
        seeds: bodySeeds, asking: { input throws(Flaw) in try await operate(input) })

    private static let bodySeeds: [[UInt8]] = {
        let bodies: [String: String] = [
            "payments.create":
                #"{"merchant_order_id":"a","amount":"10.00","currency":"EUR","asset":"BTC","network":"bitcoin","#
                + #""customer_id":"c","description":"d","metadata":{"k":"v"},"expires_in":600,"risk":"normal","#
                + #""success_url":"https://a.example/","policy":{"at_least_confirmations":3}}"#,
            "policies.set":
                #"{"currency":"EUR","under_tolerance":{"percent":"1","cap":"0.50"},"quote_minutes":15,"limits":[],"#
                + #""confirmations":[{"asset":"BTC","network":"bitcoin","tiers":[{"up_to":"10.00","require":1}]}]}"#,
            "wallets.create": #"{"network":"bitcoin","key":"xpub","name":"Till","script_type":"p2wpkh"}"#,
            "webhook-endpoints.create": #"{"url":"https://a.example/hook","events":["payment.*"],"description":"d"}"#,
            "api-keys.create": #"{"name":"till","scopes":["payments:write"]}"#,
            "rates.push": #"{"asset":"BTC","currency":"EUR","rate":"60000.5","at":"2026-01-01T00:00:00Z"}"#,
            "exceptions.rule": #"{"action":"accept","reason":"because"}"#,
        ]
        return bytes(
            API.operations.map { operation in
                "\(operation.name)\nlimit=5&after=1\npay_01KDVDRZ60000000000000001S\n\(bodies[operation.name] ?? "{}")"
            })
    }()

    /// A gateway whose store is closed.
    private static let closed = Task { () async throws -> (Gateway, Caller) in
        let folder = FileManager.default.temporaryDirectory.appending(path: "quittance-fuzz-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let store = try await Store.open(.sqlite(folder.appending(path: "closed.db").path))
        await store.close()
        try FileManager.default.removeItem(at: folder)
        guard let box = SecretBox(key: Secret([UInt8](repeating: 7, count: 32))), let pair = pair else {
            throw Flaw("keys of 32 bytes are keys")
        }
        let gateway = Gateway(
            store: store,
            world: World(clock: ManualClock(), entropy: SeededEntropy(seed: 3), log: .silent, metrics: Metrics()),
            networks: Networks([]), settings: Settings(baseURL: "https://pay.example"),
            keys: InstanceKeys(box: box, signing: pair), sandbox: nil)
        let chance = [UInt8](repeating: 1, count: 10)
        let at = Instant(milliseconds: 1)
        let caller = Caller(
            merchant: ID(at: at, chance: chance), key: ID(at: at, chance: chance), isTest: true, scopes: ["admin"])
        return (gateway, caller)
    }

    private static func operate(_ input: [UInt8]) async throws(Flaw) -> Bool {
        let lines = input.split(separator: 10, maxSplits: 3, omittingEmptySubsequences: false).map(Array.init)
        let name = lines[0].text
        let other = lines[0].reduce(0) { ($0 &* 31 &+ Int($1)) & 0xffff } % API.operations.count
        let operation = API.operations.first { $0.name == name } ?? API.operations[other]
        let target = Array("/?".utf8) + (lines.count > 1 ? lines[1] : [])
        guard let query = try? HTTP.Target(parsing: target[...], limits: HTTP.Limits()).query else { return false }
        var request = Request(
            method: operation.method, path: "/", query: query, body: lines.count > 3 ? lines[3] : [])
        request.headers.add("Content-Type", "application/json")
        let names = operation.pattern.split(separator: "/").filter { $0.hasPrefix("{") }
            .map { String($0.dropFirst().dropLast()) }
        let value = lines.count > 2 ? lines[2].text : ""
        request.parameters = Parameters(names: names, values: names.map { _ in value })
        do {
            let (gateway, caller) = try await closed.value
            let call = Call(
                gateway: gateway, operation: operation, request: request, caller: caller, requestID: "r",
                key: nil)
            _ = try await operation.run(call)
            return true
        } catch {
            let answer = (error as? Problem ?? Problem(error, pointers: operation.pointers)).response(requestID: "r")
            try expect(answer.status.code != 500, "\(operation.name) failed: \(error)")
            // What passed all forms met the closed store.
            return answer.status.code == 503
        }
    }

    private static let pair = Ed25519.KeyPair(seed: Secret([UInt8](repeating: 9, count: 32)))

    // MARK: Dossiers

    /// A file as it is; behind an exclamation mark as whoever has the key would make it: bound and signed anew, so
    /// that what is behind hashes and signatures is met as well.
    private static let dossier = FuzzTarget(
        "dossier", most: 32_768,
        words: [#""seal":null"#, #""later":[]"#, #""networks":[]"#, #""personal":null"#, "sighted"],
        seeds: bytes([#"{"format":"quittance/dossier/1"}"#, "!{}"])
    ) { input throws(Flaw) in
        guard input.first == UInt8(ascii: "!") else {
            let report = DossierCheck.report(on: input)
            try expect(report.verdict != .full, "whole without a key")
            return report.verdict != .failed
        }
        let limits = JSONLimits(bytes: DossierLimits.fileBytes, depth: 12)
        guard let pair, let json = try? JSON.parse(Array(input.dropFirst()), limits: limits),
            var file = try? DossierFile(Fields(json))
        else { return false }
        bind(&file)
        file.key = pair.publicKey.bytes
        file.signature = pair.sign(DossierFile.message(SHA256.hash(file.unsignedBytes)))
        let document = file.storedBytes
        try expect((try? DossierFile(stored: document)) == file, "written again it is another file")
        let report = DossierCheck.report(
            on: document, trusting: .init(keys: [Hex.encode(SHA256.hash(pair.publicKey.bytes))]))
        try expect(!report.lines.isEmpty, "nothing was checked")
        if report.verdict == .full {
            // No trusted header: then nothing that a network would have to show counts.
            let isBare = report.texts(.done).contains { $0.contains("counts with no transfer") }
            try expect(isBare, "whole, without a block")
        }
        return report.verdict != .failed
    }

    /// Gives each record the hash that it has to have.
    private static func bind(_ file: inout DossierFile) {
        var previous = [UInt8](repeating: 0, count: 32)
        for place in file.records.indices {
            let old = file.records[place].record
            let record = Record(
                chain: file.payment, sequence: UInt64(place), at: old.at, kind: old.kind, subject: old.subject,
                cause: old.cause, actor: old.actor, body: old.body, previous: previous)
            previous = SHA256.hash(record.preimage)
            file.records[place] = DossierFile.Line(record: record, hash: previous)
        }
    }
}
