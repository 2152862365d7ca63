import Crypto
import Domain
import Engine
import HTTP
import JSON
import Platform
import TestKit
import Testing

@testable import Web

@Suite("Signed roots, as merchants see them")
struct APIRoots {
    @Test("Whoever reads docs/OBJECTS.md can check each of them, and that it holds the one before")
    func signatures() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        for _ in 0..<3 {
            _ = await tenant.payment()
            #expect(try await gateway.gateway.seal() == 2)
        }
        let first = await tenant.get("/v1/roots?limit=2")
        let second = await tenant.get("/v1/roots?limit=2&after=\(first.json?["next"]?.asString ?? "")")
        #expect(first.json?["has_more"] == true && second.json?["has_more"] == false)
        let roots = [first, second].flatMap { $0.json?["data"]?.asArray ?? [] }
        #expect(roots.map { $0["number"] } == [2, 1, 0])
        for (place, root) in roots.enumerated() {
            func bytes(_ name: String) throws -> [UInt8] { try #require(root[name]?.asString.flatMap(Hex.decode)) }
            func text(_ name: String) throws -> [UInt8] { Array(try #require(root[name]?.asString).utf8) }
            func number(_ name: String) throws -> [UInt8] { Array(try #require(root[name]?.asNumber?.text).utf8) }
            let at = try #require(root["at"]?.asString.flatMap(Timestamp.parse))
            let encoded = try #require(root["public_key"]?.asString)
            let verifying = try WebhookVerificationKey(parsing: encoded)
            guard case .asymmetric(let key) = verifying else { throw WrongKey() }
            let fields = [
                try text("merchant_id"), try number("number"), Array(String(at).utf8), try number("leaves"),
                try bytes("tree"), try bytes("previous"), key.bytes,
            ]
            var preimage = Array("quittance/root/1\n".utf8)
            for field in fields {
                preimage += (0..<8).map { UInt8(truncatingIfNeeded: field.count >> (56 - 8 * $0)) } + field
            }
            #expect(SHA256.hash(preimage) == (try bytes("hash")))
            #expect(Hex.encode(SHA256.hash(key.bytes)) == root["fingerprint"]?.asString)
            #expect(
                key.isValid(
                    try bytes("signature"), of: Array("quittance/root-signature/1\n".utf8) + (try bytes("hash"))))
            let nothing = JSON.string(String(repeating: "0", count: 64))
            #expect(root["previous"] == (place + 1 < roots.count ? roots[place + 1]["hash"] : nothing))
        }
    }

    private struct WrongKey: Error {}

    @Test("An event names the last one of its merchant, and nobody else's")
    func events() async throws {
        let gateway = try await TestGateway()
        let (tenant, other) = (try await gateway.tenant(), try await gateway.tenant())
        _ = await tenant.payment()
        #expect(try await gateway.gateway.seal() == 3, "both have keys and policies")
        let id = await tenant.payment().id
        _ = await other.payment()
        let events = await tenant.get("/v1/events").json?["data"]?.asArray ?? []
        #expect(events.first?["root"] == .null)
        let root = try #require(await tenant.get("/v1/roots").json?["data"]?[0])
        let named = events.filter { $0["data"]?["payment"]?["id"] == .string(id) }.map { $0["root"] }
        #expect(!named.isEmpty)
        for name in named {
            #expect(name?["number"] == root["number"])
            #expect(name?["hash"] == root["hash"])
        }
        let theirs = await other.get("/v1/roots").json?["data"]?[0]
        #expect(theirs?["hash"] != nil && theirs?["hash"] != root["hash"])
        #expect(await tenant.get("/v1/roots?after=0").json?["data"]?.asArray?.isEmpty == true)
        #expect(await tenant.get("/v1/roots?after=x").status == 400)
    }
}
