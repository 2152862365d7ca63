package import Domain

/// Who calls: a key of a merchant, with what it may do.
package struct Caller: Hashable, Sendable {
    package let merchant: ID<Merchant>
    package let key: ID<APIKey>
    /// Sees sandbox and test networks only; a live key sees the others only.
    package let isTest: Bool
    package let scopes: Set<String>

    package init(merchant: ID<Merchant>, key: ID<APIKey>, isTest: Bool, scopes: Set<String>) {
        self.merchant = merchant
        self.key = key
        self.isTest = isTest
        self.scopes = scopes
    }

    package var actor: Actor { .key(key) }
}

/// What a merchant asks to be paid. Read from a request; true from there on as far as form goes.
package struct NewPayment: Sendable {
    package var orderID: String
    package var customer: String?
    /// Decimal text and the code of a currency or of an asset.
    package var amount: String
    package var currency: String
    /// What the customer may choose from; empty for all that the merchant has a wallet for.
    package var methods: [Domain.Method] = []
    /// The method to quote at once, if it is decided.
    package var chosen: Domain.Method?
    /// Seconds to pay; nil for the policy's.
    package var expiresInSeconds: Int64?
    /// When paying ends, where that is said instead. Judged when the payment is opened, not when the request
    /// is read: the same request again gets its kept answer, however late it comes.
    package var expiresAt: Instant?
    package var risk = Policy.Risk.normal
    /// Changes to the merchant's policy for this payment.
    package var policy: PolicyChange?
    package var metadata: [(key: String, value: String)] = []
    package var description: String?
    package var successURL: String?
    package var cancelURL: String?

    package init(orderID: String, amount: String, currency: String) {
        self.orderID = orderID
        self.amount = amount
        self.currency = currency
    }

    /// When paying ends, if the merchant says so.
    func end(from now: Instant) -> Instant? { expiresInSeconds.map { now.adding(seconds: $0) } ?? expiresAt }
}

/// What one payment may change of its merchant's policy.
package struct PolicyChange: Hashable, Sendable {
    package var underTolerance: Policy.Tolerance?
    package var overTolerance: Policy.Tolerance?
    /// More confirmations than the policy asks for; fewer are not allowed.
    package var atLeastConfirmations: UInt32?
    package var quoteSeconds: Int64?
    package var holdsOverpaid: Bool?

    package init() {}
}

/// The first of two answers to a keyed request is kept, and given again.
package struct IdempotencyKey: Hashable, Sendable {
    package let operation: String
    package let key: String
    /// Over method, path and body: another one under the same key is a mistake of the caller.
    package let fingerprint: String

    package init(operation: String, key: String, fingerprint: String) {
        self.operation = operation
        self.key = key
        self.fingerprint = fingerprint
    }
}

/// An answer as it goes out, kept byte for byte.
package struct Reply: Hashable, Sendable {
    package let status: Int
    package let headers: [Header]
    package let body: [UInt8]
    /// It was given before, to the same key.
    package var isReplayed = false
    /// It shows a secret that is shown once: it is kept sealed.
    package var isSecret = false

    package init(status: Int, headers: [Header] = [], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// One field of the answer's head.
    package struct Header: Hashable, Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }
}

/// How the result of a command becomes an answer, inside the command's own transaction.
package struct Answering<Result>: Sendable {
    package let key: IdempotencyKey?
    package let render: @Sendable (Result) throws -> Reply

    package init(key: IdempotencyKey?, _ render: @escaping @Sendable (Result) throws -> Reply) {
        self.key = key
        self.render = render
    }
}

/// What a caller is told when something is not as asked, beside the rules' own refusals.
package enum CommandError: Error, Hashable, Sendable {
    /// There is none of that identity for this caller.
    case notFound(String)
    /// The same idempotency key came with another request.
    case keyReused
    /// The payment was set aside for a person.
    case quarantined
    /// A wallet key that cannot be taken: a stable code, and why.
    case key(code: String, detail: String)
    /// A webhook address that cannot be taken.
    case webhookURL(String)
    /// More of something than one merchant may have.
    case tooMany(String)
    /// A key cannot be given a scope that its maker lacks.
    case beyondScope
    /// What the sandbox was asked makes no sense.
    case sandbox(String)
    /// Too much is asked of the sandbox at once. Nothing was done.
    case sandboxBusy
    /// Too many dossiers are asked for at once.
    case dossierBusy
}
