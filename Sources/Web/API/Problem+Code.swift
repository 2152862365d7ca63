import HTTP

extension Problem {
    /// Every code that the API answers with: stable and public, like the status that goes with each.
    enum Code: String, CaseIterable, Sendable {
        // Who asks.
        case unauthorized
        case missingScope = "missing_scope"
        case testKeyRequired = "test_key_required"
        case rateLimited = "rate_limited"

        // The form of a request.
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
        case unsupportedMediaType = "unsupported_media_type"
        case bodyTooLarge = "body_too_large"
        case unexpectedBody = "unexpected_body"
        case malformedJSON = "malformed_json"
        case invalidFields = "invalid_fields"
        case invalidParameters = "invalid_parameters"
        case idempotencyKeyRequired = "idempotency_key_required"
        case invalidIdempotencyKey = "invalid_idempotency_key"
        case idempotencyKeyReused = "idempotency_key_reused"

        // What the rules say of its content. The names are those of `Refusal.Code`.
        case invalidAmount = "invalid_amount"
        case amountTooLarge = "amount_too_large"
        case amountTooSmall = "amount_too_small"
        case amountTooPrecise = "amount_too_precise"
        case unknownCurrency = "unknown_currency"
        case unknownAsset = "unknown_asset"
        case unsupportedNetwork = "unsupported_network"
        case methodNotOffered = "method_not_offered"
        case noWallet = "no_wallet"
        case outsideLimits = "outside_limits"
        case policyNotAllowed = "policy_not_allowed"
        case quoteExpired = "quote_expired"
        case rateUnavailable = "rate_unavailable"
        case actionNotSuggested = "action_not_suggested"

        // What the state of things says. Names of `Refusal.Code` again, and others.
        case notAllowedInState = "not_allowed_in_state"
        case notFulfillable = "not_fulfillable"
        case fulfilmentClaimed = "fulfilment_claimed"
        case exceptionNotOpen = "exception_not_open"
        case tooManyQuotes = "too_many_quotes"
        case quarantined
        case limitReached = "limit_reached"

        // Wallet keys: the names of the chains' own refusals, and one of the gateway's.
        case invalidKey = "invalid_key"
        case privateKey = "private_key"
        case wrongNetwork = "wrong_network"
        case unsupportedKey = "unsupported_key"
        case keyInUse = "key_in_use"

        case webhookURLNotAllowed = "webhook_url_not_allowed"
        case sandboxRefused = "sandbox_refused"

        // The world.
        case unavailable
        case networkUnavailable = "network_unavailable"
        case outcomeUnknown = "outcome_unknown"
        case internalError = "internal_error"
    }
}

extension Problem.Code {
    /// The status of each code.
    var status: Status {
        switch self {
        case .malformedJSON, .invalidParameters, .unexpectedBody, .idempotencyKeyRequired,
            .invalidIdempotencyKey:
            .badRequest
        case .unauthorized: .unauthorized
        case .missingScope, .testKeyRequired: .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .notAllowedInState, .notFulfillable, .fulfilmentClaimed, .exceptionNotOpen, .tooManyQuotes,
            .quarantined, .limitReached, .keyInUse:
            .conflict
        case .bodyTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .invalidFields, .idempotencyKeyReused, .invalidAmount, .amountTooLarge, .amountTooSmall,
            .amountTooPrecise, .unknownCurrency, .unknownAsset, .unsupportedNetwork, .methodNotOffered,
            .noWallet, .outsideLimits, .policyNotAllowed, .quoteExpired, .rateUnavailable,
            .actionNotSuggested, .invalidKey, .privateKey, .wrongNetwork, .unsupportedKey,
            .webhookURLNotAllowed, .sandboxRefused:
            .unprocessableContent
        case .rateLimited: .tooManyRequests
        case .internalError: .internalServerError
        case .unavailable, .networkUnavailable, .outcomeUnknown: .serviceUnavailable
        }
    }

    /// The same words for every occurrence of the code.
    var title: String {
        switch self {
        case .unauthorized: "No valid API key"
        case .missingScope: "Missing scope"
        case .testKeyRequired: "Only for test keys"
        case .rateLimited: "Too many requests"
        case .notFound: "Not found"
        case .methodNotAllowed: "Method not allowed"
        case .unsupportedMediaType: "Not JSON"
        case .bodyTooLarge: "Body too large"
        case .unexpectedBody: "Unexpected body"
        case .malformedJSON: "Malformed JSON"
        case .invalidFields: "Invalid fields"
        case .invalidParameters: "Invalid parameters"
        case .idempotencyKeyRequired: "Idempotency key required"
        case .invalidIdempotencyKey: "Invalid idempotency key"
        case .idempotencyKeyReused: "Idempotency key reused"
        case .invalidAmount: "Invalid amount"
        case .amountTooLarge: "Amount too large"
        case .amountTooSmall: "Amount too small"
        case .amountTooPrecise: "Amount too precise"
        case .unknownCurrency: "Unknown currency"
        case .unknownAsset: "Unknown asset"
        case .unsupportedNetwork: "Unsupported network"
        case .methodNotOffered: "Method not offered"
        case .noWallet: "No wallet"
        case .outsideLimits: "Outside the limits"
        case .policyNotAllowed: "Policy not allowed"
        case .quoteExpired: "Quote expired"
        case .rateUnavailable: "No current rate"
        case .actionNotSuggested: "Action does not settle this"
        case .notAllowedInState: "Not allowed in this state"
        case .notFulfillable: "Not fulfillable"
        case .fulfilmentClaimed: "Fulfilment already claimed"
        case .exceptionNotOpen: "Exception not open"
        case .tooManyQuotes: "Too many quotes"
        case .quarantined: "Set aside"
        case .limitReached: "Limit reached"
        case .invalidKey: "Invalid key"
        case .privateKey: "Private key"
        case .wrongNetwork: "Wrong network"
        case .unsupportedKey: "Unsupported key"
        case .keyInUse: "Key in use"
        case .webhookURLNotAllowed: "Webhook address not allowed"
        case .sandboxRefused: "Not possible in the sandbox"
        case .unavailable: "Unavailable"
        case .networkUnavailable: "Network not heard yet"
        case .outcomeUnknown: "Outcome unknown"
        case .internalError: "Internal error"
        }
    }
}
