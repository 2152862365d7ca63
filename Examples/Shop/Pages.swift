import HTTP
import Platform

/// What customers see: a shelf, an order, and the way to the checkout page.
struct Pages: Sendable {
    let book: OrderBook
    let gateway: Gateway
    /// Where the customer finds the shop.
    let url: String
    let log: Log

    func router(with inbox: Inbox) -> Router {
        var router = Router()
        router.get("/") { _ in try await shelf() }
        router.get("/favicon.svg") { _ in Response(type: "image/svg+xml", body: Array(Self.icon.utf8)) }
        router.post("/buy/{product}") { try await buy($0.parameters["product"]) }
        router.get("/orders/{id}") { try await order($0.parameters["id"]) }
        router.get("/orders/{id}/state") { try await state($0.parameters["id"]) }
        router.post("/webhooks") { try await inbox.receive($0) }
        return router
    }

    /// Answers a request. Whatever goes wrong, a person's browser gets a page with a way on.
    func respond(to request: Request, _ router: Router) async throws -> Response {
        guard request.headers["accept"]?.contains("text/html") == true else {
            return try await router.respond(to: request)
        }
        do {
            let response = try await router.respond(to: request)
            guard response.status.code >= 400 else { return response }
            return apology(response.status)
        } catch {
            log.error("failed \("path", request.path) \("error", error)")
            return apology(.serviceUnavailable)
        }
    }

    private func apology(_ status: Status) -> Response {
        let words =
            switch status {
            case .notFound, .methodNotAllowed: ("There is nothing here", "Perhaps it has been sold.")
            default: ("That did not work", "The till does not answer. Please try again in a minute.")
            }
        return page(
            words.0,
            """
            <article class="order"><h2>\(words.0)</h2><p>\(words.1)</p>
            <p><a href="/">Back to the shop</a></p></article>
            """, status)
    }

    private func shelf() async throws -> Response {
        let products = Product.all.map { product in
            """
            <article>
            <div class="picture \(product.id)" aria-hidden="true"></div>
            <h2>\(product.name)</h2><p>\(product.about)</p>
            <form method="post" action="/buy/\(product.id)">
            <button>Buy for €\(product.price)</button></form>
            </article>
            """
        }
        let orders = try await book.orders().map { order in
            """
            <li><a href="/orders/\(order.id)">\(Product.named(order.product)?.name ?? "Order")</a>
            <span class="when">\(order.label)</span> <span>\(Self.words(order))</span></li>
            """
        }
        let list = orders.isEmpty ? "" : "<h2 class=\"orders\">Orders</h2><ul>\(orders.joined())</ul>"
        return page("Corner Shop", "<section class=\"shelf\">\(products.joined())</section>\(list)")
    }

    /// Takes an order, makes its payment, and sends the customer to pay. The order is written down first:
    /// if the shop falls over here, the same order asks for the same payment again.
    private func buy(_ name: String) async throws -> Response {
        guard let product = Product.named(name) else { return .text(.notFound, "We do not sell that.\n") }
        let id = Order.newID(at: SystemClock().now)
        let home = "\(url)/orders/\(id)"
        try await book.insert(order: id, product: product.id, home: home)
        return try await pay(id, product, home)
    }

    private func pay(_ id: String, _ product: Product, _ home: String) async throws -> Response {
        let payment = try await gateway.create(order: id, product: product, returnTo: home)
        try await book.attach(payment: payment.id, checkout: payment.checkout, to: id)
        return .redirect(to: payment.checkout ?? "/orders/\(id)")
    }

    private func order(_ id: String) async throws -> Response {
        guard let order = try await book.order(id), let product = Product.named(order.product) else {
            return .text(.notFound, "There is no such order.\n")
        }
        guard order.payment != nil else { return try await pay(id, product, order.home) }
        let link =
            order.checkout.map { "<p><a class=\"pay\" href=\"\(escaped($0))\">To the payment</a></p>" }
            ?? ""
        let refresh = order.shippedAt == nil ? "<meta http-equiv=\"refresh\" content=\"3\">" : ""
        return page(
            "Your order",
            """
            <article class="order">
            <div class="picture \(product.id)" aria-hidden="true"></div>
            <h2>\(product.name)</h2>
            <p class="when">\(order.label)</p>
            <p class="state" role="status">\(Self.words(order))</p>
            \(order.shippedAt.map { "<p>Thank you. It left us on \(Self.time($0)).</p>" } ?? link)
            <p><a href="/">Back to the shop</a></p>
            </article>
            """, head: refresh)
    }

