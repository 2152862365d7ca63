import Chains
import Crypto
package import Domain
import HTTP
import JSON
import Platform
package import Storage

/// What a key may do. `admin` may do all of it, and manage keys.
package enum Scope: String, Hashable, Sendable, CaseIterable {
    case paymentsRead = "payments:read"
    case paymentsWrite = "payments:write"
    case exceptionsRule = "exceptions:rule"
    case webhooksManage = "webhooks:manage"
    case walletsManage = "wallets:manage"
    case ratesWrite = "rates:write"
    case policiesManage = "policies:manage"
    /// To move the sandbox, which all test payments of the instance share.
    case sandboxWrite = "sandbox:write"
    case admin
}

extension Gateway {
    /// The caller behind the text of a key; nil for an unknown or revoked one.
    package func caller(presenting key: String) async throws -> Caller? {
        guard key.utf8.count <= 128 else { return nil }
        let hash = Hex.encode(SHA256.hash(Array(key.utf8)))
        let (known, generation) = callers.look(hash)
        if let known { return known }
        guard let stored = try await store.read({ try $0.key(hash: hash) }), stored.revokedAt == nil else {
            return nil
        }
        let caller = Caller(
            merchant: stored.merchant, key: stored.id, isTest: stored.isTest, scopes: Set(stored.scopes))
        if store.isExclusive { callers.keep(caller, hash, readIn: generation) }
        return caller
    }

    /// Sets up a merchant. With the sandbox on, it gets a wallet on it.
    package func createMerchant(name: String, cause: String) async throws -> StoredMerchant {
        let id: ID<Merchant> = world.id()
        let merchant = StoredMerchant(
            id: id, name: name, policy: .standard, testPolicy: .standard, createdAt: id.time)
        let sandboxKey = SandboxAddress.walletKey(world.entropy.bytes(32))
        try await write { work in
            try work.tx.save(merchant)
            try self.record(
                merchant.id, "merchant_created", subject: "", cause: cause, .operatorAtMachine, work
            ) {
                $0.member("name", name)
                $0.object("policy") { merchant.policy.write(&$0) }
            }
            guard self.sandbox != nil else { return }
            let id: ID<Wallet> = self.world.id()
            let wallet = StoredWallet(
                id: id, merchant: merchant.id, network: SandboxNetwork.sandbox.name,
                name: "Sandbox", key: sandboxKey.text, fingerprint: sandboxKey.text, createdAt: id.time)
            try self.register(wallet, cause: cause, .operatorAtMachine, work)
        }
        return merchant
    }

    /// All merchants, oldest first.
    package func merchants() async throws -> [StoredMerchant] { try await store.read { try $0.merchants() } }

    /// A merchant; nil when there is none of that identity.
    package func merchant(_ id: ID<Merchant>) async throws -> StoredMerchant? {
        try await store.read { try $0.merchant(id) }
    }

    /// Makes a key. Its text is given once, and never stored.
    package func createKey(
        merchant: ID<Merchant>, name: String, scopes: [Scope], isTest: Bool, by actor: Actor, cause: String
    ) async throws -> (key: StoredKey, text: String) {
        let made = newKey(merchant: merchant, name: name, scopes: scopes, isTest: isTest)
        try await write { try self.add(made.key, cause: cause, actor, $0) }
        return made
    }

    /// As above, for a caller; a key never has a scope that its maker lacks.
    package func createKey(
        name: String, scopes: [Scope], by caller: Caller, cause: String,
        _ answering: Answering<(key: StoredKey, text: String)>
    ) async throws -> Reply {
        guard caller.scopes.contains(Scope.admin.rawValue)
            || scopes.allSatisfy({ caller.scopes.contains($0.rawValue) })
        else { throw CommandError.beyondScope }
        return try await perform(caller, answering) { work in
            let made = self.newKey(
                merchant: caller.merchant, name: name, scopes: scopes, isTest: caller.isTest)
            guard try work.tx.keysInUse(of: caller.merchant, isTest: caller.isTest) < EngineLimits.keys,
                try !work.tx.hasMade(
                    keys: EngineLimits.keysADay, of: caller.merchant, since: self.world.now.dayBefore)
            else { throw CommandError.tooMany("API keys") }
            try self.add(made.key, cause: cause, caller.actor, work)
            return made
        }
    }

    private func newKey(
        merchant: ID<Merchant>, name: String, scopes: [Scope], isTest: Bool
    ) -> (key: StoredKey, text: String) {
        let text = "qk_\(isTest ? "test" : "live")_\(Base64.url.encode(world.entropy.bytes(32)))"
        let id: ID<APIKey> = world.id()
        let key = StoredKey(
            id: id, merchant: merchant, name: name,
            hash: Hex.encode(SHA256.hash(Array(text.utf8))),
            hint: String(text.suffix(4)), scopes: scopes.map(\.rawValue), isTest: isTest,
            createdAt: id.time)
        return (key, text)
    }

