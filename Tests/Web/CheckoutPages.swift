import Chains
import Domain
import Engine
import Foundation
import HTTP
import JSON
import Platform
import Testing

@testable import Web

/// One story a row: what happens, and what the customer reads afterwards.
struct CheckoutStory: Sendable, CustomTestStringConvertible {
    let name: String
    var asset: String? = "SBX"
    var amount = "25.00"
    let title: String
    let happens: @Sendable (CheckoutWorld, CheckoutToken) async throws -> Void
    var testDescription: String { name }

    static let all: [CheckoutStory] = [
        CheckoutStory(name: "choosing", asset: nil, title: "Choose how to pay") { _, _ in },
        CheckoutStory(name: "waiting", title: "Waiting for payment") { _, _ in },
        CheckoutStory(name: "received", title: "Payment received") { try await $0.play(.exact, $1) },
        CheckoutStory(name: "received-in-part", title: "A part was received") {
            try await $0.play(.under(percent: 50), $1)
        },
        CheckoutStory(name: "confirming", title: "Confirming") { try await $0.play(.exact, $1, blocks: 1) },
        CheckoutStory(name: "missing", title: "Something is missing: pay 0.125\u{A0}SBX more") {
            try await $0.play(.under(percent: 50), $1, blocks: 2)
        },
        CheckoutStory(name: "missing-over", title: "Something is missing") {
            try await $0.play(.under(percent: 50), $1, blocks: 2)
            try await $0.move(.clock(advanceSeconds: 3_600))
        },
        CheckoutStory(name: "complete", title: "Complete") { try await $0.play(.exact, $1, blocks: 2) },
        CheckoutStory(name: "overpaid", title: "Complete") { try await $0.play(.over(percent: 10), $1, blocks: 2) },
        CheckoutStory(name: "paid-twice", title: "Complete") { try await $0.play(.duplicate, $1, blocks: 2) },
        CheckoutStory(name: "late", title: "Being checked") { try await $0.play(.late, $1, blocks: 2) },
        CheckoutStory(name: "late-received", title: "Payment received") { try await $0.play(.late, $1) },
        CheckoutStory(name: "late-confirming", title: "Confirming") { try await $0.play(.late, $1, blocks: 1) },
        CheckoutStory(name: "received-time-over", title: "Payment received") { world, token in
            try await world.play(.exact, token)
            try await world.move(.clock(advanceSeconds: 3_600))
        },
        CheckoutStory(name: "over", title: "Waiting for payment") { world, _ in
            try await world.move(.clock(advanceSeconds: 15 * 60 + 1))
        },
        CheckoutStory(name: "expired", title: "Expired") { world, _ in
            try await world.move(.clock(advanceSeconds: 3_600))
        },
        CheckoutStory(name: "expired-for-good", title: "Expired") { world, _ in
            try await world.move(.clock(advanceSeconds: 90_000))
        },
        CheckoutStory(name: "set-aside", title: "Being checked") { world, token in
            try await world.setAside(token)
        },
        CheckoutStory(name: "network-silent", title: "Waiting for payment") { world, _ in
            try await world.silence("sandbox")
        },
        CheckoutStory(name: "network-silent-received", title: "Payment received") { world, token in
            try await world.play(.exact, token)
            try await world.silence("sandbox")
        },
        CheckoutStory(name: "wrong-network", title: "Waiting for payment") {
            try await $0.play(.wrongNetwork, $1, blocks: 2)
        },
        CheckoutStory(name: "wrong-network-accepted", title: "Complete") {
            try await $0.play(.wrongNetwork, $1, blocks: 2)
            try await $0.rule(.accept, $1)
        },
        CheckoutStory(name: "not-completed", title: "Not completed") { try await $0.cancel($1) },
        CheckoutStory(name: "cancelled-and-paid", title: "Not completed") {
            try await $0.cancel($1)
            try await $0.play(.exact, $1, blocks: 2)
        },
        CheckoutStory(name: "cancelled-and-on-its-way", title: "Not completed") {
            try await $0.cancel($1)
            try await $0.play(.exact, $1)
        },
        CheckoutStory(name: "cancelled-and-on-wrong-network", title: "Not completed") {
            try await $0.play(.wrongNetwork, $1)
            try await $0.cancel($1)
        },
        CheckoutStory(name: "late-and-rejected", title: "Not completed") {
            try await $0.play(.late, $1, blocks: 2)
            try await $0.rule(.reject, $1)
        },
        CheckoutStory(name: "expired-on-wrong-network", title: "Expired") {
            try await $0.play(.wrongNetwork, $1, blocks: 2)
            try await $0.move(.clock(advanceSeconds: 3_600))
        },
        CheckoutStory(name: "waiting-over-midnight", asset: nil, title: "Waiting for payment") { world, token in
            try await world.move(.clock(advanceSeconds: 24 * 3_600 - 300))
            _ = try await world.gateway.choose(
                try CheckoutWorld.method("SBX"), for: token.payment, by: .customer, of: nil, cause: "test",
                Answering(key: nil) { _ in Reply(status: 200, body: []) })
        },
        CheckoutStory(name: "reorged", title: "Payment received") {
            try await $0.play(.exact, $1, blocks: 2)
            try await $0.play(.takeBack, $1)
        },
        CheckoutStory(name: "double-spent", title: "Waiting for payment") {
            try await $0.play(.exact, $1, blocks: 2)
            try await $0.play(.takeBack, $1)
            try await $0.play(.replace(.elsewhere), $1)
        },
        CheckoutStory(name: "double-spent-time-over", title: "Expired") {
            try await $0.play(.exact, $1, blocks: 2)
            try await $0.play(.takeBack, $1)
            try await $0.play(.replace(.elsewhere), $1, blocks: 2)
            try await $0.move(.clock(advanceSeconds: 90_000))
        },
        CheckoutStory(name: "taken-back-with-a-higher-fee", title: "Payment received") {
            try await $0.play(.exact, $1, blocks: 2)
            try await $0.play(.takeBack, $1)
            try await $0.play(.replace(.feeBump), $1)
        },
        CheckoutStory(name: "large", amount: "4938271.56", title: "Waiting for payment") { _, _ in },
    ]
}

