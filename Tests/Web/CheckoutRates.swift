import Engine
import HTTP
import JSON
import Platform
import Testing

@testable import Web

@Suite("Who has a link can ask for so much with it")
struct CheckoutRates {
    private func press(
        _ world: CheckoutWorld, _ path: String, form: String = "", isScript: Bool = false
    ) async throws -> Response {
        try await world.send(.post, path, form: form, headers: isScript ? ["Accept": "application/json"] : [:])
    }

    @Test("Commands beyond what people press are refused, of that payment alone, and only for a while")
    func commands() async throws {
        let clock = ManualClock()
        let world = try await CheckoutWorld(clock: clock)
        let (token, other) = (try await world.open("one"), try await world.open("other"))
        let path = "/checkout/\(token.text)"
        for number in 0..<CheckoutLimits.commands {
            // What comes to nothing counts as well.
            let press = number.isMultiple(of: 2) ? "\(path)/sandbox/fee-bump" : "\(path)/method"
            #expect(try await self.press(world, press).status == .conflict)
        }
        let refused = try await press(world, path + "/sandbox/exact", isScript: true)
        #expect(refused.status == .tooManyRequests)
        #expect(refused.headers["retry-after"] == "1")
        #expect(try JSON.parse(try #require(refused.bytes))["message"]?.asString?.contains("wait 1 s") == true)
        for path in [path + "/sandbox/mine", path + "/method"] {
            let page = try await press(world, path)
            #expect(page.status == .tooManyRequests)
            #expect(String(decoding: page.bytes ?? [], as: UTF8.self).contains("Not so fast"))
        }
        #expect(try await world.page(token).contains("Waiting for payment"), "nothing was paid, and it is shown")
        #expect(try await world.send(.get, path + "/status").status == .ok)
        #expect(try await press(world, "/checkout/\(other.text)/sandbox/exact").status == .seeOther)
        clock.advance(by: 1_000)
        #expect(try await press(world, path + "/sandbox/exact").status == .seeOther)
        #expect(try await press(world, path + "/sandbox/exact").status == .tooManyRequests)
    }

    @Test("A link that is none uses up nothing, and is told nothing else")
    func strangers() async throws {
        let world = try await CheckoutWorld(clock: ManualClock())
        let token = try await world.open()
        let forged = String(token.text.dropLast()) + (token.text.hasSuffix("0") ? "1" : "0")
        for _ in 0..<(2 * CheckoutLimits.commands) {
            #expect(try await press(world, "/checkout/\(forged)/sandbox/exact").status == .notFound)
        }
        #expect(try await press(world, "/checkout/\(token.text)/sandbox/exact").status == .seeOther)
    }

    @Test("So are streams of events: the page asks for its status then")
    func streams() async throws {
        let clock = ManualClock()
        let world = try await CheckoutWorld(clock: clock)
        let token = try await world.open()
        let path = "/checkout/\(token.text)"
        for _ in 0..<CheckoutLimits.streams {
            #expect(try await world.send(.get, path + "/events").status == .ok)
        }
        let refused = try await world.send(.get, path + "/events")
        #expect(refused.status == .tooManyRequests)
        #expect(refused.headers["retry-after"] == "1")
        #expect(refused.headers["content-type"] == "application/problem+json")
        #expect(try await world.send(.get, path + "/status").status == .ok)
        clock.advance(by: 2_000)
        #expect(try await world.send(.get, path + "/events").status == .ok)
    }

    @Test("A way without a price is not offered but explained, and the others are")
    func unpriced() async throws {
        let clock = ManualClock()
        let world = try await CheckoutWorld(clock: clock)
        func push(_ asset: String) async throws {
            _ = try await world.gateway.push(
                asset: CheckoutWorld.asset(asset), currency: "EUR", rate: "0.8", by: world.caller, cause: "test",
                Answering(key: nil) { _ in Reply(status: 200, body: []) })
        }
        // From here on its own word counts, and that of SUSD gets too old.
        try await push("SUSD")
        let token = try await world.open(in: nil)
        let path = "/checkout/\(token.text)"
        #expect(try await world.page(token).contains(#"value="SUSD@sandbox""#))
        clock.advance(by: world.gateway.settings.rateMaxAgeSeconds * 1_000 + 1)
        let page = try await world.page(token)
        #expect(page.contains(#"value="SBX@sandbox""#) && !page.contains(#"value="SUSD@sandbox""#))
        #expect(page.contains("there is no price for paying in SUSD on the Sandbox network. Load this page again"))
        #expect(page.contains("or choose another way"))
        let refused = try await press(world, path + "/method", form: "method=SUSD%40sandbox")
        #expect(refused.status == .conflict)
        #expect(!String(decoding: refused.bytes ?? [], as: UTF8.self).contains("Your own rate"), "told to the shop")
        // What is quoted needs no price until the quote is over.
        try await push("SUSD")
        #expect(try await press(world, path + "/method", form: "method=SUSD%40sandbox").status == .seeOther)
        #expect(try await !world.page(token).contains("there is no price"))
    }

    @Test("What is set aside is told in words, to the script as to a bare browser")
    func setAside() async throws {
        let world = try await CheckoutWorld(clock: ManualClock())
        let token = try await world.open()
        try await world.setAside(token)
        let path = "/checkout/\(token.text)/sandbox/exact"
        let told = try await press(world, path, isScript: true)
        #expect(told.status == .conflict)
        #expect(try JSON.parse(try #require(told.bytes))["message"]?.asString?.contains("being checked") == true)
        let page = try await press(world, path)
        #expect(page.status == .conflict)
        #expect(String(decoding: page.bytes ?? [], as: UTF8.self).contains("being checked"))
    }
}
