import HTTP
import Testing

@Suite struct RouterTests {
    private static let router = {
        var router = Router()
        for pattern in [
            "/", "/v1/payments", "/v1/payments/{id}", "/v1/payments/search", "/v1/payments/{payment}/timeline",
            "/v1/{kind}/{id}/actions/{action}",
        ] {
            router.get(pattern, name: "get \(pattern)") { request in
                .text("\(pattern) \(request.parameters["id"]) \(request.parameters["payment"])")
            }
        }
        router.post("/v1/payments") { _ in .text("created") }
        router.delete("/v1/payments/{id}") { .text("deleted \($0.parameters["id"])") }
        router.add(.head, "/v1/payments/search") { _ in .text("own head") }
        return router
    }()

    struct Row: Sendable {
        let method: Method
        let path: String
        let status: Int
        var text: String?
        var allow: String?
    }

    @Test("Literals go before parameters, the path before the method", arguments: [
        Row(method: .get, path: "/", status: 200, text: "/  "),
        Row(method: .get, path: "/v1/payments", status: 200, text: "/v1/payments  "),
        Row(method: .head, path: "/v1/payments", status: 200, text: "/v1/payments  "),
        Row(method: .head, path: "/v1/payments/search", status: 200, text: "own head"),
        Row(method: .get, path: "/v1/payments/p1", status: 200, text: "/v1/payments/{id} p1 "),
        Row(method: .get, path: "/v1/payments/search", status: 200, text: "/v1/payments/search  "),
        Row(method: .get, path: "/v1/payments/search/timeline", status: 200,
            text: "/v1/payments/{payment}/timeline  search"),
        Row(method: .get, path: "/v1/payments/p/actions/go", status: 200, text: "/v1/{kind}/{id}/actions/{action} p "),
        Row(method: .delete, path: "/v1/payments/p", status: 200, text: "deleted p"),
        Row(method: .delete, path: "/v1/payments/search", status: 405, allow: "GET, HEAD"),
        Row(method: .put, path: "/v1/payments/p", status: 405, allow: "GET, HEAD, DELETE"),
        Row(method: .patch, path: "/v1/payments", status: 405, allow: "GET, HEAD, POST"),
        Row(method: .get, path: "/v1", status: 404),
        Row(method: .get, path: "/v1/payments/", status: 404),
        Row(method: .get, path: "/v1//p/actions/go", status: 404),
        Row(method: .get, path: "/V1/payments", status: 404),
        Row(method: .get, path: "/v1/payments/p/timeline/more", status: 404),
        Row(method: .get, path: "/{id}", status: 404),
    ])
    func route(_ row: Row) async throws {
        var segments = row.path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if segments == [""] { segments = [] }
        let request = Request(method: row.method, path: row.path, segments: segments)
        let response = try await Self.router.respond(to: request)
        #expect(response.status.code == row.status)
        #expect(response.headers["allow"] == row.allow)
        if let text = row.text { #expect(response.bytes == Array(text.utf8)) }
    }

    @Test("The table lists every route in order, also of a router that was added")
    func table() async throws {
        var whole = Router()
        whole.get("/first") { _ in .text("first") }
        whole.add(Self.router)
        #expect(whole.routes.map(\.pattern) == ["/first"] + Self.router.routes.map(\.pattern))
        #expect(whole.routes[1].name == "get /")
        #expect(whole.routes.last?.name == "HEAD /v1/payments/search")
        let request = Request(method: .get, path: "/v1/payments/p9")
        #expect(try await whole.respond(to: request).bytes == Array("/v1/payments/{id} p9 ".utf8))
    }

    @Test("Parameters are read as types by name")
    func parameters() {
        let parameters = Parameters(["count": "12", "word": "twelve"])
        #expect(parameters["count", as: Int.self] == 12)
        #expect(parameters["word", as: Int.self] == nil)
        #expect(parameters["none"] == "")
    }
}

@Suite struct HeadersTests {
    @Test("Names are compared without case and kept in order with their spelling")
    func multimap() {
        var headers: Headers = ["Accept": "a", "X-One": "1", "accept": "b"]
        #expect(headers["ACCEPT"] == "a")
        #expect(headers.values("Accept") == ["a", "b"])
        headers["X-Two"] = "2"
        headers["accept"] = nil
        #expect(headers.map { "\($0.name): \($0.value)" } == ["X-One: 1", "X-Two: 2"])
        headers["x-one"] = "one"
        #expect(headers == ["X-Two": "2", "x-one": "one"])
    }

    @Test("A value cannot start another field", arguments: ["a\r\nSet-Cookie: b", "a\nb", "a\rb", "a\0b", "a\u{7F}b"])
    func splitting(_ value: String) {
        let headers: Headers = ["Location": value]
        #expect(headers.count == 1)
        #expect(headers["location"]?.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } == true)
    }

    @Test("Lists of tokens are taken apart")
    func tokens() {
        let headers: Headers = ["Connection": " x ,, Close", "connection": "Upgrade"]
        #expect(headers.tokens("connection") == ["x", "close", "upgrade"])
    }
}
