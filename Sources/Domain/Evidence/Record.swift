/// One line of the evidence log: what happened, bound to all that happened before it in its chain.
///
/// The hash is SHA-256 over `preimage`; this module has no hash function, the store computes it. See
/// docs/DOMAIN.md, 9.
package struct Record: Hashable, Sendable {
    /// A payment, a merchant, a webhook endpoint, or the instance.
    package let chain: String
    /// Dense from 0.
    package let sequence: UInt64
    package let at: Instant
    /// `opened`, `sighted`, `ruled`, `endpoint_created` …
    package let kind: String
    /// What it is about, where that is not the chain itself.
    package let subject: String
    /// What made it happen: a request, a block, a deadline.
    package let cause: String
    package let actor: String
    /// Canonical JSON: the fact and what followed from it.
    package let body: [UInt8]
    /// The hash of the record before; 32 zeros for the first.
    package let previous: [UInt8]

    package init(
        chain: String, sequence: UInt64, at: Instant, kind: String, subject: String, cause: String,
        actor: String,
        body: [UInt8], previous: [UInt8]
    ) {
        self.chain = chain
        self.sequence = sequence
        self.at = at
        self.kind = kind
        self.subject = subject
        self.cause = cause
        self.actor = actor
        self.body = body
        self.previous = previous
    }

    /// The bytes that are hashed.
    package var preimage: [UInt8] {
        var preimage = Preimage("quittance/record/1", reserving: body.count + 320)
        preimage.put(previous)
        preimage.put(chain)
        preimage.put(sequence)
        preimage.put(at.milliseconds)
        preimage.put(kind)
        preimage.put(subject)
        preimage.put(cause)
        preimage.put(actor)
        preimage.put(body)
        return preimage.bytes
    }
}
