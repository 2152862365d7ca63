import Chains
import Domain
import Engine
import JSON
import Platform
import Storage

/// What the operator at the machine asks of a gateway, done on the instance itself. A command that has the
/// instance calls it directly; one that does not asks the process that has it (`Control`), which calls it
/// too: each thing is done in one way.
struct Administration: Sendable {
    let instance: Instance
    /// The process that serves, where one does.
    var presence: Presence?

    /// Told of what long work has come to.
    typealias Progress = @Sendable (String) -> Void

    private var gateway: Gateway { instance.gateway }

    /// Does what is asked. Gives the answer as JSON, which `Request` describes.
    ///
    /// Throws `WrongUse` for what cannot be asked, and what the store throws.
    func answer(_ request: Request, _ progress: @escaping Progress = { _ in }) async throws -> JSON {
        switch request {
        case .status: presence?.status ?? .null
        case .examination: try await Examination(instance).json
        case .verification(let roots): try await verify(against: roots, progress)
        case .merchants: try await .array(gateway.merchants().map(Self.view))
        case .newMerchant(let name): try await create(name)
        case .keys(let merchant): try await keys(of: merchant)
        case .newKey(let wish): try await create(wish)
        case .revokeKey(let id): try await revoke(id)
        case .setAside: try await setAside()
        case .dossier(let payment, let showsPersonal): try await dossier(payment, showsPersonal)
        case .release(let payment, let reason): try await release(payment, reason)
        case .erase(let payment, let end): try await erase(payment, before: end, progress)
        }
    }

    private func create(_ name: String) async throws -> JSON {
        guard !name.isEmpty, name.utf8.count <= 100, !name.unicodeScalars.contains(where: { $0.value < 0x20 })
        else { throw WrongUse("--name is one line of at most 100 bytes.") }
        return Self.view(
            try await gateway.createMerchant(name: name, cause: "quittance merchant create"))
    }

    private func create(_ wish: Request.NewKey) async throws -> JSON {
        let merchant = try await merchant(wish.merchant)
        let made = try await gateway.createKey(
            merchant: merchant.id, name: wish.name, scopes: wish.scopes, isTest: wish.isTest,
            by: .operatorAtMachine, cause: "quittance key create")
        return ["id": .string(made.key.id.text), "key": .string(made.text)]
    }

    private func keys(of name: String?) async throws -> JSON {
        var views: [JSON] = []
        let merchants = try await name == nil ? gateway.merchants() : [merchant(name)]
        for merchant in merchants {
            for key in try await gateway.keys(of: merchant.id) {
                views.append([
                    "id": .string(key.id.text), "merchant": .string(merchant.id.text),
                    "name": .string(key.name), "hint": .string(key.hint), "test": .bool(key.isTest),
                    "scopes": .array(key.scopes.map { .string($0) }), "revoked": .bool(key.revokedAt != nil),
                ])
            }
        }
        return .array(views)
    }

    private func revoke(_ text: String) async throws -> JSON {
        guard let id = ID<APIKey>(parsing: text) else {
            throw WrongUse(
                "“\(text)” is no key's identity.",
                hint: "It looks like \(APIKey.prefix)…; “quittance key list” shows them.")
        }
        do {
            return ["id": .string(try await gateway.revokeKey(id, cause: "quittance key revoke").id.text)]
        } catch CommandError.notFound {
            throw WrongUse("there is no key \(id).", hint: "See “quittance key list”.")
        }
    }

    private func setAside() async throws -> JSON {
        .array(
            try await gateway.quarantined().map { aside in
                [
                    "id": .string(aside.payment.text),
                    "since": .string(Timestamp.text(aside.since.milliseconds)),
                    "waiting": .integer(aside.waiting), "reason": .string(aside.reason),
                ]
            })
    }

    private func dossier(_ text: String, _ showsPersonal: Bool) async throws -> JSON {
        guard let id = ID<Payment>(parsing: text) else {
            throw WrongUse("“\(text)” is no payment's identity.", hint: "It looks like \(Payment.prefix)….")
        }
        do {
            return try JSON.parse(try await gateway.dossier(of: id, showsPersonal: showsPersonal, by: nil))
        } catch CommandError.notFound {
            throw WrongUse("there is no payment \(id).")
        } catch CommandError.tooMany(let what) {
            throw Failure("\(id) has too many \(what).")
        } catch CommandError.dossierBusy {
            throw Failure("too many dossiers are asked for at once; try again in a moment.")
        }
    }

