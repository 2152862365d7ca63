import HTTP

/// The frame of every page for customers, and the headers that go with it.
enum PageFrame {
    /// A whole document. `head` is for what only one page needs there.
    static func document(title: String, head: HTML = .empty, _ body: HTML) -> HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex, nofollow">
        <title>\(title)</title>
        <link rel="icon" href="\(Assets.icon.path)" type="image/svg+xml">
        <link rel="stylesheet" href="\(Assets.stylesheet.path)">
        \(head)</head>
        \(body)
        </html>

        """
    }

    /// A page that says one thing.
    static func notice(_ status: Status, title: String, _ text: String, back: String? = nil) -> Response {
        let link: HTML? = back.map { "<p><a class=\"button quiet\" href=\"\($0)\">Back</a></p>\n" }
        let body: HTML = """
            <body>
            <main class="single"><section class="card">
            <h1>\(title)</h1>
            <p class="note">\(text)</p>
            \(link)</section></main>
            </body>
            """
        return respond(document(title: title, body), status)
    }

    /// The answer with a page: never stored, never framed, nothing loaded from elsewhere.
    static func respond(_ page: HTML, _ status: Status = .ok) -> Response {
        var response = Response.html(status, page.text)
        response.headers.add("Content-Security-Policy", policy)
        response.headers.add("Cache-Control", "no-store")
        secure(&response)
        return response
    }

    /// What every answer here says.
    static func secure(_ response: inout Response) {
        response.headers.add("X-Content-Type-Options", "nosniff")
        // The link is the customer's capability: no other site may learn it. `no-referrer` would also take
        // the Origin from our own forms, which is checked.
        response.headers.add("Referrer-Policy", "same-origin")
        response.headers.add("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.add("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.add("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
    }

    private static let policy = [
        "default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self'",
        "connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")
}