    private func add(_ key: StoredKey, cause: String, _ actor: Actor, _ work: Work) throws {
        try work.tx.save(key)
        try record(key.merchant, "key_created", subject: key.id.text, cause: cause, actor, work) { writer in
            writer.member("name", key.name)
            writer.member("hash", key.hash)
            writer.member("hint", key.hint)
            writer.array("scopes", key.scopes)
            writer.member("test", key.isTest)
        }
    }

    /// The keys of the caller's merchant and mode, revoked ones too, oldest first.
    package func keys(of caller: Caller, _ page: PageRequest) async throws -> Page<StoredKey> {
        try await store.read { try $0.keys(of: caller.merchant, isTest: caller.isTest, page) }
    }

    /// Ends a key for good.
    package func revokeKey(_ id: ID<APIKey>, by caller: Caller, cause: String) async throws {
        try await revoke(id, cause: cause, caller.actor) { key in
            key.merchant == caller.merchant && key.isTest == caller.isTest
        }
    }

    /// Registers a wallet that receives on a network. Watch-only: a key that can spend is refused and
    /// forgotten.
    ///
    /// - Parameter firstIndex: where its addresses begin, for a key that was in use elsewhere. A count that
    ///   is higher already stays.
    package func createWallet(
        network: NetworkName, key text: String, name: String, firstIndex: Int64 = 0, by caller: Caller,
        cause: String, _ answering: Answering<(wallet: StoredWallet, issued: Int64, warnings: [String])>
    ) async throws -> Reply {
        guard let entry = networks[network], entry.isTest == caller.isTest else {
            // What can spend was shown to this machine, for whichever network it was meant.
            if AccountKey.isPrivate(text) {
                throw CommandError.key(
                    code: KeyRefusal.privateKey.code.rawValue, detail: KeyRefusal.privateKey.detail)
            }
            throw networks.refusal(of: network, isTest: caller.isTest)
        }
        let parsed: ReceivingKey
        do {
            parsed = try entry.chain.receivingKey(parsing: text)
        } catch let refusal as KeyRefusal {
            throw CommandError.key(code: refusal.code.rawValue, detail: refusal.detail)
        }
        return try await perform(caller, answering) { work in
            let used = try work.tx.walletsInUse(of: caller.merchant).count {
                self.isTest($0.network) == caller.isTest
            }
            guard used < EngineLimits.wallets,
                try !work.tx.hasMade(
                    wallets: EngineLimits.walletsADay, of: caller.merchant, since: self.world.now.dayBefore)
            else { throw CommandError.tooMany("wallets") }
            try self.mustBeFree(parsed.fingerprint, for: caller, work)
            // The latest one receives: it must be that also where another process, with another clock, has
            // made the others.
            for other in try work.tx.walletsInUse(of: caller.merchant) {
                self.world.identities.goOn(after: other.id.number)
            }
            let id: ID<Wallet> = self.world.id()
            let wallet = StoredWallet(
                id: id, merchant: caller.merchant, network: network, name: name, key: parsed.key.text,
                fingerprint: parsed.fingerprint, createdAt: id.time)
            try self.register(wallet, cause: cause, caller.actor, work)
            let issued = try self.advance(wallet, to: firstIndex, caller, cause, work)
            return (wallet, issued, parsed.warnings)
        }
    }

    private func register(_ wallet: StoredWallet, cause: String, _ actor: Actor, _ work: Work) throws {
        try checkKey(work.tx)
        try work.tx.register(wallet, at: world.now, cause: cause, by: actor, signedBy: keys.signing)
    }

    /// The count of a key's addresses is one, and a public key is no secret: whoever knows that of another
    /// merchant must not use up its addresses, nor see how many there are.
    private func mustBeFree(_ fingerprint: String, for caller: Caller, _ work: Work) throws {
        let owner = try work.tx.firstOwner(of: fingerprint)
        guard owner == nil || owner == caller.merchant else {
            throw CommandError.key(
                code: "key_in_use",
                detail: "Another merchant of this gateway receives with this key. Send another account's.")
        }
    }

    /// Moves a wallet's count of addresses on, so that those below `next` are not issued any more. One that
    /// is further already stays. Gives the wallet with its count.
    package func advanceWallet(
        _ id: ID<Wallet>, to next: Int64, by caller: Caller, cause: String
    ) async throws -> (wallet: StoredWallet, issued: Int64) {
        try await write { work in
            guard let wallet = try work.tx.wallet(id), wallet.merchant == caller.merchant,
                self.isTest(wallet.network) == caller.isTest
            else { throw CommandError.notFound("wallet") }
            return (wallet, try self.advance(wallet, to: next, caller, cause, work))
        }
    }

