import Testing

@testable import Web

@Suite("What pages are made of")
struct PageParts {
    @Test("Interpolated text is escaped, pieces and literals are not", arguments: [
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("\" onload='x", "<p>&quot; onload=&#39;x</p>"),
        ("a & b", "<p>a &amp; b</p>"),
        ("nul\u{0}and\u{1b}escape", "<p>nul\u{FFFD}and\u{FFFD}escape</p>"),
        ("line\nend", "<p>line\nend</p>"),
        ("combining <\u{338}", "<p>combining &lt;\u{338}</p>"),
    ])
    func escaping(text: String, expected: String) {
        let page: HTML = "<p>\(text)</p>"
        #expect(page.text == expected)
        let nested: HTML = "\(page)\([page])"
        #expect(nested.text == expected + expected)
    }

    @Test("Long amounts are read in threes, and nothing is lost or added but narrow spaces", arguments: [
        ("0", "0"), ("25.00", "25.00"), ("1234.56", "1234.56"), ("12345", "12 345"), ("49382.7156", "49 382.7156"),
        ("1234567.89", "1 234 567.89"), ("0.00000012345678", "0.00000012345678"),
        ("123456789012345678901234567890", "123 456 789 012 345 678 901 234 567 890"),
    ])
    func amounts(amount: String, text: String) {
        #expect(AmountText.grouped(amount) == text.replacing(" ", with: "\u{202F}"))
        #expect(AmountText.groups(of: amount).joined() == amount)
    }

    @Test("Only whole web addresses become links", arguments: [
        ("https://shop.example/thanks?order=1#top", true), ("http://127.0.0.1:9/", true),
        ("HTTPS://SHOP.example", true), ("https://[::1]/", true), ("https://bücher.example/", true),
        ("javascript:alert(1)", false), ("//shop.example", false), ("/thanks", false), ("data:text/html,x", false),
        ("https://", false), ("https:///path", false), ("https://shop.example\\@evil.example", false),
        ("https://shop.example@evil.example/", false), ("https:// shop.example", false),
        ("https://shop.example/\nx", false), (" https://shop.example", false), ("https://?x", false),
    ])
    func links(text: String, isLink: Bool) {
        #expect((WebLink(parsing: text) != nil) == isLink)
    }

    @Test("A code holds the same payment in capitals where that is safe", arguments: [
        (
            "bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4?amount=0.01&label=order%201",
            "BITCOIN:BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4?amount=0.01"
        ),
        (
            "bitcoin:1BoatSLRHtKNngkdXEeobR76b53LETtpyT?amount=0.01",
            "bitcoin:1BoatSLRHtKNngkdXEeobR76b53LETtpyT?amount=0.01"
        ),
        ("sandbox:sbx1qqqqqqqqq?amount=1&asset=SBX", "SANDBOX:SBX1QQQQQQQQQ?amount=1&asset=SBX"),
        ("bitcoin:bc1Qw508d6?amount=1", "bitcoin:bc1Qw508d6?amount=1"),
        ("bitcoin:bc1?amount=1&message=hi", "bitcoin:bc1?amount=1"),
        ("lightning", "lightning"),
    ])
    func capitals(link: String, text: String) {
        #expect(QR.text(forLink: link) == text)
    }

    @Test("A code is read back as what was written", arguments: [
        "BITCOIN:BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4?amount=0.00123456",
        "bitcoin:1BoatSLRHtKNngkdXEeobR76b53LETtpyT?amount=21",
        "SANDBOX:SBX1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSN5JC3FD?amount=0.25&asset=SBX",
        "a", "12345678901234567890", "ÄÖÜ €", String(repeating: "LIGHTNING:LNBC", count: 60),
        String(repeating: "x", count: 2_331),
    ])
    func codes(text: String) throws {
        let code = try #require(QR(text))
        #expect(try QRReader(side: code.side, modules: code.modules).text() == text)
        #expect(try QRReader(side: code.side, path: code.path.text).text() == text)
    }

    @Test("What no code can hold gives none", arguments: ["", "a\u{0}b", String(repeating: "x", count: 2_332)])
    func noCode(text: String) {
        #expect(QR(text) == nil)
    }
}
