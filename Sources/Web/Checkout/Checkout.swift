import Domain
package import Engine
package import HTTP
import JSON
import Platform

/// The customer's pages: checkout, receipt, and what they load. `router` answers; `run` keeps open pages
/// live.
///
/// The token in the address is the customer's capability: there are no cookies and no accounts. What is wrong
/// with a token is answered as if it had never been.
package final class Checkout: Resident {
    let gateway: Gateway
    private let pages: LivePages
    private let commands: RateLimiter<ID<Payment>>
    private let streams: RateLimiter<ID<Payment>>
    private let players: SandboxQuota

    /// - Parameter players: what is done to the sandbox, here and over the API.
    package init(_ gateway: Gateway, players: SandboxQuota) {
        self.gateway = gateway
        self.players = players
        commands = RateLimiter(.linkCommands, clock: gateway.world.clock)
        streams = RateLimiter(.linkStreams, clock: gateway.world.clock)
        pages = LivePages(
            clock: gateway.world.clock, isAlone: gateway.isAlone,
            page: { token in try await gateway.checkoutView(token).map { Self.page($0, token) } })
        gateway.changes.listen { [pages] in pages.note($0) }
    }

    package var name: String { "checkout" }

    /// Tells open pages what has changed, until it is cancelled.
    package func run() async throws { try await pages.run(log: gateway.world.log) }

    /// The routes of the pages.
    package var router: Router {
        var router = Router()
        router.get("/", name: "front") { _ in FrontPage.response }
        for file in Assets.all { router.get(file.path, name: "asset") { _ in file.response } }
        router.get("/checkout/{token}", name: "checkout.page") { try await self.show($0) }
        router.get("/checkout/{token}/status", name: "checkout.status") { try await self.status($0) }
        router.get("/checkout/{token}/events", name: "checkout.events") { try await self.events($0) }
        router.post("/checkout/{token}/method", name: "checkout.method") { try await self.choose($0) }
        router.post("/checkout/{token}/sandbox/{action}", name: "checkout.play") { try await self.play($0) }
        router.get("/receipt/{token}", name: "checkout.receipt") { try await self.receipt($0) }
        return router
    }

    /// The page of a payment as it stands.
    static func page(_ checkout: CheckoutView, _ token: CheckoutToken) -> CheckoutPage {
        let view = CustomerView(checkout)
        let left = view.ask.map { max(0, $0.endsAt.milliseconds - checkout.now.milliseconds) }
        return CheckoutPage(view: view, path: "/checkout/\(token.text)", leftMilliseconds: left)
    }
}

// MARK: Reading

extension Checkout {
    private func show(_ request: Request) async throws -> Response {
        guard let (token, checkout) = try await find(request) else { return Self.unknown }
        return PageFrame.respond(Self.page(checkout, token).document)
    }

    private func status(_ request: Request) async throws -> Response {
        guard let (token, checkout) = try await find(request) else { return Self.noPayment(request) }
        let page = Self.page(checkout, token)
        var response = Response.json(page.snapshot(page.revision))
        response.headers.add("Cache-Control", "no-store")
        PageFrame.secure(&response)
        return response
    }

    /// Snapshots as they change. A page that cannot be followed asks for its status instead.
    private func events(_ request: Request) async throws -> Response {
        guard let (token, _) = try await find(request) else { return Self.noPayment(request) }
        let verdict = streams.take(token.payment)
        guard verdict.isAllowed else {
            let problem = Problem(
                .rateLimited, "This payment is listened to anew too often. Ask for the status instead.",
                headers: ["Retry-After": String(verdict.seconds)])
            return problem.response(requestID: request.id)
        }
        guard let stream = pages.stream(of: token) else {
            let problem = Problem(
                .unavailable, "Too many payments are followed. Ask for the status instead.",
                headers: ["Retry-After": String(Limits.streamRetrySeconds)])
            return problem.response(requestID: request.id)
        }
        // Read again: what changed since is either in this state or comes as an event.
        guard let checkout = try await gateway.checkoutView(token) else { return Self.noPayment(request) }
        pages.send(Self.page(checkout, token), to: token.payment, isOpening: true)
        return .events(stream)
    }

