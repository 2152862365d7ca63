import Domain
import Engine
import HTTP
import Platform
import Testing

@testable import Web

@Suite("Every button of the sandbox on a payment page does what it says")
struct CheckoutButtons {
    /// What happened before, what is chosen beside the button, and how the payment stands afterwards.
    struct Press: Sendable {
        var before: [(SandboxAction, blocks: Int)] = []
        var blocks = 2
        let state: State
        var open: [Exception.Kind] = []
    }

    /// One row for each button: a new one does not compile without.
    static func press(_ action: SandboxAction) -> Press {
        switch action {
        case .exact, .split: Press(state: .paid)
        // Nobody has to settle anything while the customer may still pay the rest.
        case .under: Press(state: .underpaid)
        case .over: Press(state: .overpaid, open: [.overpaid])
        case .duplicate: Press(state: .paid, open: [.duplicate])
        case .late: Press(state: .latePaid, open: [.late])
        case .wrongNetwork: Press(state: .awaitingPayment, open: [.wrongNetwork])
        case .wrongAsset: Press(state: .awaitingPayment, open: [.wrongAsset])
        case .mine: Press(before: [(.exact, blocks: 0)], state: .confirming)
        case .feeBump: Press(before: [(.exact, blocks: 0)], state: .detected)
        case .replace: Press(before: [(.exact, blocks: 0)], state: .awaitingPayment)
        case .reorg: Press(before: [(.exact, blocks: 2)], state: .detected, open: [.reversed])
        // Ten minutes later twice: the time to pay, a quarter of an hour, and the grace are over.
        case .clock: Press(before: [(.clock, blocks: 0)], state: .expired)
        }
    }

    @Test("Pressed on the page, without a script", arguments: SandboxAction.allCases)
    func pressed(action: SandboxAction) async throws {
        let world = try await CheckoutWorld(clock: ManualClock(), mayMoveClock: true)
        let token = try await world.open(isOnlyMethod: true)
        func press(_ action: SandboxAction, blocks: Int) async throws {
            let path = "/checkout/\(token.text)/sandbox/\(action.rawValue)"
            #expect(try await world.page(token).contains("formaction=\"\(path)\""))
            let answer = try await world.send(
                .post, path, form: "blocks=\(blocks)", headers: ["Origin": "https://pay.example"])
            #expect(answer.status == .seeOther, "\(String(decoding: answer.bytes ?? [], as: UTF8.self))")
            #expect(answer.headers["location"] == "/checkout/\(token.text)")
            try await world.watch()
        }
        let row = Self.press(action)
        for (action, blocks) in row.before { try await press(action, blocks: blocks) }
        let before = try await payment(world, token).evidence.transfers.map(\.key)
        try await press(action, blocks: row.blocks)
        let after = try await payment(world, token)
        #expect(after.state == row.state)
        #expect(after.openExceptions.map(\.kind) == row.open)
        if action == .feeBump {
            let live = after.assessment.shares.keys
            #expect(live.count == 1 && !live.contains { before.contains($0) }, "another transaction pays now")
        }
    }

    @Test("What is not offered can be sent by mistake; where all is offered, there is no such button")
    func mistakes() async throws {
        let world = try await CheckoutWorld(clock: ManualClock())
        for (isOnlyMethod, status) in [(false, Status.conflict), (true, .seeOther)] {
            let token = try await world.open(isOnlyMethod: isOnlyMethod)
            let path = "/checkout/\(token.text)/sandbox/wrong-asset"
            #expect(try await world.page(token).contains(path) == isOnlyMethod)
            #expect(try await world.page(token).contains("/sandbox/wrong-network"))
            #expect(try await world.send(.post, path, form: "blocks=0").status == status)
        }
    }

    @Test("A button that a page does not have is answered with the reason, not as a link that is none", arguments: [
        (SandboxAction.clock, "may not move the clock"), (.late, "not too late yet"),
        (.wrongAsset, "No asset of this network is wrong"),
    ])
    func withheld(_ action: SandboxAction, _ reason: String) async throws {
        let world = try await CheckoutWorld(clock: ManualClock())
        let token = try await world.open(isOnlyMethod: false)
        let path = "/checkout/\(token.text)/sandbox/\(action.rawValue)"
        #expect(try await !world.page(token).contains("formaction=\"\(path)\""))
        let page = try await world.send(.post, path, form: "blocks=0")
        #expect(page.status == .conflict)
        #expect(String(decoding: page.bytes ?? [], as: UTF8.self).contains(reason))
        let word = try await world.send(.post, path, form: "blocks=0", headers: ["Accept": "application/json"])
        #expect(word.status == .conflict)
        #expect(String(decoding: word.bytes ?? [], as: UTF8.self).contains(reason))
        #expect(try await world.send(.post, "/checkout/\(token.text)/sandbox/nap", form: "").status == .notFound)
    }

    @Test("A way without a wallet is not offered, and who presses an old button is not told the shop's affairs")
    func walletless() async throws {
        let world = try await CheckoutWorld(clock: ManualClock())
        let (choosing, quoted) = (try await world.open("A-1", in: nil), try await world.open("A-2"))
        let way = try CheckoutWorld.method("SBX").description
        #expect(try await world.page(choosing).contains("name=\"method\" value=\"\(way)\""))
        for wallet in try await world.gateway.walletViews(of: world.caller) {
            _ = try await world.gateway.disableWallet(wallet.id, by: world.caller, cause: "test")
        }
        let page = try await world.page(choosing)
        #expect(!page.contains("name=\"method\"") && page.contains("There is no way to pay this at the moment."))
        let pressed = try await world.send(.post, "/checkout/\(choosing.text)/method", form: "method=\(way)")
        let told = String(decoding: pressed.bytes ?? [], as: UTF8.self)
        #expect(pressed.status == .conflict && told.contains("This way to pay cannot be chosen now."))
        #expect(!told.contains("wallet"))
        // An address that was given out is paid to all the same.
        #expect(try await world.page(quoted).contains("id=\"address\""))
    }

    @Test("Buttons and keys draw on one account: in no minute is more done to the sandbox for one merchant")
    func quota() async throws {
        let clock = ManualClock()
        let world = try await CheckoutWorld(clock: clock)
        var tokens: [CheckoutToken] = []
        for number in 0..<10 { tokens.append(try await world.open("A-\(number)")) }
        var (done, refused) = (0, 0)
        for round in 0..<31 {
            if round > 0 { clock.advance(by: 1_950) }
            for token in tokens {
                let press = try await world.send(.post, "/checkout/\(token.text)/sandbox/exact", form: "blocks=0")
                if press.status == .tooManyRequests {
                    #expect(press.headers["retry-after"] != nil)
                    refused += 1
                } else {
                    done += 1
                }
            }
        }
        #expect(done + refused == 310)
        #expect(done <= Int(Limits.sandboxCommands) && refused > 0)
        // None of the links has used up what is its own.
        #expect(31 < CheckoutLimits.commands)
        clock.advance(by: 60_000)
        let later = try await world.send(.post, "/checkout/\(tokens[0].text)/sandbox/exact", form: "blocks=0")
        #expect(later.status != .tooManyRequests)
    }

    private func payment(_ world: CheckoutWorld, _ token: CheckoutToken) async throws -> Payment {
        try #require(try await world.gateway.checkoutView(token)).payment.payment
    }
}
