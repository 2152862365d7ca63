import Domain

extension CheckoutPage {
    /// Amount, network, code and address: all that a wallet has to be told, each to be copied.
    var ask: HTML? {
        guard let ask = view.ask else { return nil }
        let code: HTML? = ask.link.flatMap { QR(QR.text(forLink: $0)) }.map { code in
            "<div class=\"code\">\(code.svg(label: "QR code of this payment for your wallet"))</div>\n"
        }
        let wallet = wallet(ask.link)
        let isLong = ask.amount.utf8.count > Self.shortAmount
        return """
            <div class="ask">
            <div class="field\(isLong ? " long" : "")">
            <h2 id="amount-label">\(view.received == nil ? "Amount" : "Still to pay")</h2>
            <p class="amount\(isLong ? " long" : "")"><span id="amount">\(Self.digits(ask.amount))</span>\
            <span class="unit">\u{A0}\(ask.asset)</span></p>
            \(copyButton(of: "amount", ask.amount, what: "amount"))\
            </div>
            <p class="network"><strong>\(ask.network) network.</strong> Send only \(ask.asset), and only on \
            this network: anything else may be lost. The whole amount has to arrive: what your wallet or \
            exchange takes for sending comes on top.</p>
            \(code)\
            \(wallet)\
            <div class="field">
            <h2 id="address-label">Address</h2>
            <p class="address"><code id="address" translate="no">\(Self.chunks(ask.address))</code></p>
            \(copyButton(of: "address", ask.address, what: "address"))\
            </div>
            </div>

            """
    }

    /// What opens the wallet on the same device. Nothing opens the sandbox's links: its customer is played
    /// on the page.
    private func wallet(_ link: String?) -> HTML? {
        if view.isOnSandbox {
            return "<a class=\"button wide wallet\" href=\"#sandbox\">Act as the customer</a>\n"
        }
        return link.map { "<a class=\"button wide wallet\" href=\"\($0)\">Open in wallet</a>\n" }
    }

    /// A button that works with the script only, and is not there without it.
    private func copyButton(of id: String, _ text: String, what: HTML) -> HTML {
        """
        <button type="button" class="copy" data-copy="\(text)" data-from="\(id)" hidden>Copy\
        <span class="unseen"> \(what)</span></button>

        """
    }

    /// Characters of an amount that has room in large letters on a small phone.
    private static let shortAmount = 6

    /// The amount as people read it. There is no space between the groups: what is copied is whole.
    private static func digits(_ amount: String) -> HTML {
        let groups = AmountText.groups(of: amount)
        guard groups.count > 1 else { return "\(amount)" }
        return "\(groups.map { group -> HTML in "<span>\(group)</span>" })"
    }

    private static let chunk = 4

    /// The address in groups that people can compare. There is no space between them: what is copied is
    /// whole.
    private static func chunks(_ address: String) -> HTML {
        var rest = address[...]
        var chunks: [HTML] = []
        while !rest.isEmpty {
            chunks.append("<span>\(rest.prefix(chunk))</span>")
            rest = rest.dropFirst(chunk)
        }
        return "\(chunks)"
    }

    /// The same way once more, at the price of now.
    var requote: HTML? {
        guard let choice = view.requote else { return nil }
        return """
            <form class="actions" method="post" action="\(path)/method">
            <input type="hidden" name="method" value="\(choice.value)">
            <button class="button wide">Get a new quote in \(choice.asset)</button>
            </form>

            """
    }

    /// The ways that cannot be chosen now, in words: a button would only lead to a refusal.
    var unpriced: HTML? { view.unpricedNote.map { "<p class=\"hint\">\($0)</p>\n" } }

    /// Every way that can be chosen; behind a fold while one is taken.
    var chooser: HTML? {
        guard !view.choices.isEmpty else { return nil }
        let buttons = view.choices.map { choice -> HTML in
            let amount: HTML? = choice.amount.map { "<span class=\"sum\">\($0)</span>\n" }
            return """
            <button class="choice" name="method" value="\(choice.value)">
            <span class="asset">\(choice.asset)</span>
            \(amount)<span class="on">on the \(choice.network) network</span></button>

            """
        }
        let form: HTML = """
            <form class="choices" method="post" action="\(path)/method" aria-label="Ways to pay">
            \(buttons)</form>

            """
        guard view.phase != .choosing else { return form }
        return """
            <details id="other-ways"><summary>Pay another way</summary>
            \(form)</details>

            """
    }
}

extension CustomerView.Choice {
    /// What the form sends.
    var value: String { method.description }
}