    private func receipt(_ request: Request) async throws -> Response {
        guard let (token, checkout) = try await find(request) else { return Self.unknown }
        return PageFrame.respond(ReceiptPage(checkout, checkoutPath: "/checkout/\(token.text)").document)
    }

    private func find(_ request: Request) async throws -> (CheckoutToken, CheckoutView)? {
        guard let token = CheckoutToken(parsing: request.parameters["token"]),
            let checkout = try await gateway.checkoutView(token)
        else { return nil }
        return (token, checkout)
    }

    private static func noPayment(_ request: Request) -> Response {
        Problem(.notFound, "This link belongs to no payment.").response(requestID: request.id)
    }

    private static var unknown: Response {
        PageFrame.notice(
            .notFound, title: "There is nothing here",
            "This link belongs to no payment. Please open the complete link that the shop gave you.")
    }
}

// MARK: Acting

extension Checkout {
    /// Chooses a way to pay, or quotes it again; then back to the page.
    private func choose(_ request: Request) async throws -> Response {
        guard let (token, checkout) = try await find(request) else { return Self.unknown }
        let path = "/checkout/\(token.text)"
        guard request.isFromOwnPage(baseURL: gateway.settings.baseURL) else { return Self.foreign(path) }
        if let response = Self.limited(commands.take(token.payment), false, path) { return response }
        let view = CustomerView(checkout)
        let offered = view.choices + (view.requote.map { [$0] } ?? [])
        let chosen = FormBody(request)?["method"]
        guard let choice = offered.first(where: { $0.value == chosen }) else {
            let text = Self.words(for: .methodNotOffered)
            return PageFrame.notice(.conflict, title: "Not possible now", text, back: path)
        }
        do {
            _ = try await gateway.choose(
                choice.method, for: token.payment, by: .customer, of: nil, cause: "checkout",
                Answering(key: nil) { _ in Reply(status: 303, body: []) })
        } catch let refusal as Refusal {
            let text = Self.words(for: refusal.code)
            return PageFrame.notice(.conflict, title: "Not possible now", text, back: path)
        } catch CommandError.quarantined {
            return PageFrame.notice(.conflict, title: "Not possible now", Self.setAside, back: path)
        }
        return .redirect(to: path)
    }

    /// What a customer is told of a refusal. Why it is so is told to the shop, whose affair it is.
    private static func words(for code: Refusal.Code) -> String {
        switch code {
        case .rateUnavailable:
            "There is no price for this way to pay now. Try again later, or choose another one."
        case .networkUnavailable:
            "The network of this way to pay cannot be heard now. Try again later, or choose another one."
        case .amountTooSmall: "The amount is too small for this way to pay. Please choose another one."
        default: "This way to pay cannot be chosen now. The page shows what is possible."
        }
    }

    /// Does in the sandbox what the button says. The script gets a word, a bare browser the page again.
    private func play(_ request: Request) async throws -> Response {
        guard let (token, checkout) = try await find(request) else { return Self.unknown }
        let path = "/checkout/\(token.text)"
        guard request.isFromOwnPage(baseURL: gateway.settings.baseURL) else { return Self.foreign(path) }
        let isScript = request.headers["accept"] == "application/json"
        if let response = Self.limited(commands.take(token.payment), isScript, path) { return response }
        let view = CustomerView(checkout)
        guard view.isOnSandbox, let action = SandboxAction(rawValue: request.parameters["action"]),
            let form = FormBody(request)
        else { return Self.unknown }
        // The link is right, and so is the button: only not now, or not here.
        if let objection = action.objection(in: view) {
            return Self.told(objection, .conflict, isScript, path)
        }
        let blocks = form["blocks"].flatMap { Int64($0) } ?? 0
        guard CheckoutLimits.minedBlocks.contains(blocks) else {
            return Self.told("So many blocks cannot be mined at once.", .badRequest, isScript, path)
        }
        let merchant = checkout.payment.payment.terms.merchant
        if let response = Self.limited(players.take(merchant), isScript, path) { return response }
        do {
            try await action.perform(on: gateway, token.payment, blocks: blocks)
        } catch CommandError.sandbox(let text) {
            return Self.told(text, .conflict, isScript, path)
        } catch CommandError.sandboxBusy {
            return Self.tooMuch(Int64(Limits.retrySeconds), isScript, path)
        } catch CommandError.quarantined {
            return Self.told(Self.setAside, .conflict, isScript, path)
        }
        guard isScript else { return .redirect(to: path) }
        return Self.told("Done: \(action.label.lowercased()).", .ok, isScript, path)
    }

