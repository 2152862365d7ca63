import Domain
import Engine

/// A receipt to print or keep: what was paid, and where the network says so.
struct ReceiptPage {
    private let view: CustomerView
    private let payment: Payment
    private let assessment: Assessment
    private let checkoutPath: String

    init(_ checkout: CheckoutView, checkoutPath: String) {
        view = CustomerView(checkout)
        payment = checkout.payment.payment
        assessment = checkout.payment.assessment
        self.checkoutPath = checkoutPath
    }

    var document: HTML {
        let title = isReceipt ? "Receipt" : "No receipt yet"
        return PageFrame.document(
            title: "\(title) · \(view.merchant)",
            """
            <body>
            <main class="single receipt"><article class="card">
            <h1>\(title)</h1>
            <p class="note">\(note)</p>
            \(order)\
            \(evidence)\
            \(quote)\
            <p class="actions"><a class="button quiet" href="\(checkoutPath)">Back to the payment</a></p>
            </article></main>
            </body>
            """)
    }

    private var isReceipt: Bool { payment.state.isSettled || payment.state == .refunded }

    private var note: String {
        let test = view.isTest ? " This was a test: no real money moved." : ""
        return isReceipt ? "\(view.title).\(test)" : "\(view.title). \(view.note)\(test)"
    }

    private var order: HTML {
        table([
            ("Shop", view.merchant), ("Order", view.orderID), ("Price", view.price),
            ("Arrived", view.received ?? "nothing yet"),
            ("Opened", ClockText.dateAndTime(payment.terms.openedAt)), ("Payment", payment.id.text),
        ])
    }

    /// Each transfer that counts, with all that is needed to look it up.
    private var evidence: HTML? {
        let transfers = payment.evidence.transfers.filter { transfer in
            transfer.isLive && assessment.shares[transfer.key].map { !$0.role.isMismatch } ?? false
        }
        guard !transfers.isEmpty else { return nil }
        let tables = transfers.enumerated().map { place, transfer -> HTML in
            let heading: HTML? =
                transfers.count > 1 ? "<h3>Payment \(place + 1) of \(transfers.count)</h3>\n" : nil
            var rows = [
                ("Network", NetworkLabel.text(transfer.key.network)), ("Transaction", transfer.transactionID),
            ]
            if let quote = payment.evidence.quote(transfer.quote), let amount = transfer.amount {
                let text = DecimalText.text(amount, decimals: quote.asset.decimals)
                rows.insert(("Amount", "\(AmountText.grouped(text))\u{A0}\(quote.method.asset)"), at: 0)
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
        let amount = DecimalText.text(quote.amountDue, decimals: quote.asset.decimals)
        return """
            <h2>The locked price</h2>
            \(table([
                ("Amount due", "\(AmountText.grouped(amount))\u{A0}\(quote.method.asset)"),
                ("Rate", "1 \(quote.method.asset) = \(quote.rate.text) \(payment.terms.price.currency.code)"),
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
