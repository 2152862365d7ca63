import Crypto
import Domain
import Platform

/// The checkout page of one payment, out of what the customer reads of it. Works without JavaScript; the
/// script replaces `<main>` when its revision changes.
struct CheckoutPage {
    let view: CustomerView
    /// Of this payment's pages: `/checkout/{token}`.
    let path: String
    /// Milliseconds until the time to pay is over; nil without an end.
    let leftMilliseconds: Int64?

    private static let revisionCharacters = 16
    /// How often a page without JavaScript loads itself again.
    private static let refreshSeconds = 15

    /// Names the content: the same one means that nothing on the page has changed but the countdown.
    var revision: String { Self.revision(of: content) }

    private static func revision(of content: HTML) -> String {
        String(Hex.encode(SHA256.hash(Array(content.text.utf8))).prefix(revisionCharacters))
    }

    var document: HTML {
        let content = content
        let meta: HTML = "<meta http-equiv=\"refresh\" content=\"\(Self.refreshSeconds)\">"
        let refresh: HTML = view.phase.isFinal ? .empty : "<noscript>\(meta)</noscript>\n"
        let left: HTML = leftMilliseconds.map { " data-left=\"\($0)\"" } ?? .empty
        return PageFrame.document(
            title: "\(view.title) · \(view.merchant)",
            head: "<script src=\"\(Assets.script.path)\" defer></script>\n\(refresh)",
            """
            <body data-checkout="\(path)">
            <p id="announcement" class="unseen" role="status" aria-live="polite"></p>
            <main id="checkout" data-revision="\(Self.revision(of: content))"\(left)>
            \(content)</main>
            </body>
            """)
    }

    /// What stands in `<main>`.
    var content: HTML {
        """
        \(testBanner)\
        <div class="columns">
        \(summary)\
        <section class="card" aria-labelledby="state">
        \(status)\
        \(ask)\
        \(requote)\
        \(chooser)\
        \(unpriced)\
        \(arrivals)\
        \(links)\
        </section>
        \(sandbox)\
        </div>

        """
    }

    private var testBanner: HTML? {
        view.isTest ? "<p class=\"banner\">Test payment: no real money moves.</p>\n" : nil
    }

    // MARK: What is bought

    private var summary: HTML {
        let description: HTML? = view.description.map { "<p class=\"description\"><bdi>\($0)</bdi></p>\n" }
        let rate: HTML? = view.rate.map { "<div><dt>Rate</dt><dd>\($0)</dd></div>\n" }
        let arrived: HTML = view.phase.isFinal ? "Arrived" : "Arrived so far"
        let received: HTML? = view.received.map { "<div><dt>\(arrived)</dt><dd>\($0)</dd></div>\n" }
        return """
            <section class="summary" aria-label="Your order">
            <p class="merchant"><bdi>\(view.merchant)</bdi></p>
            \(price)\
            \(description)\
            <dl class="facts">
            <div><dt>Order</dt><dd><bdi>\(view.orderID)</bdi></dd></div>
            \(rate)\(received)\
            </dl>
            </section>

            """
    }

    /// Characters of a price that have room in the largest letters on a small phone.
    private static let shortPrice = 9

    /// Amount and currency: a line may end between the two, never in one of them.
    private var price: HTML {
        let parts = view.price.split(separator: "\u{A0}", maxSplits: 1)
        let (amount, unit) = (String(parts.first ?? ""), String(parts.dropFirst().first ?? ""))
        let isLong = amount.count > Self.shortPrice
        return """
            <p class="price\(isLong ? " long" : "")">\(amount)\u{A0}<span class="currency">\(unit)</span></p>

            """
    }

    // MARK: Where it stands

    private var status: HTML {
        let countdown: HTML? = view.ask.map { ask in
            let end = Timestamp.text(ask.endsAt.milliseconds)
            return """
                <p class="countdown">Pay by <time id="countdown" datetime="\(end)">\
                \(ask.endsToday ? ClockText.time(ask.endsAt) : ClockText.dayAndTime(ask.endsAt))</time></p>

                """
        }
        return """
            \(steps)\
            <div class="status status-\(view.phase.rawValue)">
            <h1 id="state" tabindex="-1">\(view.title)</h1>
            \(countdown)\
            </div>
            <p class="note">\(view.note)</p>
            \(undone)\
            \(progress)\
            \(silence)\
            \(mismatch)\
            \(excess)
            """
    }

    private var steps: HTML? {
        guard let step = view.step else { return nil }
        let names = ["Pay", "Received", "Complete"]
        let items = names.indices.map { index -> HTML in
            if index == step { return "<li class=\"now\" aria-current=\"step\">\(names[index])</li>" }
            return index < step ? "<li class=\"done\">\(names[index])</li>" : "<li>\(names[index])</li>"
        }
        return "<ol class=\"steps\" aria-label=\"Steps\">\(items)</ol>\n"
    }