    private static let setAside =
        "This payment is being checked. Please try again later, or ask the shop."

    /// The answer to whoever presses more than people do. Nil where there is room.
    private static func limited(_ verdict: RateVerdict, _ isScript: Bool, _ path: String) -> Response? {
        verdict.isAllowed ? nil : tooMuch(verdict.seconds, isScript, path)
    }

    private static func tooMuch(_ seconds: Int64, _ isScript: Bool, _ path: String) -> Response {
        let text = "That was too much at once. Please wait \(seconds) s, and try again."
        var response =
            isScript
            ? told(text, .tooManyRequests, true, path)
            : PageFrame.notice(.tooManyRequests, title: "Not so fast", text, back: path)
        response.headers.add("Retry-After", String(seconds))
        return response
    }

    private static func told(_ text: String, _ status: Status, _ isScript: Bool, _ path: String) -> Response {
        guard isScript else {
            return PageFrame.notice(status, title: "Not possible in the sandbox", text, back: path)
        }
        var writer = JSONWriter()
        writer.object { $0.member("message", text) }
        return .json(status, writer.bytes)
    }

    private static func foreign(_ path: String) -> Response {
        let text = "This was sent from another site. Please use the buttons on this page."
        return PageFrame.notice(.forbidden, title: "Not from here", text, back: path)
    }
}

extension SandboxAction {
    /// Lets it happen to a payment. All but the clock concerns that payment only.
    func perform(on gateway: Gateway, _ id: ID<Payment>, blocks: Int64) async throws {
        guard let act else {
            _ = try await gateway.act(.clock(seconds: Self.clockSeconds))
            return
        }
        _ = try await gateway.act(act, for: id, of: nil, confirmedBy: blocks)
    }

    private static let clockSeconds: Int64 = 600

    /// Nil for the clock.
    private var act: CustomerAct? {
        switch self {
        case .exact: .exact
        case .under: .under(percent: 50)
        case .over: .over(percent: 10)
        case .split: .split(parts: 3)
        case .duplicate: .duplicate
        case .late: .late
        case .wrongNetwork: .wrongNetwork
        case .wrongAsset: .wrongAsset
        case .feeBump: .replace(.feeBump)
        case .replace: .replace(.elsewhere)
        case .mine: .confirm(blocks: 1)
        case .reorg: .takeBack
        case .clock: nil
        }
    }
}

extension CheckoutPage {
    /// What an open page needs to know: whether to load itself again, what to say, and how much time is left.
    ///
    /// - Parameter revision: its own, which whoever asks has: it costs a rendering.
    func snapshot(_ revision: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("revision", revision)
            writer.member("phase", view.phase.rawValue)
            writer.member("title", view.title)
            writer.member("note", view.note)
            writer.member("received", view.received)
            writer.member("missing", view.missing)
            writer.member("confirmations", view.progress?.have)
            writer.member("confirmations_required", view.progress?.need)
            writer.member("left", leftMilliseconds)
        }
        return writer.bytes
    }

    /// The same as an event, named by the content: a client that comes back to it is told nothing.
    func event(_ revision: String) -> HTTP.Event {
        HTTP.Event(data: String(decoding: snapshot(revision), as: UTF8.self), id: revision)
    }
}
