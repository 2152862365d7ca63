extension CustomerView {
    /// The status in one line: the words of docs/DOMAIN.md, section 2, with a capital.
    package var title: String {
        switch phase {
        case .choosing: "Choose how to pay"
        case .waiting: "Waiting for payment"
        case .received: missing == nil ? "Payment received" : "A part was received"
        case .confirming: "Confirming"
        case .complete: "Complete"
        case .missing:
            ask == nil
                ? "Something is missing"
                : missing.map { "Something is missing: pay \($0) more" } ?? "Something is missing"
        case .checking: "Being checked"
        case .expired: "Expired"
        case .failed: "Not completed"
        case .refunded: "Refunded"
        }
    }

    /// What it means for the customer, in a sentence or two.
    package var note: String {
        switch phase {
        case .choosing: choosingNote
        case .waiting: waitingNote
        case .received: receivedNote
        case .confirming:
            isLate
                ? "The network is confirming your payment. \(lateNote)"
                : "The network is confirming your payment. You need not do anything, and may close this page."
        case .complete: "Thank you. \(merchant) has your payment."
        case .missing: missingNote
        case .checking:
            isAside
                ? "\(merchant) is looking at this payment. What you have paid is kept: pay nothing now."
                : lateNote
        case .expired: expiredNote
        case .failed: failedNote
        case .refunded: "What you paid was sent back."
        }
    }

    /// What became of a payment that this page called complete before; nil for all others.
    package var undoneNote: String? {
        let was = "This payment was complete, but the network has taken that back:"
        let isPayable = ask != nil || requote != nil
        let next =
            isPayable ? "Please pay again, or ask \(merchant)." : "Please ask \(merchant) how to go on."
        return switch undone {
        case nil: nil
        case .waitsAgain:
            "\(was) the block that held it is not part of the chain any more. It waits to be confirmed "
                + "again: you need not pay twice."
        case .replaced:
            "\(was) another transaction took the place of the one that paid, and pays elsewhere. \(next)"
        case .gone: "\(was) the transaction that paid is not there any more. \(next)"
        case .lessened:
            "This payment was complete, but a part of it has been taken back since. Please ask \(merchant) "
                + "about it."
        }
    }

    private var choosingNote: String {
        guard choices.isEmpty, unpriced.isEmpty else {
            return "Each way has its own amount and address. Amounts are at the present price, which is "
                + "locked once you have chosen."
        }
        return "There is no way to pay this at the moment. Load this page again in a while, or ask "
            + "\(merchant)."
    }

    private var waitingNote: String {
        if ask != nil {
            return "Open your wallet, scan the code, or copy amount and address. This page follows by itself."
        }
        // What was paid and taken back is told beside it, and does not come again by itself.
        let hope = undone == nil ? " If you have paid already, this page will show it." : ""
        return "The time to pay has ended.\(hope)"
    }

    private var missingNote: String {
        if ask != nil { return "What you paid has arrived. Please pay the rest to the address below." }
        let what = missing.map { "\($0) is" } ?? "A part is"
        let kept = "The time to pay has ended, and \(what) missing. What you paid is kept for this order."
        if waitsForPrice { return kept }
        return requote == nil
            ? "\(kept) Please ask \(merchant) how to go on." : "\(kept) You can still pay the rest."
    }

    private var failedNote: String {
        let failed = "This payment was not completed."
        guard !arrivals.isEmpty || hasMismatch else {
            return "\(failed) Please do not send anything to its address."
        }
        let isThere = arrivals.contains { arrival in
            if case .confirmed = arrival.standing { true } else { false }
        }
        let what = isThere ? "has what you paid" : "can see what you sent"
        return "\(failed) \(merchant) \(what): please ask there about it, and send nothing more."
    }

    private var expiredNote: String {
        if undone != nil {
            return requote == nil
                ? "The time to pay has ended."
                : "The time to pay has ended. You can still pay, at the present price."
        }
        let ended = "The time to pay has ended\(hasMismatch ? "" : " and nothing arrived")."
        let careful = "If you have paid already, do not pay again: it will show here when it arrives."
        if waitsForPrice { return "\(ended) \(careful)" }
        return requote == nil
            ? "\(ended) To buy this, please order again. \(careful)"
            : "\(ended) You can still pay, at the present price. \(careful)"
    }

    /// It can be paid again once somebody knows what it costs.
    private var waitsForPrice: Bool { requote == nil && !unpriced.isEmpty }

    /// Which ways have no price now, and what to do about it; nil where there is none.
    package var unpricedNote: String? {
        guard !unpriced.isEmpty else { return nil }
        let ways = unpriced.map { "in \($0.asset) on the \($0.network) network" }.joined(separator: ", nor ")
        let other = choices.isEmpty ? "" : ", or choose another way"
        return "At the moment there is no price for paying \(ways). Load this page again in a while\(other)."
    }

    /// The same before and after it is confirmed: nobody is promised what people have yet to decide.
    private var lateNote: String {
        "Your payment arrived after the time to pay. \(merchant) can see it: please ask there about it."
    }

    private var receivedNote: String {
        if isLate { return "\(lateNote) There is nothing more to pay. You may close this page." }
        let seen = "The network has seen a part of the amount."
        guard let missing else {
            return "The network has seen your payment. Once it is confirmed, all is done. "
                + "You may close this page."
        }
        return ask == nil
            ? "\(seen) The time to pay has ended, and \(missing) is missing."
            : "\(seen) Please pay the remaining \(missing) as well."
    }

    /// Which of the three steps the customer is at: to pay, received, complete. Nil where there is none.
    package var step: Int? {
        switch phase {
        case .choosing, .waiting, .missing: 0
        case .received: missing == nil ? 1 : 0
        case .confirming: 1
        case .checking: isAside ? nil : 1
        case .complete: 2
        case .expired, .failed, .refunded: nil
        }
    }
}