    private func release(_ text: String, _ reason: String) async throws -> JSON {
        guard let id = ID<Payment>(parsing: text) else {
            throw WrongUse("“\(text)” is no payment's identity.", hint: "It looks like \(Payment.prefix)….")
        }
        guard reason.utf8.count <= Limits.reasonBytes else {
            throw WrongUse("--reason has at most \(Limits.reasonBytes) bytes.")
        }
        do {
            let outcome = try await gateway.release(
                id, by: .operatorAtMachine, reason: reason, cause: "quittance payment release")
            switch outcome {
            case .released(let facts, let isRebuilt):
                return ["facts": .integer(facts), "rebuilt": .bool(isRebuilt)]
            case .stillAside(let problem): return ["still_aside": .string(problem)]
            }
        } catch CommandError.notFound {
            throw WrongUse("\(id) is not set aside.", hint: "See “quittance payment list --set-aside”.")
        }
    }

    private func erase(_ payment: String?, before end: Int64?, _ progress: @escaping Progress) async throws
        -> JSON
    {
        let cause = "quittance erase"
        let erased: Erased
        if let payment {
            guard let id = ID<Payment>(parsing: payment) else {
                throw WrongUse(
                    "“\(payment)” is no payment's identity.", hint: "It looks like \(Payment.prefix)….")
            }
            do {
                erased = try await gateway.erase(id, cause: cause)
            } catch CommandError.notFound {
                throw WrongUse("there is no payment \(id).")
            } catch CommandError.quarantined {
                throw WrongUse("\(id) is set aside.", hint: "See “quittance payment list --set-aside”.")
            }
        } else if let end {
            let bound = Instant(milliseconds: end)
            erased = try await gateway.erase(openedBefore: bound, cause: cause) { count in
                progress("erase: \(count) payments")
            }
        } else {
            throw WrongUse("it is not said what to erase.")
        }
        return ["payments": .integer(erased.payments), "answers": .integer(erased.answers)]
    }

    private func verify(against roots: [KeptRoot], _ progress: @escaping Progress) async throws -> JSON {
        var kept: [RootName] = []
        for root in roots {
            let scope = if let named = root.scope { named } else { try await merchant(nil).id.text }
            kept.append(RootName(scope: scope, number: root.number, hash: root.hash))
        }
        let outcome = try await gateway.verify(against: kept) { done, total in
            progress("verify: \(done) of \(total) chains")
        }
        // What was kept, not what this process remembers of it.
        let damage =
            gateway.sandbox == nil
            ? nil : try await Gateway.replaySandbox(from: gateway.store).damage
        return Verdict(outcome, sandboxDamage: damage).json
    }

    /// The merchant of that identity; the only one when nobody says.
    private func merchant(_ text: String?) async throws -> StoredMerchant {
        let known = try await gateway.merchants()
        guard let text else {
            if known.count == 1 { return known[0] }
            throw WrongUse(
                known.isEmpty
                    ? "there is no merchant yet."
                    : "--merchant is needed: there are \(known.count) merchants.",
                hint: known.isEmpty
                    ? "Run “quittance merchant create --name NAME”." : "See “quittance merchant list”.")
        }
        guard let merchant = known.first(where: { $0.id.text == text }) else {
            throw WrongUse("there is no merchant “\(text)”.", hint: "See “quittance merchant list”.")
        }
        return merchant
    }

    private static func view(_ merchant: StoredMerchant) -> JSON {
        ["id": .string(merchant.id.text), "name": .string(merchant.name)]
    }
}

/// The process that serves, as it tells of itself.
struct Presence: Sendable {
    let url: String
    /// As `Configuration.shownStorage` has it.
    let storage: String
    /// What it is bound to; nil when it answers no requests.
    let address: String?
    let roles: Set<Role>
    let startedAt: Int64
    let health: @Sendable () -> [Supervisor.Health]

    /// Read again by `Doctor` and by `Instance.mustStay`.
    var status: JSON {
        [
            "version": .string(Version.text), "process": .integer(Environment.processID),
            "url": .string(url), "storage": .string(storage), "address": .optional(address),
            "roles": .array(Role.allCases.filter(roles.contains).map { .string($0.rawValue) }),
            "started_at": .string(Timestamp.text(startedAt)),
            "parts": .array(
                health().map { part in
                    [
                        "name": .string(part.name), "state": .string(part.state.rawValue),
                        "restarts": .integer(part.restarts), "last_error": .optional(part.lastError),
                    ]
                }),
        ]
    }
}
