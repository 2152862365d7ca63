import Domain
import Engine

/// A receipt to print or keep: what was paid, and where the network says so.
struct ReceiptPage {
    private let view: CustomerView
    private let payment: Payment
    private let seen: PaymentView
    private let checkoutPath: String

    init(_ checkout: CheckoutView, checkoutPath: String) {
        view = CustomerView(checkout)
        payment = checkout.payment.payment
        seen = checkout.payment
        self.checkoutPath = checkoutPath
    }

    var document: HTML {
        let title = isReceipt ? "Receipt" : "No receipt yet"
        return PageFrame.document(
            title: "\(title) · \(view.merchant)",
            head: "<script src=\"\(Assets.script.path)\" defer></script>\n",
            """
            <body>
            <main class="single receipt"><article class="card">
            <h1>\(title)</h1>
            <p class="note">\(note)</p>
            \(order)\
            \(evidence)\
            \(quote)\
            <p class="actions">\(print)\
            <a class="button quiet" href="\(checkoutPath)">Back to the payment</a></p>
            </article></main>
            </body>
            """)
    }

    private var isReceipt: Bool { payment.state.isSettled || payment.state == .refunded }

    private var note: String {
        // What to do now stands on the payment's own page, with the code and the address.
        guard isReceipt else {
            let end = view.phase == .failed ? "" : " There is a receipt as soon as it is complete."
            return "\(view.title).\(end)\(view.isTest ? " This is a test: no real money moves." : "")"
        }
        let excess = view.excess.map { " \($0) more has arrived than the order costs." } ?? ""
        return "\(view.title).\(excess)\(view.isTest ? " This was a test: no real money moved." : "")"
    }

    /// For the script: without it the browser's own menu prints.
    private var print: HTML? {
        isReceipt ? "<button type=\"button\" class=\"button print\" hidden>Print</button>\n" : nil
    }

    private var order: HTML {
        var rows = [("Shop", view.merchant), ("Order", view.orderID)]
        if let description = view.description { rows.append(("For", description)) }
        rows.append(("Price", view.price))
        // What was accepted by hand may have come another way: nothing is to come any more.
        let arrived = view.received ?? (isReceipt ? nil : "nothing yet")
        if let arrived { rows.append(("Arrived", arrived)) }
        if isReceipt, let excess = view.excess { rows.append(("Overpaid", excess)) }
        rows.append(("Ordered", ClockText.dateAndTime(payment.terms.openedAt)))
        if isReceipt, let paidAt = seen.paidAt { rows.append(("Paid", ClockText.dateAndTime(paidAt))) }
        return table(rows + [("Payment", payment.id.text)])
    }

    /// Each transfer that counts or was accepted, with all that is needed to look it up.
    private var evidence: HTML? {
        let transfers = seen.transfersShown
        guard !transfers.isEmpty else { return nil }
        let tables = transfers.enumerated().map { place, transfer -> HTML in
            let heading: HTML? =
                transfers.count > 1 ? "<h3>Payment \(place + 1) of \(transfers.count)</h3>\n" : nil
            var rows = [
                ("Amount", seen.amount(of: transfer)),
                ("Network", NetworkLabel.text(transfer.key.network)), ("Transaction", transfer.transactionID),
            ]
            if let quote = payment.evidence.quote(transfer.quote) {
                rows.append(("To", quote.destination.address))
            }
            rows.append(("First seen", ClockText.dateAndTime(transfer.firstSeen)))
            if let block = transfer.block {
                rows.append(("Block", "\(block.height)"))
                rows.append(("Block hash", block.block.text))
                rows.append(("Block’s median time", ClockText.dateAndTime(block.medianTime)))
            }
            return "\(heading)\(table(rows))"
        }
        return "<h2>What the network says</h2>\n\(tables)"
    }

    private var quote: HTML? {
        guard let quote = payment.evidence.currentQuote else { return nil }
        let asset = quote.method.asset
        let due = AmountText.text(quote.amountDue, of: asset, decimals: quote.asset.decimals)
        return """
            <h2>The locked price</h2>
            \(table([
                ("Amount due", due),
                ("Rate", "1 \(asset) = \(quote.rate.text) \(payment.terms.price.currency.code)"),
                ("Locked", ClockText.dateAndTime(quote.lockedAt)),
            ]))
            """
    }

    private func table(_ rows: [(String, String)]) -> HTML {
        let lines = rows.map { name, value -> HTML in
            "<tr><th scope=\"row\">\(name)</th><td><bdi>\(value)</bdi></td></tr>\n"
        }
        return "<table>\n<tbody>\(lines)</tbody>\n</table>\n"
    }
}
