/// Why a webhook was not accepted.
package enum WebhookSignatureError: Error, Equatable {
    /// The key text has an unknown prefix, is not Base64, or has the wrong length.
    case malformedKey
    /// The id or the timestamp is not one that could have been signed.
    case malformedHeader
    /// The timestamp is further from now than the tolerance: a replay, or a wrong clock.
    case stale
    /// No signature in the list was made with any of the keys.
    case noMatch
}

/// What an endpoint's deliveries are signed with (Standard Webhooks 1.0.0).
package enum WebhookSigningKey: Sendable {
    /// `whsec_`: HMAC-SHA-256 with a secret that both sides hold, 24 to 64 bytes.
    case symmetric(Secret)
    /// `whsk_`: Ed25519; receivers get the public key, `whpk_`.
    case asymmetric(Ed25519.KeyPair)

    /// Parses `whsec_…` or `whsk_…`.
    package init(parsing text: String) throws(WebhookSignatureError) {
        if text.hasPrefix(WebhookSignature.secretPrefix) {
            self = .symmetric(try WebhookSignature.secret(parsing: text))
        } else if text.hasPrefix(WebhookSignature.privatePrefix) {
            // Seed and public key, as libsodium writes a secret key; a bare seed is taken as well.
            guard var bytes = Base64.decode(text.dropFirst(WebhookSignature.privatePrefix.count)),
                bytes.count == 64 || bytes.count == 32
            else { throw .malformedKey }
            let publicKey = Array(bytes[32...])
            var seed = Array(bytes[..<32])
            wipe(&bytes)
            guard let pair = Ed25519.KeyPair(seed: Secret(wiping: &seed)),
                publicKey.isEmpty || publicKey == pair.publicKey.bytes
            else { throw .malformedKey }
            self = .asymmetric(pair)
        } else {
            throw .malformedKey
        }
    }

    /// The text that `init(parsing:)` reads. Shown to its owner once, stored sealed.
    package var exposedText: String {
        switch self {
        case .symmetric(let secret): WebhookSignature.secretPrefix + Base64.encode(secret.exposedBytes)
        case .asymmetric(let pair):
            WebhookSignature.privatePrefix + Base64.encode(pair.secretKey.exposedBytes)
        }
    }

    /// What the receiver checks with.
    package var verificationKey: WebhookVerificationKey {
        switch self {
        case .symmetric(let secret): .symmetric(secret)
        case .asymmetric(let pair): .asymmetric(pair.publicKey)
        }
    }

    fileprivate func entry(for content: [UInt8]) -> String {
        switch self {
        case .symmetric(let secret):
            WebhookSignature.symmetricVersion + Base64.encode(HMAC<SHA256>.code(content, key: secret))
        case .asymmetric(let pair):
            WebhookSignature.asymmetricVersion + Base64.encode(pair.sign(content))
        }
    }
}

/// What a receiver checks deliveries with.
package enum WebhookVerificationKey: Sendable {
    /// `whsec_`.
    case symmetric(Secret)
    /// `whpk_`.
    case asymmetric(Ed25519.PublicKey)

    /// Parses `whsec_…` or `whpk_…`.
    package init(parsing text: String) throws(WebhookSignatureError) {
        if text.hasPrefix(WebhookSignature.secretPrefix) {
            self = .symmetric(try WebhookSignature.secret(parsing: text))
        } else if text.hasPrefix(WebhookSignature.publicPrefix),
            let bytes = Base64.decode(text.dropFirst(WebhookSignature.publicPrefix.count)),
            let key = Ed25519.PublicKey(bytes)
        {
            self = .asymmetric(key)
        } else {
            throw .malformedKey
        }
    }

    /// The text that `init(parsing:)` reads; for a symmetric key that is the secret itself.
    package var exposedText: String {
        switch self {
        case .symmetric(let secret): WebhookSignature.secretPrefix + Base64.encode(secret.exposedBytes)
        case .asymmetric(let key): WebhookSignature.publicPrefix + Base64.encode(key.bytes)
        }
    }

    fileprivate func matches(_ entry: Substring, content: [UInt8]) -> Bool {
        switch self {
        case .symmetric(let secret):
            guard entry.hasPrefix(WebhookSignature.symmetricVersion),
                let code = Base64.decode(entry.dropFirst(WebhookSignature.symmetricVersion.count))
            else { return false }
            return constantTimeEquals(code, HMAC<SHA256>.code(content, key: secret))
        case .asymmetric(let key):
            guard entry.hasPrefix(WebhookSignature.asymmetricVersion),
                let signature = Base64.decode(entry.dropFirst(WebhookSignature.asymmetricVersion.count))
            else { return false }
            return key.isValid(signature, of: content)
        }
    }
}

/// Standard Webhooks 1.0.0 signatures: a list, so that keys can be rotated with an overlap.
package enum WebhookSignature {
    fileprivate static let secretPrefix = "whsec_"
    fileprivate static let privatePrefix = "whsk_"
    fileprivate static let publicPrefix = "whpk_"
    fileprivate static let symmetricVersion = "v1,"
    fileprivate static let asymmetricVersion = "v1a,"

    /// The value of the `webhook-signature` header: one entry a key, in their order.
    ///
    /// `id` goes into `webhook-id`, `timestamp` (Unix seconds of this attempt) into `webhook-timestamp`; an
    /// id with a dot could be shifted against the timestamp and is a programmer's error.
    package static func header(
        id: String, timestamp: Int64, body: [UInt8], keys: [WebhookSigningKey]
    ) -> String {
        precondition(isSignable(id), "webhook id must not be empty or hold a dot")
        let content = content(id: id, timestamp: String(timestamp), body: body)
        return keys.map { $0.entry(for: content) }.joined(separator: " ")
    }

    /// Checks the three headers of a delivery against its raw body. Any key may match any entry; entries of
    /// unknown versions are passed over. Returns the timestamp, Unix seconds.
    @discardableResult
    package static func verify(
        header: String, id: String, timestamp: String, body: [UInt8], keys: [WebhookVerificationKey],
        now: Int64, toleranceSeconds: Int64 = 300
    ) throws(WebhookSignatureError) -> Int64 {
        guard isSignable(id), let seconds = Int64(timestamp), seconds >= 0, String(seconds) == timestamp
        else { throw .malformedHeader }
        let (distance, overflow) = now.subtractingReportingOverflow(seconds)
        guard !overflow, distance.magnitude <= toleranceSeconds.magnitude else { throw .stale }
        let content = content(id: id, timestamp: timestamp, body: body)
        let entries = header.split(separator: " ").prefix(Limits.webhookSignatures)
        for entry in entries {
            for key in keys where key.matches(entry, content: content) { return seconds }
        }
        throw .noMatch
    }

    fileprivate static func secret(parsing text: String) throws(WebhookSignatureError) -> Secret {
        guard var bytes = Base64.decode(text.dropFirst(secretPrefix.count)),
            Limits.webhookSecretBytes.contains(bytes.count)
        else { throw .malformedKey }
        return Secret(wiping: &bytes)
    }

    private static func isSignable(_ id: String) -> Bool {
        !id.isEmpty && !id.utf8.contains(UInt8(ascii: "."))
    }

    private static func content(id: String, timestamp: String, body: [UInt8]) -> [UInt8] {
        Array("\(id).\(timestamp).".utf8) + body
    }
}
