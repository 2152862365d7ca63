import Chains
import Domain
import Engine
import HTTP
import Platform
import Storage

extension Life {
    /// Asks for an act, as often as it takes: what was done and not answered is found to be so. The outside
    /// notes the answer with it.
    ///
    /// `rekey` and `restart` are done when this returns but for the new start.
    func perform(_ act: Act) async throws {
        switch act {
        case .merchant: try await setUp()
        case .endpoint(let name): try await createEndpoint(name)
        case .ping(let name):
            _ = try await gateway.testEndpoint(
                try endpoint(name), by: caller, cause: "test", answering("ping \(name)") { $0.text })
            witness.note { $0.done += 1 }
        case .rotateSecret(let name):
            let reply = try await gateway.rotateSecret(
                of: try endpoint(name), by: caller, cause: "test",
                answering("rotate \(name)", isSecret: true) { $0.secret })
            witness.note { outside in
                outside.secrets[name, default: []].append(reply.words)
                outside.done += 1
            }
        case .createKey, .revokeKey, .rekey, .restart: try await administer(act)
        case .open(let order, let amount): try await open(order, amount)
        case .openMany(let count): try await openTogether(count)
        case .play(let scenario, let order, let mined):
            let id = try told(order).id
            try await drive { gateway in
                _ = try await gateway.play(scenario, for: id, of: caller, confirmedBy: mined)
            }
        case .sandbox(let action): try await drive { _ = try await $0.command(action) }
        case .claim, .report, .cancel, .accept, .rule: try await ask(act)
        case .refused(let inner): try await beRefused(inner)
        }
    }

    // MARK: The operator

    private func setUp() async throws {
        // What was made before is found in the list.
        let known = try await gateway.merchants().first
        let merchant: ID<Merchant>
        if let known {
            merchant = known.id
        } else {
            merchant = try await gateway.createMerchant(name: "Shop", cause: "test").id
        }
        let made = try await gateway.createKey(
            merchant: merchant, name: "first", scopes: [.admin], isTest: true, by: .operatorAtMachine,
            cause: "test")
        witness.note { outside in
            outside.merchant = merchant
            outside.key = made.key.id
            outside.keys["first"] = made.text
            outside.done += 1
        }
    }

    private func administer(_ act: Act) async throws {
        switch act {
        case .createKey(let name):
            if plant == .answeredBeforeCommit { witness.note { $0.keys[name] = "qk_test_none" } }
            let reply = try await gateway.createKey(
                name: name, scopes: [.admin], by: caller, cause: "test",
                answering("key \(name)", isSecret: true) { $0.text })
            witness.note { outside in
                outside.keys[name] = reply.words
                outside.done += 1
            }
        case .revokeKey(let name):
            let text = witness.outside.keys[name] ?? ""
            witness.note { $0.unwanted.insert(name) }
            if let caller = try await gateway.caller(presenting: text) {
                try await gateway.revokeKey(caller.key, by: try self.caller, cause: "test")
            }
            witness.note { outside in
                outside.revoked.insert(name)
                outside.done += 1
            }
        case .rekey:
            let next = InstanceKeys.both[1]
            if gateway.keys.fingerprint != next.fingerprint {
                _ = try await gateway.rotateKeys(to: next, cause: "test")
            }
            try await end()
            witness.note { outside in
                outside.isRekeyed = true
                outside.done += 1
            }
        case .restart:
            try await end()
            witness.note { $0.done += 1 }
        default: throw Broken("\(act) is not the operator's")
        }
    }

    // MARK: The merchant

    private func createEndpoint(_ name: String) async throws {
        let reply = try await gateway.createEndpoint(
            NewEndpoint(url: "http://127.0.0.1:9/\(name)"), by: caller, cause: "test",
            answering("endpoint \(name)", isSecret: true) { "\($0.endpoint.id) \($0.secret)" })
        let words = reply.words.split(separator: " ").map(String.init)
        guard words.count == 2, let id = ID<Endpoint>(parsing: words[0])
        else { throw Broken("no endpoint was made") }
        witness.note { outside in
            outside.endpoints[name] = id
            outside.secrets[name, default: []].append(words[1])
            outside.done += 1
        }
    }

