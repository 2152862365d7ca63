import Domain
import Engine
import HTTP
import JSON

extension API {
    /// The sandbox's controls. Test keys with `sandbox:write` only, for the world is shared. Not kept under
    /// an idempotency key: to do it twice is the point of many.
    static let sandbox: [Operation] = [
        operation("payments.act", "/v1/sandbox/payments/{id}/{scenario}") { call in
            let asked = try act(call)
            return .object(
                try await call.gateway.act(
                    asked.act, for: asked.payment, of: call.caller, confirmedBy: asked.blocks))
        },
        operation("mine", "/v1/sandbox/mine") { call in
            var form = try call.optionalForm()
            let network = form.sandboxNetwork()
            let blocks = form.integer("blocks", .optional, Limits.sandboxBlocks) ?? 1
            let place = try form.finish(network)
            return .object(try await call.gateway.act(.mine(network: place, blocks: blocks)))
        },
        operation("reorg", "/v1/sandbox/reorg") { call in
            var form = try call.form()
            let network = form.sandboxNetwork()
            let depth = form.integer("depth", .required, Limits.sandboxDepth)
            let fate = form.name("fate", .optional, of: SandboxAct.fates, absent: "mined")
            let read = try form.finish(network, depth, fate)
            return .object(try await call.gateway.act(.reorg(network: read.0, depth: read.1, fate: read.2)))
        },
        operation("evict", "/v1/sandbox/evict") { call in
            var form = try call.form()
            let network = form.sandboxNetwork()
            let transaction = form.string("transaction", .required, maxBytes: Limits.parameterBytes)
            let read = try form.finish(network, transaction)
            return .object(try await call.gateway.act(.evict(network: read.0, transaction: read.1)))
        },
        operation("clock", "/v1/sandbox/clock") { call in
            var form = try call.form()
            let seconds = form.integer("advance_seconds", .required, Limits.sandboxSeconds)
            let read = try form.finish(seconds)
            return .object(try await call.gateway.act(.clock(seconds: read)))
        },
        operation("fail", "/v1/sandbox/fail") { call in
            var form = try call.optionalForm()
            let network = form.sandboxNetwork()
            return .object(try await call.gateway.act(.fail(network: try form.finish(network))))
        },
        operation("recover", "/v1/sandbox/recover") { call in
            var form = try call.optionalForm()
            let network = form.sandboxNetwork()
            return .object(try await call.gateway.act(.recover(network: try form.finish(network))))
        },
    ]

    /// What a request says that the customer does. Apart from the operation's own body, which waits: with
    /// all of it in there Swift 6.3's optimiser crashes on a release build.
    @inline(never)
    private static func act(_ call: Call) throws -> (act: CustomerAct, payment: ID<Payment>, blocks: Int64) {
        let id: ID<Payment> = try call.id("payment")
        var form = try call.optionalForm()
        guard let name = Scenario(rawValue: call.request.parameters["scenario"]) else {
            throw CommandError.notFound("scenario")
        }
        let act = form.act(name)
        let blocks = form.integer("confirmations", .optional, 0...Limits.sandboxBlocks.upperBound) ?? 0
        return (try form.finish(act), id, blocks)
    }

    private static func operation(
        _ name: String, _ pattern: String, run: @escaping @Sendable (Call) async throws -> Response
    ) -> Operation {
        Operation(
            "sandbox.\(name)", .post, pattern, scope: .sandboxWrite, isForTestKeysOnly: true, run: run)
    }

    /// What a path can say that the customer does.
    enum Scenario: String, CaseIterable {
        case pay, exact, under, over, split, late, duplicate, replace, confirm
        case takeBack = "take-back"
        case wrongNetwork = "wrong-network"
        case wrongAsset = "wrong-asset"
    }
}

extension Response {
    /// What an act in the sandbox has made.
    static func object(_ outcome: SandboxView) -> Response { .object { outcome.write(&$0) } }
}

extension JSONForm {
    /// What the customer does, with the figures that go with it.
    fileprivate mutating func act(_ scenario: API.Scenario) -> CustomerAct? {
        switch scenario {
        case .pay, .exact: .exact
        case .under: .under(percent: integer("percent", .optional, 1...99) ?? 50)
        case .over: .over(percent: integer("percent", .optional, 1...1_000) ?? 20)
        case .split: .split(parts: integer("parts", .optional, 2...10) ?? 2)
        case .late: .late
        case .duplicate: .duplicate
        case .wrongNetwork: .wrongNetwork
        case .wrongAsset: .wrongAsset
        case .confirm: .confirm(blocks: integer("blocks", .optional, Limits.sandboxBlocks) ?? 1)
        case .takeBack: .takeBack
        case .replace: substitute().map { .replace($0) }
        }
    }

    private mutating func substitute() -> CustomerAct.Substitute? {
        let names = ["fee_bump", "elsewhere", "less_amount"]
        guard let name = name("by", .optional, of: names, absent: names[0]) else { return nil }
        switch name {
        case "elsewhere": return .elsewhere
        case "less_amount": return .lessAmount(percent: integer("percent", .optional, 1...99) ?? 50)
        default: return .feeBump
        }
    }

    fileprivate mutating func sandboxNetwork() -> String? {
        name("network", .optional, of: SandboxAct.networks, absent: SandboxAct.networks[0])
    }

    /// One of a few names; `absent` where the member is not there, nil only where it is wrong.
    mutating func name(
        _ member: String, _ presence: Presence, of names: [String], absent: String? = nil
    ) -> String? {
        guard mentions(member) || presence == .required else { return absent }
        return value(member, presence, maxBytes: 64) { text throws(FieldProblem) in
            guard names.contains(text) else { throw .notOneOf(names) }
            return text
        }
    }
}
