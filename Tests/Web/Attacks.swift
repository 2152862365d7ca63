import Chains
import Domain
import Engine
import HTTP
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import Web

/// Names that are markup, forms on other sites, identities that somebody heard of.
@Suite("Attacks by browser and by API")
struct AttackTests {
    @Test(
        "Each does no harm, and harms whoever believes the one thing that he should not",
        arguments: Attack.onPages)
    func attack(_ attack: Attack) async throws { try await attack.attempt() }
}

/// How a word comes into a page.
private struct Rendering: Sendable {
    let page: @Sendable (String) -> String
}

/// What of a form's fields somebody looks at.
private struct Reading: Sendable {
    var reads: @Sendable (Headers) -> Headers = { $0 }
}

/// Whether somebody is shown a payment by its identity.
private struct Showing: Sendable {
    let shows: @Sendable (Tenant, String) async throws -> Bool
}

extension Attack {
    static let onPages: [Attack] = [
        Attack(
            "A38 a merchant whose name is markup",
            product: Rendering { name in
                let page: HTML = "<h1 title=\"\(name)\">\(name)</h1>"
                return page.text
            },
            twin: "names are words", Rendering { "<h1 title=\"\($0)\">\($0)</h1>" }
        ) { rendering in
            let names = ["<img src=x onerror=alert(1)>", "\" onmouseover=\"alert(1)", "</h1><script>alert(1)</script>"]
            for name in names {
                let page = rendering.page(name)
                let tags = page.count { $0 == "<" }
                let quotes = page.count { $0 == "\"" }
                if tags != 2 || quotes != 2 { return "a name becomes markup: \(page)" }
            }
            return nil
        },
        Attack(
            "G73 a form on another site, sent by the customer's browser", product: Reading(),
            twin: "whoever has the link is the customer",
            Reading { headers in
                var headers = headers
                headers["Origin"] = nil
                headers["Sec-Fetch-Site"] = nil
                return headers
            }
        ) { reading in
            let world = try await CheckoutWorld(clock: ManualClock())
            let token = try await world.open(in: nil)
            let foreign: [Headers] = [
                ["Origin": "https://evil.example"], ["Sec-Fetch-Site": "cross-site"], ["Origin": "null"],
                ["Origin": "https://pay.example", "Sec-Fetch-Site": "same-site"],
            ]
            for headers in foreign {
                let answer = try await world.send(
                    .post, "/checkout/\(token.text)/method", form: "method=SBX%40sandbox",
                    headers: reading.reads(headers))
                if answer.status == .seeOther { return "another site chooses for the customer" }
            }
            return nil
        },
        Attack(
            "AP2 a stranger has heard of a payment's identity",
            product: Showing { tenant, id in await tenant.get("/v1/payments/\(id)").status == 200 },
            twin: "identities cannot be guessed",
            Showing { tenant, id in
                guard let id = ID<Payment>(parsing: id) else { return false }
                return try await tenant.gateway.store.read { try $0.payment(id) } != nil
            }
        ) { showing in
            let gateway = try await TestGateway()
            let (owner, stranger) = (try await gateway.tenant(), try await gateway.tenant())
            let id = await owner.payment().id
            try #require(await owner.get("/v1/payments/\(id)").status == 200)
            return try await showing.shows(stranger, id) ? "a stranger sees the shop's orders" : nil
        },
    ]
}
