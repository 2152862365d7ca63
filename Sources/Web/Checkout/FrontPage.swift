import HTTP

/// What is at `/`: what this is, for people who came here without a link.
enum FrontPage {
    static var response: Response {
        PageFrame.respond(
            PageFrame.document(
                title: "Quittance",
                """
                <body>
                <main class="single"><section class="card">
                <h1>Quittance</h1>
                <p class="note">This server takes payments in crypto for shops that run it themselves.</p>
                <p class="note">If you were sent here to pay, please open the complete link that the shop \
                gave you: it ends in a long code that belongs to your order.</p>
                </section></main>
                </body>
                """))
    }
}
