import Domain
import Engine
import Platform

@testable import HTTP
@testable import Web

extension FuzzTarget {
    /// What comes over connections before anybody knows who sends it.
    static let http: [FuzzTarget] = [request, header, url, query]

    private static let limits = {
        var limits = HTTP.Limits()
        limits.body = 4_096
        return limits
    }()

    /// What a stream of bytes is read as, in words: it must not depend on how it was cut.
    private static func transcript(_ pieces: [ArraySlice<UInt8>]) throws(Flaw) -> [String] {
        var parser = RequestParser()
        var words: [String] = []
        for piece in pieces {
            parser.append(piece)
            do throws(HTTP.Refusal) {
                reading: while true {
                    switch try parser.next(limits) {
                    case .more: break reading
                    case .awaitsContinue: continue
                    case .message(let message):
                        let request = message.request
                        words.append(
                            "\(request.method) \(request.path) \(request.segments) \(request.query) \(request.host)"
                                + " \(request.headers.map { "\($0.name)=\($0.value)" }) \(request.body)"
                                + " \(message.minorVersion) \(message.keepsAlive)")
                        if !isWellFormed(message) { words.append("not well formed") }
                    }
                }
            } catch {
                return words + ["\(error.status.code) \(error.code)"]
            }
        }
        return words + ["\(parser.progress)"]
    }

    /// What every handler may rely on.
    private static func isWellFormed(_ message: RequestParser.Message) -> Bool {
        let request = message.request
        func isPlain(_ text: String) -> Bool { !text.utf8.contains { $0 < 0x20 && $0 != 9 || $0 == 0x7f } }
        let hosts = request.headers.values("Host")
        let hasTwoLengths =
            request.headers.values("Content-Length").count > 1
            || request.headers.contains("Content-Length") && request.headers.contains("Transfer-Encoding")
        return (request.path.hasPrefix("/") || request.path == "*" && request.method == .options)
            && request.segments.allSatisfy { isPlain($0) && $0 != "." && $0 != ".." }
            && request.headers.allSatisfy { isPlain($0.name) && !$0.name.isEmpty && isPlain($0.value) }
            && hosts.count <= 1 && (message.minorVersion == 0 || hosts.count == 1) && !hasTwoLengths
            && request.body.count <= limits.body && request.query.pairs.count <= limits.queryPairs
    }

    private static let request = FuzzTarget(
        "request", most: 2_048,
        words: [
            "GET / HTTP/1.1\r\n", "Host: y\r\n", "\r\n\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\n",
            "0\r\n\r\n", "FFFFFFFFFFFFFFFF", "Expect: 100-continue\r\n", "%2e%2e/", "%00", "Connection: close\r\n",
            "X-Forwarded-For: 10.0.0.1, ::1\r\n",
        ],
        seeds: bytes([
            "GET /a/b?c=d&e=%20+f HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST /v1 HTTP/1.1\r\nHost: x:80\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nA: b\r\n\r\n",
            "PUT http://h:1/x HTTP/1.1\r\nHost: h:1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n.",
            "OPTIONS * HTTP/1.1\nHost: [::1]\n\n",
            "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.2.3.4, 10.0.0.9\r\n\r\n",
        ])
    ) { input throws(Flaw) in
        let whole = try transcript([input[...]])
        try expect(!whole.contains("not well formed"), "taken: \(whole)")
        let single = try transcript(input.indices.map { input[$0...$0] })
        try expect(single == whole, "byte by byte it is \(single), at once \(whole)")
        let half = input.count / 2
        try expect(try transcript([input[..<half], input[half...]]) == whole, "cut in the middle it is another")
        return whole.count > 1
    }

