/// Every bound of this module, in one place.
enum Limits {
    /// Bytes of a request body; a payment with all its metadata is a few kilobytes.
    static let bodyBytes = 64 << 10
    /// Nesting of a request body.
    static let bodyDepth = 16
    /// Items of one page of a list.
    static let pageItems: ClosedRange<Int64> = 1...100
    static let defaultPageItems: Int64 = 20
    /// Bytes of a query parameter.
    static let parameterBytes = 256
    /// Characters of an idempotency key, and of a request's identity.
    static let idempotencyKeyBytes = 255
    static let requestIDBytes = 64
    /// Bytes of an `Authorization` field that are looked at.
    static let credentialBytes = 200

    // Fields of a payment, in bytes or seconds.
    static let orderIDBytes = 128
    static let customerBytes = 128
    static let amountBytes = 128
    static let currencyBytes = 12
    static let descriptionBytes = 1_000
    static let urlBytes = 2_048
    static let methods = 16
    static let metadataMembers = 50
    static let metadataKeyBytes = 40
    static let metadataValueBytes = 500
    /// How long a customer may be given to pay.
    static let paySeconds: ClosedRange<Int64> = 60...(7 * 24 * 3600)
    static let reasonBytes = 2_000
    static let actionIDBytes = 128

    // Fields of configuration.
    static let nameBytes = 100
    static let walletKeyBytes = 2_048
    /// BIP 32: an index that is not hardened.
    static let walletIndex: ClosedRange<Int64> = 0...(1 << 31 - 1)
    static let rateBytes = 64
    static let eventTypes = 50
    static let eventTypeBytes = 64
    static let policyRules = 100
    static let policyTiers = 20
    /// Confirmations that a policy may ask for: a week of Bitcoin's blocks.
    static let confirmations: ClosedRange<Int64> = 0...1_000
    /// A year: the longest wait that a policy may name.
    static let policySeconds: Int64 = 366 * 24 * 3600

    // Requests of one key: `rateQuota` in `rateWindowSeconds`, all at once if need be.
    static let rateQuota: Int64 = 6_000
    static let rateWindowSeconds: Int64 = 60
    // Keys that are none, presented from one address.
    static let wrongKeyQuota: Int64 = 20
    static let wrongKeyWindowSeconds: Int64 = 60
    // Refusals to one key that are recorded one by one.
    static let recordedRefusals: Int64 = 600
    static let recordedRefusalsWindowSeconds: Int64 = 3_600
    /// Leading bits of an IPv6 address that are one subscriber's.
    static let subscriberBits: UInt128 = 64
    /// Keys, and addresses, whose use is remembered; those that have their whole quota back are forgotten
    /// first.
    static let rateSubjects = 10_000

    /// Seconds that a client is asked to wait when the store is busy.
    static let retrySeconds = 1
    /// Seconds until a page that could not be shown loads itself again, and until a page that cannot be
    /// followed should try to.
    static let refreshSeconds = 5
    static let streamRetrySeconds = 30
    /// A network that was not heard of for so long makes the program not ready.
    static let sourceSilenceSeconds: Int64 = 300

    // The sandbox.
    static let sandboxBlocks: ClosedRange<Int64> = 1...100
    static let sandboxDepth: ClosedRange<Int64> = 1...100
    /// Commands for one merchant, by its keys and on its pages, in `rateWindowSeconds`, and those of them
    /// that may come at once: a test suite needs fewer, and all of them share one world.
    static let sandboxCommands: Int64 = 300
    static let sandboxCommandsAtOnce: Int64 = 100
    static let sandboxSeconds: ClosedRange<Int64> = 1...(366 * 24 * 3600)
}