    /// The order in three words, for scripts: state, version, and whether it was shipped.
    private func state(_ id: String) async throws -> Response {
        guard let order = try await book.order(id) else { return .text(.notFound, "none\n") }
        return .text("\(order.state) \(order.version) \(order.shippedAt == nil ? "waiting" : "shipped")\n")
    }

    /// What the customer reads. Never more than the shop knows.
    private static func words(_ order: Order) -> String {
        if order.shippedAt != nil { return "Shipped" }
        switch order.state {
        case "detected", "confirming": return "Payment seen, being confirmed"
        case "paid", "overpaid": return "Paid, being packed"
        case "underpaid": return "Something is missing"
        case "late_paid": return "Paid late, being checked"
        case "expired", "failed": return "Not paid"
        case "refunded": return "Refunded"
        default: return "Waiting for payment"
        }
    }

    /// `2026-01-31 at 14:05 UTC`
    private static func time(_ milliseconds: Int64) -> String {
        let text = Timestamp.text(milliseconds)
        return "<span class=\"time\">\(text.prefix(10))</span> at \(text.dropFirst(11).prefix(5))\u{A0}UTC"
    }

    private func page(
        _ title: String, _ body: String, head: String = "", _ status: Status = .ok
    ) -> Response {
        var response = Response.html(
            status,
            """
            <!doctype html><html lang="en"><head><meta charset="utf-8"><title>\(title)</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">\(head)
            <link rel="icon" href="/favicon.svg" type="image/svg+xml">
            <style>\(Self.style)</style>
            </head><body><header><a href="/">Corner Shop</a></header><main>\(body)</main>
            <footer>A small example shop, paid through Quittance.</footer></body></html>
            """)
        response.headers["Content-Security-Policy"] =
            "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action *; base-uri 'none'; "
            + "frame-ancestors 'none'"
        response.headers["Cache-Control"] = "no-store"
        return response
    }

    private func escaped(_ text: String) -> String {
        text.map { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            default: String(character)
            }
        }.joined()
    }

    /// A cup.
    private static let icon = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" \
        fill="#7a3e1d"/><path d="M8 11h13v7a5 5 0 0 1-5 5h-3a5 5 0 0 1-5-5zM21 13h2a2.5 2.5 0 0 1 0 5h-2" \
        fill="none" stroke="#faf7f2" stroke-width="2.5" stroke-linejoin="round"/></svg>
        """

    private static let style = """
        :root{color-scheme:light dark;--ink:#1c1a17;--paper:#faf7f2;--card:#fff;--line:#e6dfd3;
        --accent:#7a3e1d}
        @media(prefers-color-scheme:dark){:root{--ink:#efe9df;--paper:#171512;--card:#211e1a;--line:#38332c;
        --accent:#d08a5f}}
        *{box-sizing:border-box}body{margin:0;font:17px/1.5 Georgia,'Iowan Old Style',serif;color:var(--ink);
        background:var(--paper)}header,main,footer{max-width:60rem;margin:0 auto;padding:1.25rem}
        header a{font-size:1.6rem;color:inherit;text-decoration:none;letter-spacing:.02em}
        .shelf{display:grid;gap:1.25rem;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr))}
        article{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1.25rem}
        .shelf article{display:flex;flex-direction:column}.shelf form{margin-top:auto}
        article.order{max-width:26rem;margin:2rem auto;text-align:center}
        h2{margin:.75rem 0 .25rem;font-size:1.25rem}
        .orders{margin-top:2.5rem}.picture{height:9rem;border-radius:10px}
        .coffee{background:radial-gradient(circle at 35% 40%,#8a5a3c,#3b2416)}
        .cup{background:linear-gradient(160deg,#d9e2dc,#7f9a8c)}
        .kettle{background:linear-gradient(135deg,#c9ced6,#59616e)}
        button,.pay{display:inline-block;font:inherit;cursor:pointer;border:0;border-radius:999px;
        padding:.6rem 1.25rem;
        background:var(--accent);color:var(--paper);text-decoration:none}
        button:focus-visible,a:focus-visible{outline:3px solid currentColor;outline-offset:3px}
        .state{font-size:1.3rem;color:var(--accent)}a{color:var(--accent)}
        .when{opacity:.75;font-size:.85rem}li .when{margin-right:auto}.time{white-space:nowrap}
        ul{list-style:none;padding:0}li{display:flex;justify-content:space-between;gap:1rem;padding:.6rem 0;
        flex-wrap:wrap;border-bottom:1px solid var(--line)}footer{opacity:.7;font-size:.85rem}
        """
}