@Suite("The checkout page")
struct CheckoutPages {
    @Test("says in every state what the customer has to know, word for word", arguments: CheckoutStory.all)
    func golden(story: CheckoutStory) async throws {
        let world = try await CheckoutWorld(clock: ManualClock())
        let token = try await world.open(in: story.asset, amount: story.amount)
        try await story.happens(world, token)
        let page = try await world.page(token)
        #expect(page.contains("<h1 id=\"state\" tabindex=\"-1\">\(story.title)</h1>"))
        try Golden.check(page, story.name)
    }

    @Test("says plainly what became of a payment that it called complete, and only of such a one", arguments: [
        ("reorged", "is not part of the chain any more"), ("double-spent", "Please pay again, or ask Fern"),
        ("double-spent-time-over", "pays elsewhere. Please ask Fern"),
        ("taken-back-with-a-higher-fee", "you need not pay twice"),
        ("complete", nil), ("received", nil), ("missing", nil), ("late", nil), ("late-and-rejected", nil),
    ] as [(String, String?)])
    func undone(name: String, words: String?) async throws {
        let story = try #require(CheckoutStory.all.first { $0.name == name })
        let world = try await CheckoutWorld(clock: ManualClock())
        let token = try await world.open()
        try await story.happens(world, token)
        let page = try await world.page(token)
        #expect(page.contains("This payment was complete, but") == (words != nil))
        guard let words else { return }
        #expect(page.contains(words) && !page.contains("nothing arrived"), "\(page)")
    }

