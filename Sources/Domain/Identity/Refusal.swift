/// The caller or the rules say no. Nothing has changed. The code is stable and public.
package struct Refusal: Error, Hashable, Sendable {
    package let code: Code
    /// One sentence for the caller. Never holds secrets or internals.
    package let detail: String

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    /// In order of precedence: of two that apply, the first is given.
    package enum Code: String, Sendable, CaseIterable {
        case invalidAmount = "invalid_amount"
        case amountTooLarge = "amount_too_large"
        case amountTooSmall = "amount_too_small"
        case amountTooPrecise = "amount_too_precise"
        case unknownCurrency = "unknown_currency"
        case unknownAsset = "unknown_asset"
        case unsupportedNetwork = "unsupported_network"
        case methodNotOffered = "method_not_offered"
        case networkUnavailable = "network_unavailable"
        case noWallet = "no_wallet"
        case outsideLimits = "outside_limits"
        case policyNotAllowed = "policy_not_allowed"
        case quoteExpired = "quote_expired"
        case rateUnavailable = "rate_unavailable"
        case notAllowedInState = "not_allowed_in_state"
        case notFulfillable = "not_fulfillable"
        case fulfilmentClaimed = "fulfilment_claimed"
        case exceptionNotOpen = "exception_not_open"
        case actionNotSuggested = "action_not_suggested"
        case tooManyQuotes = "too_many_quotes"
    }
}
