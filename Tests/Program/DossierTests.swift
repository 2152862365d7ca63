import Crypto
import JSON
import Platform
import TestKit
import Testing

@testable import quittance

@Suite("A payment's file, from the command line and back", .timeLimit(.minutes(15)))
struct DossierTests {
    @Test("It is printed beside a gateway that runs and without one, and checked without any")
    func whole() async throws {
        let folder = try TemporaryFolder()
        let data = ["--data", folder.file("data")]
        #expect(await Quittance.run(["merchant", "create", "--name", "Shop"] + data, Lines().terminal()) == .good)
        let key = Lines()
        #expect(await Quittance.run(["key", "create"] + data, key.terminal()) == .good)
        var configuration = Configuration(data: folder.file("data"))
        configuration.port = 0
        let running = try await Running.start(configuration, log: .silent)
        let client = APIClient(url: running.url, key: key.output)
        let made = try await client.post(
            "/v1/payments",
            [
                "merchant_order_id": "order \"17\" é", "amount": "10.00", "currency": "EUR", "asset": "SBX",
                "network": "sandbox", "customer_id": "Zoë",
            ])
        let id = try #require(made["id"]?.asString)
        try await client.post("/v1/sandbox/payments/\(id)/exact", ["confirmations": 1])
        try await until { try await client.get("/v1/payments/\(id)")["state"]?.asString == "paid" }
        let beside = Lines()
        #expect(await Quittance.run(["payment", "dossier", id] + data, beside.terminal()) == .good)
        try await running.stop()
        let alone = Lines()
        #expect(await Quittance.run(["payment", "dossier", id, "--personal"] + data, alone.terminal()) == .good)
        #expect(!beside.output.contains("Zoë") && alone.output.contains("Zoë"))

        for text in [beside.output, alone.output] {
            let file = folder.file("dossier.json")
            try Files.write(Array((text + "\n").utf8), to: file)
            let said = Lines()
            #expect(await Quittance.run(["verify", file], said.terminal()) == .partial)
            #expect(said.output.contains("PARTIAL: nothing is wrong"), "\(said.output)")
            #expect(said.output.contains("play money, which no network shows"))
            let signer = Hex.decode(try JSON.parse(text: text)["key"]?.asString ?? "") ?? []
            let trusting = Lines()
            let words = ["verify", file, "--key", Hex.encode(SHA256.hash(signer))]
            #expect(await Quittance.run(words, trusting.terminal()) == .partial)
            #expect(trusting.output.contains("by a key that you trust"), "\(trusting.output)")
            let stranger = ["verify", file, "--key", String(repeating: "0", count: 64)]
            #expect(await Quittance.run(stranger, Lines().terminal()) == .finding)
            try Files.write(Array(text.replacing("opened", with: "opaned").utf8), to: file)
            let altered = Lines()
            #expect(await Quittance.run(["verify", file], altered.terminal()) == .finding)
            #expect(altered.output.contains("FAILED:"))
            let root = ["verify", file, "--root", "0:" + String(repeating: "0", count: 64)]
            #expect(await Quittance.run(root, Lines().terminal()) == .wrongUse)
        }
        #expect(await Quittance.run(["verify", folder.file("none")], Lines().terminal()) == .worldFailed)
        let unknown = ["payment", "dossier", "pay_00000000000000000000000001"] + data
        #expect(await Quittance.run(unknown, Lines().terminal()) == .wrongUse)
    }
}