    private func advance(
        _ wallet: StoredWallet, to next: Int64, _ caller: Caller, _ cause: String, _ work: Work
    ) throws -> Int64 {
        let now = try work.tx.issuedIndices(of: wallet.fingerprint)
        // What is skipped is lost for good.
        guard next <= now + EngineLimits.skippedIndices else { throw CommandError.tooMany("indices to skip") }
        indices.bar(wallet.fingerprint, below: next)
        try work.tx.advance(
            wallet.fingerprint, to: next, chain: caller.merchant.text, at: world.now, reason: "asked",
            cause: cause, by: caller.actor)
        return try work.tx.issuedIndices(of: wallet.fingerprint)
    }

    /// A merchant's wallets, with how many destinations of each were issued.
    package func wallets(of caller: Caller) async throws -> [(wallet: StoredWallet, issued: Int64)] {
        try await store.read { tx in
            try tx.wallets(of: caller.merchant).filter { self.isTest($0.network) == caller.isTest }
                .map { (wallet: $0, issued: try tx.issuedIndices(of: $0.fingerprint)) }
        }
    }

    /// Takes a wallet out of use for new payments. What it issued stays watched. Gives it with how many
    /// destinations of it were issued.
    package func disableWallet(
        _ id: ID<Wallet>, by caller: Caller, cause: String
    ) async throws -> (wallet: StoredWallet, issued: Int64) {
        let now = world.now
        return try await write { work in
            guard var wallet = try work.tx.wallet(id), wallet.merchant == caller.merchant,
                self.isTest(wallet.network) == caller.isTest
            else { throw CommandError.notFound("wallet") }
            if wallet.disabledAt == nil {
                wallet.disabledAt = now
                try work.tx.disable(id, at: now)
                try self.record(caller, "wallet_disabled", subject: id.text, cause: cause, work) {
                    $0.member("disabled_at", now.milliseconds)
                }
            }
            return (wallet, try work.tx.issuedIndices(of: wallet.fingerprint))
        }
    }

    /// Changes a merchant's default policy: of test payments for a test key, of live ones for a live key.
    /// Payments that are open keep their frozen copy. Throws `policy_not_allowed` for what a network here can
    /// never meet.
    package func setPolicy(
        _ policy: Policy, by caller: Caller, cause: String, _ answering: Answering<Policy>
    ) async throws -> Reply {
        try check(policy, for: assets(for: caller).map(\.method))
        return try await perform(caller, answering) { work in
            guard var merchant = try work.tx.merchant(caller.merchant) else {
                throw CommandError.notFound("merchant")
            }
            if caller.isTest { merchant.testPolicy = policy } else { merchant.policy = policy }
            try work.tx.save(merchant)
            try self.record(caller, "policy_changed", subject: "", cause: cause, work) { writer in
                writer.member("test", caller.isTest)
                writer.object("policy") { policy.write(&$0) }
            }
            return policy
        }
    }

    /// Writes a line into a merchant's own chain.
    func record(
        _ merchant: ID<Merchant>, _ kind: String, subject: String, cause: String, _ actor: Actor,
        _ work: Work,
        _ body: (inout JSONWriter) -> Void
    ) throws {
        var writer = JSONWriter()
        writer.object(body)
        try work.tx.record(
            chain: merchant.text, at: world.now, kind: kind, subject: subject, cause: cause, actor: actor,
            body: writer.bytes)
    }
}

extension Policy {
    /// What a merchant starts with: half a per cent under or over, at most one whole unit of
    /// a currency with cents, and confirmations by value.
    package static let standard: Policy = {
        var policy = Policy()
        policy.underTolerance = Tolerance(basisPoints: 50, capMinor: 100)
        policy.overTolerance = Tolerance(basisPoints: 50, capMinor: 100)
        func rule(_ network: String, _ tiers: [(UInt128?, UInt32)]) -> ConfirmationRule {
            ConfirmationRule(
                network: NetworkName(parsing: network),
                tiers: tiers.map { Tier(upToMinor: $0.0, requirement: .count($0.1)) })
        }
        policy.confirmations = [
            rule("bitcoin", [(100_000, 1), (1_000_000, 3), (nil, 6)]),
            rule("litecoin", [(100_000, 3), (1_000_000, 6), (nil, 12)]),
            rule("sandbox", [(100_000, 1), (1_000_000, 3), (nil, 6)]),
            ConfirmationRule(tiers: [
                Tier(upToMinor: 100_000, requirement: .count(1)),
                Tier(upToMinor: nil, requirement: .count(6)),
            ]),
        ]
        return policy
    }()
}

extension Instant {
    fileprivate var dayBefore: Instant { adding(seconds: -24 * 3600) }
}