    private var progress: HTML? {
        guard let progress = view.progress else { return nil }
        guard let need = progress.need else {
            return "<p class=\"confirmations\">\(progress.have) confirmations so far</p>\n"
        }
        return """
            <div class="confirmations">
            <label for="confirmations">Confirmations: \(progress.have) of \(need)</label>
            <progress id="confirmations" value="\(progress.have)" max="\(need)"></progress></div>

            """
    }

    private var mismatch: HTML? {
        // What is said of a payment that was not completed speaks of it already.
        guard view.hasMismatch, view.phase != .failed else { return nil }
        return """
            <p class="hint notice">Something else has arrived that does not count towards this order. \
            <bdi>\(view.merchant)</bdi> can see it: please ask there about it.</p>

            """
    }

    /// Unknown is not zero, and the customer need not worry about what was sent.
    private var silence: HTML? {
        guard let network = view.silentNetwork else { return nil }
        return """
            <p class="hint notice">The \(network) network cannot be heard here at the moment. What you have \
            paid is safe: it will show on this page as soon as it can be heard again.</p>

            """
    }

    /// Whoever has read that all is done must not find a page that knows nothing of it.
    private var undone: HTML? {
        view.undoneNote.map { "<p class=\"hint notice\">\($0)</p>\n" }
    }

    private var excess: HTML? {
        guard let excess = view.excess else { return nil }
        return """
            <p class="hint">\(excess) more has arrived than the order costs. <bdi>\(view.merchant)</bdi> \
            can see it: please ask there about the difference.</p>

            """
    }

    private var arrivals: HTML? {
        guard !view.arrivals.isEmpty else { return nil }
        let rows = view.arrivals.map { arrival -> HTML in
            """
            <li><span class="sum">\(arrival.amountAndPlace)</span>
            <span class="standing">\(arrival.standing.text)</span>
            <code class="transaction">\(arrival.transaction)</code></li>

            """
        }
        return """
            <section class="arrivals" aria-labelledby="arrived">
            <h2 id="arrived">What has arrived</h2>
            <ul>
            \(rows)</ul>
            </section>

            """
    }

    private var links: HTML? {
        switch view.phase {
        case .complete:
            return actions([view.successLink.map { shop($0, class: "button") }, receipt])
        case .refunded: return actions([receipt])
        case .choosing, .waiting, .missing, .received, .confirming, .checking, .expired, .failed:
            return view.cancelLink.map { actions([shop($0, class: "button quiet")]) }
        }
    }

    private func actions(_ links: [HTML?]) -> HTML {
        "<p class=\"actions\">\(links.compactMap(\.self))</p>\n"
    }

    private func shop(_ link: WebLink, class name: HTML) -> HTML {
        "<a class=\"\(name)\" href=\"\(link.text)\">Back to <bdi>\(view.merchant)</bdi></a>\n"
    }

    private var receipt: HTML {
        let path = "/receipt/" + path.split(separator: "/").suffix(1).joined()
        return "<a class=\"button quiet\" href=\"\(path)\">Receipt</a>\n"
    }
}

extension CustomerView.Arrival.Standing {
    /// How far it is, in words.
    var text: String {
        switch self {
        case .pooled: "waiting for a block"
        case .mined(let height): "in block \(height)"
        case .confirmed(let height): height.map { "confirmed in block \($0)" } ?? "confirmed"
        }
    }
}

/// Times for people. Always UTC and saying so: the server does not know where the customer is.
enum ClockText {
    /// `14:05 UTC`.
    static func time(_ instant: Instant) -> String {
        let text = Timestamp.text(instant.milliseconds)
        return "\(text.dropFirst(11).prefix(5)) UTC"
    }

    /// `31 Jan, 14:05 UTC`: without a year, for the next days.
    static func dayAndTime(_ instant: Instant) -> String {
        let parts = day(instant).split(separator: "-").compactMap { Int($0) }
        guard parts.count == 3, months.indices.contains(parts[1] - 1) else { return dateAndTime(instant) }
        return "\(parts[2]) \(months[parts[1] - 1]), \(time(instant))"
    }

    /// `2026-01-31`.
    static func day(_ instant: Instant) -> Substring { Timestamp.text(instant.milliseconds).prefix(10) }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec",
    ]

    /// `2026-01-31 14:05:09 UTC`.
    static func dateAndTime(_ instant: Instant) -> String {
        let text = Timestamp.text(instant.milliseconds)
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) UTC"
    }
}