    @Test("tells what each way costs before one is chosen, and asks for that amount afterwards")
    func costs() async throws {
        let world = try await CheckoutWorld(clock: ManualClock())
        let token = try await world.open(in: nil)
        let page = try await world.page(token)
        #expect(page.contains(">0.25\u{A0}SBX</span>") && page.contains(">31.25\u{A0}SUSD</span>"), "\(page)")
        let issued = try await world.gateway.walletViews(of: world.caller).map { String(describing: $0) }
        _ = try await world.page(token)
        #expect(try await world.gateway.walletViews(of: world.caller).map { String(describing: $0) } == issued)
        let form = "method=SUSD%40sandbox"
        #expect(try await world.send(.post, "/checkout/\(token.text)/method", form: form).status == .seeOther)
        #expect(try await world.page(token).contains("<span id=\"amount\">31.25</span>"))
    }

    @Test("escapes whatever a merchant wrote")
    func escaping() async throws {
        let world = try await CheckoutWorld(clock: ManualClock())
        let token = try await world.open("\"><img src=x onerror=alert(1)>")
        let page = try await world.page(token)
        #expect(page.contains("Two potted ferns and a &lt;story&gt;"))
        #expect(!page.contains("<story>") && !page.contains("<img"))
    }

    @Test("comes with headers that let nothing else in")
    func headers() async throws {
        let world = try await CheckoutWorld(clock: ManualClock())
        let token = try await world.open()
        for path in ["/", "/checkout/\(token.text)", "/receipt/\(token.text)", "/checkout/none"] {
            let response = try await world.send(.get, path)
            let policy = try #require(response.headers["content-security-policy"])
            #expect(policy.hasPrefix("default-src 'none'; ") && !policy.contains("unsafe"))
            #expect(response.headers["cache-control"] == "no-store")
            #expect(response.headers["x-content-type-options"] == "nosniff")
            #expect(response.headers["referrer-policy"] == "same-origin")
            #expect(!response.headers.contains("set-cookie"))
            let page = String(decoding: try #require(response.bytes), as: UTF8.self)
            #expect(!page.contains(" style=") && !page.contains(" onclick=") && !page.contains("<style"))
        }
        for file in Assets.all {
            let response = try await world.send(.get, file.path)
            #expect(response.status == .ok)
            #expect(response.headers["cache-control"] == "public, max-age=31536000, immutable")
        }
    }

    @Test("knows no other token", arguments: [
        "none", "../x", "01ARZ3NDEKTSV4RRFFQ69G5FAV-00000000000000000000000000000000",
    ])
    func unknown(token: String) async throws {
        let world = try await CheckoutWorld(clock: ManualClock())
        for path in ["checkout/\(token)", "checkout/\(token)/status", "checkout/\(token)/events", "receipt/\(token)"] {
            #expect(try await world.send(.get, "/" + path).status == .notFound)
        }
        #expect(try await world.send(.post, "/checkout/\(token)/method", form: "method=x").status == .notFound)
    }

    @Test("is another one when anything but the countdown changes")
    func revision() async throws {
        let clock = ManualClock()
        let world = try await CheckoutWorld(clock: clock)
        let token = try await world.open()
        func status() async throws -> JSON {
            try JSON.parse(try #require(try await world.send(.get, "/checkout/\(token.text)/status").bytes))
        }
        let first = try await status()
        #expect(first["left"]?.asInt64 == 900_000 as Int64)
        try await world.move(.clock(advanceSeconds: 60))
        let second = try await status()
        #expect(second["left"]?.asInt64 == 840_000 as Int64)
        #expect(first["revision"] == second["revision"])
        try await world.play(.exact, token)
        let third = try await status()
        #expect(third["revision"] != second["revision"])
        #expect(third["title"]?.asString == "Payment received")
        try await world.move(.mine(.sandbox, blocks: 1))
        let fourth = try await status()
        #expect(fourth["confirmations"]?.asInt64 == 1 && fourth["confirmations_required"]?.asInt64 == 2)
    }

    @Test("takes a choice, quotes again when the time is over, and refuses what is not offered")
    func choosing() async throws {
        let world = try await CheckoutWorld(clock: ManualClock())
        let token = try await world.open(in: nil)
        let path = "/checkout/\(token.text)"
        func choose(_ form: String, _ headers: Headers = Headers()) async throws -> Status {
            try await world.send(.post, path + "/method", form: form, headers: headers).status
        }
        #expect(try await choose("method=BTC%40bitcoin") == .conflict)
        #expect(try await choose("method=SBX%40sandbox&method=SUSD%40sandbox") == .conflict)
        #expect(try await choose("nothing") == .conflict)
        #expect(try await choose("method=SBX%40sandbox", ["Sec-Fetch-Site": "cross-site"]) == .forbidden)
        #expect(try await choose("method=SBX%40sandbox", ["Origin": "https://evil.example"]) == .forbidden)
        #expect(try await choose("method=SBX%40sandbox", ["Origin": "null"]) == .forbidden)
        #expect(try await choose("method=SBX%40sandbox", ["Origin": "https://pay.example"]) == .seeOther)
        let first = try await address(world, token)
        #expect(try await choose("method=SBX%40sandbox") == .conflict)
        #expect(try await choose("method=SUSD%40sandbox") == .seeOther)
        #expect(try await choose("method=SBX%40sandbox") == .seeOther)
        try await world.move(.clock(advanceSeconds: 901))
        #expect(try await choose("method=SBX%40sandbox") == .seeOther)
        let second = try await address(world, token)
        #expect(first != second)
        #expect(try await world.page(token).contains("Waiting for payment"))
    }

    @Test("offers no new price to whoever has paid the whole, in time or too late", arguments: [
        "received", "late-received", "late-confirming", "received-time-over", "late",
    ])
    func paidWhole(name: String) async throws {
        let story = try #require(CheckoutStory.all.first { $0.name == name })
        let world = try await CheckoutWorld(clock: ManualClock())
        let token = try await world.open()
        try await story.happens(world, token)
        let before = try await address(world, token)
        let page = try await world.page(token)
        #expect(!page.contains("Get a new quote") && !page.contains("/method\""))
        #expect(page.contains("after the time to pay") == name.hasPrefix("late"))
        #expect(page.contains("all is done") == !(name.hasPrefix("late")))
        let path = "/checkout/\(token.text)/method"
        #expect(try await world.send(.post, path, form: "method=SBX%40sandbox").status == .conflict)
        #expect(try await address(world, token) == before)
    }

    private func address(_ world: CheckoutWorld, _ token: CheckoutToken) async throws -> String? {
        try await world.gateway.checkoutView(token)?.payment.quote?.destination.address
    }

    @Test("has the sandbox's clock only where the operator gave it away, and says how to be late otherwise")
    func clock() async throws {
        for mayMove in [false, true] {
            let world = try await CheckoutWorld(clock: ManualClock(), mayMoveClock: mayMove)
            let token = try await world.open()
            let path = "/checkout/\(token.text)/sandbox/"
            for action in ["clock", "late"] {
                #expect(try await world.page(token).contains("/sandbox/\(action)\"") == mayMove)
            }
            let now = world.gateway.now(isTest: true)
            #expect(try await world.send(.post, path + "clock", form: "").status == (mayMove ? .seeOther : .conflict))
            #expect((world.gateway.now(isTest: true) > now) == mayMove)
            try await world.move(.clock(advanceSeconds: 3_600))
            #expect(try await world.page(token).contains("/sandbox/late\""))
            #expect(try await world.send(.post, path + "late", form: "blocks=2").status == .seeOther)
            try await world.watch()
            #expect(try await world.page(token).contains("Being checked"))
        }
    }

    @Test("lets only test payments play")
    func playing() async throws {
        let world = try await CheckoutWorld(clock: ManualClock())
        let token = try await world.open()
        let path = "/checkout/\(token.text)/sandbox/"
        #expect(try await world.send(.post, path + "exact", form: "blocks=2").status == .seeOther)
        #expect(try await world.send(.post, path + "nonsense", form: "blocks=2").status == .notFound)
        #expect(try await world.send(.post, path + "exact", form: "blocks=999999").status == .badRequest)
        #expect(try await world.send(.post, path + "fee-bump", form: "").status == .conflict)
        let refused = try await world.send(.post, path + "fee-bump", form: "", headers: ["Accept": "application/json"])
        #expect(try JSON.parse(try #require(refused.bytes))["message"]?.asString?.isEmpty == false)
        #expect(
            try await world.send(.post, path + "exact", form: "", headers: ["Sec-Fetch-Site": "same-site"]).status
                == .forbidden)
    }

    @Test("has a receipt with the network's evidence")
    func receipt() async throws {
        let world = try await CheckoutWorld(clock: ManualClock())
        let token = try await world.open()
        func page() async throws -> String {
            let response = try await world.send(.get, "/receipt/\(token.text)")
            return String(decoding: try #require(response.bytes), as: UTF8.self)
        }
        #expect(try await page().contains("<h1>No receipt yet</h1>"))
        #expect(try await !page().contains("wallet"), "there is nothing to pay by on this page")
        try await world.play(.exact, token, blocks: 2)
        try Golden.check(try await page(), "receipt")
        #expect(try await !page().contains("<h3>"))
        try await world.play(.exact, token, blocks: 2)
        #expect(try await page().contains("<h3>Payment 2 of 2</h3>"))
        #expect(try await page().contains("0.25\u{A0}SBX more has arrived than the order costs."))
    }

    @Test("has what was accepted on its receipt, although it does not count by itself")
    func receiptOfAccepted() async throws {
        let world = try await CheckoutWorld(clock: ManualClock())
        let token = try await world.open()
        try await world.play(.wrongNetwork, token, blocks: 2)
        try await world.rule(.accept, token)
        let response = try await world.send(.get, "/receipt/\(token.text)")
        try Golden.check(String(decoding: try #require(response.bytes), as: UTF8.self), "receipt-of-accepted")
    }

    @Test("does not say that something is still to come on the receipt of what was accepted by hand")
    func receiptByHand() async throws {
        let world = try await CheckoutWorld(clock: ManualClock())
        let token = try await world.open()
        _ = try await world.gateway.accept(
            token.payment, reason: "Paid in cash.", by: world.caller, cause: "test",
            Answering(key: nil) { _ in Reply(status: 200, body: []) })
        let response = try await world.send(.get, "/receipt/\(token.text)")
        let page = String(decoding: try #require(response.bytes), as: UTF8.self)
        #expect(page.contains("<h1>Receipt</h1>") && !page.contains("Arrived") && !page.contains("yet"))
        try Golden.check(page, "receipt-by-hand")
    }
}

/// Pages kept beside the tests. `QUITTANCE_GOLDEN=write` writes them anew; then look at what has changed.
enum Golden {
    private static let folder = Foundation.URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../Browser/pages").standardizedFileURL

    static func check(_ page: String, _ name: String) throws {
        // The hashes of the files are theirs; the drawing of a code is held by its own test.
        let plain = page.replacing(/\.[0-9a-f]{16}\./, with: ".HASH.").replacing(/d="M4 4h7[^"]*"/, with: "d=\"…\"")
        let file = folder.appending(path: name + ".html")
        if ProcessInfo.processInfo.environment["QUITTANCE_GOLDEN"] == "write" {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(plain.utf8).write(to: file)
        }
        let kept = try String(contentsOf: file, encoding: .utf8)
        #expect(plain == kept, "\(name) is another page: see CONTRIBUTING.md on golden files")
    }
}