    /// What fields of a request mean: credentials, idempotency keys, forwarded addresses, origins.
    private static let header = FuzzTarget(
        "header", most: 400,
        words: [
            "Bearer qk_test_", "\"", ", ", "10.0.0.1", "::ffff:10.0.0.1", "https://pay.example", "; charset=", "\t",
        ],
        seeds: bytes([
            "Bearer qk_live_01KDVDRZ60000000000000001S_abc", "bearer qk_test_",
            "\"8e03978e-40d5-43e8-bc93-6894a57f9324\"",
            "order-1", "192.0.2.1, 10.0.0.7", "[2001:db8::1]:4711", "application/json; charset=utf-8",
            "https://pay.example", "same-origin",
        ])
    ) { input throws(Flaw) in
        // As a field holds it: what would end a line is no part of a value.
        let text = (["x": input.text] as Headers)["x"] ?? ""
        var isTaken = false
        func request(_ name: String) -> Request {
            Request(method: .post, path: "/", headers: [name: text], body: input)
        }
        if let credential = API.bearer(request("Authorization").headers) {
            isTaken = true
            try expect(text.lowercased() == "bearer \(credential)".lowercased(), "\(text) is the key \(credential)")
        }
        let merchant = ID<Merchant>(at: Instant(milliseconds: 1), chance: [UInt8](repeating: 1, count: 10))
        let key = ID<APIKey>(at: Instant(milliseconds: 1), chance: [UInt8](repeating: 1, count: 10))
        let caller = Caller(merchant: merchant, key: key, isTest: true, scopes: ["admin"])
        for operation in API.operations where operation.idempotency == .required {
            let named = try? API.idempotencyKey(operation, request(API.idempotencyField), caller)
            guard let named else { break }
            isTaken = true
            try expect(text == named.key || text == "\"\(named.key)\"", "\(text) is the key \(named.key)")
        }
        _ = (request("Content-Type").mediaType, FormBody(request("Content-Type"))?["a"])
        _ = request("Origin").isFromOwnPage(baseURL: "https://pay.example")
        _ = request("Sec-Fetch-Site").isFromOwnPage(baseURL: "https://pay.example")
        guard let proxies = try? TrustedProxies(["10.0.0.0/8", "::1"]), let proxy = IPAddress("10.0.0.1") else {
            return isTaken
        }
        let headers = request("X-Forwarded-For").headers
        _ = (proxies.client(behind: proxy, headers), proxies.isSecure(request("X-Forwarded-Proto").headers))
        return isTaken
    }

    /// Where webhooks go: one reading, and none that leads into the house.
    private static let url = FuzzTarget(
        "url", most: 300,
        words: [
            "http://", "https://", "[::ffff:", "127.0.0.1", "0x7f", "@", "%2f", "..", "xn--", ":65536",
            "localhost",
        ],
        seeds: bytes([
            "https://shop.example/hook?a=b", "http://[::1]:8080/", "https://127.1/", "https://user:p@x.example/#f",
            "https://[64:ff9b::7f00:1]/", "HTTPS://EXAMPLE.com.:443", "https://2130706433/", "https://a.b/%zz",
            "10.0.0.0/8", "::/0",
        ])
    ) { input throws(Flaw) in
        let text = input.text
        if let block = AddressBlock(parsing: text), let address = IPAddress("10.1.2.3") { _ = block.contains(address) }
        guard let url = try? HTTP.URL(parsing: text) else { return false }
        let written = url.origin + url.path + (url.query.map { "?" + $0 } ?? "")
        try expect((try? HTTP.URL(parsing: written)) == url, "\(text) became \(written)")
        if case .address(let address) = url.host {
            let guardian = AddressGuard(allowsLoopback: false)
            try expect(guardian.refusal(of: url) == guardian.refusal(of: address), "\(text) is judged in two ways")
        }
        try expect(!written.utf8.contains { $0 <= 0x20 || $0 >= 0x7f }, "\(written) could be read otherwise")
        return true
    }

    /// Queries of lists, and forms of pages.
    private static let query = FuzzTarget(
        "query", most: 600,
        words: ["after=", "before=", "limit=", "pay_", "state=", "asset=", "network=", "&", "%", "+", "true", "since="],
        seeds: bytes([
            "/v1/payments?limit=20&after=pay_01KDVDRZ60000000000000001S&state=paid", "/x?a=%F0%9F%98%80&a=b&=&c",
            "/?asset=BTC&network=bitcoin&personal=true&limit=0&q=%41", "/a%2Fb/%2e?since=2026-01-01T00:00:00Z",
        ])
    ) { input throws(Flaw) in
        var request = Request(method: .post, path: "/", body: input)
        request.headers.add("Content-Type", "application/x-www-form-urlencoded")
        if let form = FormBody(request) { _ = form["asset"] }
        guard let target = try? HTTP.Target(parsing: input[...], limits: limits) else { return false }
        try expect(target.segments.allSatisfy { $0 != "." && $0 != ".." }, "\(target.segments)")
        var form = QueryForm(target.query)
        _ = (form.limit(), form.text("q"), form.search("search"), form.transaction("transaction"), form.method())
        _ = (form.flag("personal"), form.integer("after", 0...9), form.instant("since"), form.listOfDeliveries())
        _ = (form.id("id", of: Payment.self), form.list(of: Payment.self))
        do throws(Problem) {
            try form.finish()
        } catch {
            _ = error.response(requestID: "r")
        }
        return true
    }
}