    func open(_ order: String, _ amount: String, isAct: Bool = true) async throws {
        var new = NewPayment(orderID: order, amount: amount, currency: "EUR")
        let method = Domain.Method(asset: try Self.asset("SBX"), network: SandboxNetwork.sandbox.name)
        (new.chosen, new.methods) = (method, [method])
        let reply = try await gateway.open(
            new, by: caller, cause: "test",
            answering("open \(order)") { view in
                let places = view.payment.evidence.quotes.map(\.destination.address)
                return ([view.payment.id.text] + places).joined(separator: " ")
            })
        let words = reply.words.split(separator: " ").map(String.init)
        guard words.count == 2, let id = ID<Payment>(parsing: words[0])
        else { throw Broken("no payment was opened") }
        witness.note { outside in
            if outside.payments.contains(where: { $0.key != order && $0.value.address == words[1] }) {
                outside.contradictions.append("\(words[1]) was given to two orders")
            }
            outside.payments[order] = Outside.Told(id: id, address: words[1])
            if isAct { outside.done += 1 }
        }
    }

    /// Has the writer wait until all have asked, where there is a thread that can wait: so they share
    /// commits.
    private func openTogether(_ count: Int) async throws {
        let asked = Lock(0)
        let isHeld = Lock(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            if isThreaded {
                group.addTask {
                    try await store.write { _ in
                        isHeld.withLock { $0 = true }
                        while asked.withLock({ $0 }) < count {}
                    }
                }
                while !isHeld.withLock({ $0 }) { await Task.yield() }
            }
            for number in 0..<count {
                group.addTask {
                    asked.withLock { $0 += 1 }
                    try await open("many-\(number)", "25", isAct: false)
                }
            }
            try await group.waitForAll()
        }
        witness.note { $0.done += 1 }
    }

    private func ask(_ act: Act) async throws {
        let words = answering("\(act)") { (_: PaymentView) in "" }
        switch act {
        case .claim(let order):
            if plant == .answeredBeforeCommit { witness.note { $0.payments[order]?.isClaimed = true } }
            _ = try await gateway.claimFulfilment(
                of: try told(order).id, action: "parcel-\(order)", by: caller, cause: "test", words)
            return witness.note { outside in
                outside.payments[order]?.isClaimed = true
                outside.done += 1
            }
        case .report(let order):
            _ = try await gateway.reportFulfilment(
                of: try told(order).id, action: "parcel-\(order)", by: caller, cause: "test", words)
            return witness.note { outside in
                outside.payments[order]?.isReported = true
                outside.done += 1
            }
        case .cancel(let order):
            _ = try await gateway.cancel(try told(order).id, by: caller, cause: "test", words)
        case .accept(let order):
            _ = try await gateway.accept(
                try told(order).id, reason: "because", by: caller, cause: "test", words)
        case .rule(let order, let kind, let action):
            let payment = try await gateway.payment(try told(order).id, of: caller).payment
            guard let exception = payment.exceptions.first(where: { $0.kind == kind })
            else { throw Broken("\(order) has no \(kind.rawValue)") }
            _ = try await gateway.rule(
                exception.id, NewRuling(action: action, reason: "because"), by: caller, cause: "test", words)
        default: throw Broken("\(act) is not the merchant's")
        }
        witness.note { $0.done += 1 }
    }

    private func beRefused(_ act: Act) async throws {
        do {
            try await ask(act)
        } catch let refusal as Refusal {
            try await gateway.recordRefusal(
                try caller, operation: "test", code: refusal.code.rawValue, pointers: [], unrecorded: 0,
                cause: "test")
            return witness.note { $0.done += 1 }
        }
        throw Broken("\(act) was not refused")
    }

    // MARK: The sandbox

    /// It has no keys to ask again under, so who did not hear an answer looks whether something has happened.
    private func drive(_ commands: (Gateway) async throws -> Void) async throws {
        let known = witness.outside.commands
        try await gateway.followSandbox()
        if (gateway.sandbox?.ledger.sequence ?? 0) <= known { try await commands(gateway) }
        let last = gateway.sandbox?.ledger.sequence ?? 0
        witness.note { outside in
            outside.commands = last
            outside.done += 1
        }
    }

    // MARK: Answers

    private func told(_ order: String) throws -> Outside.Told {
        guard let told = witness.outside.payments[order] else { throw Broken("no payment \(order)") }
        return told
    }

    private func endpoint(_ name: String) throws -> ID<Endpoint> {
        guard let id = witness.outside.endpoints[name] else { throw Broken("no endpoint \(name)") }
        return id
    }

    private func answering<Result>(
        _ key: String, isSecret: Bool = false, _ words: @escaping @Sendable (Result) -> String
    ) -> Answering<Result> {
        Answering(key: IdempotencyKey(operation: "test", key: key, fingerprint: key)) { result in
            var reply = Reply(status: 200, body: Array(words(result).utf8))
            reply.isSecret = isSecret
            return reply
        }
    }
}

extension Reply {
    fileprivate var words: String { String(decoding: body, as: UTF8.self) }
}
