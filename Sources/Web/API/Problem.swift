import Engine
import HTTP
import JSON

/// What a client is told when a request is not carried out: problem details (RFC 9457) with a stable `code`.
struct Problem: Error {
    let code: Code
    /// One sentence for the developer who reads it. Never holds secrets, internals or the caller's own
    /// values; the name of a member at the most.
    var detail: String
    var flaws: [Flaw] = []
    /// Bytes from the start of the body to where it stops being JSON.
    var offset: Int?
    var headers = Headers()

    init(_ code: Code, _ detail: String, flaws: [Flaw] = [], headers: Headers = Headers()) {
        self.code = code
        self.detail = detail
        self.flaws = flaws
        self.headers = headers
    }

    /// A problem with one member of the body.
    init(_ code: Code, _ detail: String, at pointer: String) {
        self.init(code, detail, flaws: [Flaw(.body(pointer), code: code.rawValue, detail: detail)])
    }

    /// One thing that is wrong, and where.
    struct Flaw: Hashable, Sendable {
        let place: Place
        let code: String
        let detail: String

        init(_ place: Place, code: String, detail: String) {
            self.place = place
            self.code = code
            self.detail = detail
        }

        init(_ place: Place, _ problem: FieldProblem) {
            self.init(place, code: problem.code, detail: problem.detail)
        }

        enum Place: Hashable, Sendable {
            /// A JSON Pointer (RFC 6901) into the body.
            case body(String)
            case parameter(String)
            case header(String)
        }

        /// Where, as one text, for the record of what was refused, which nobody can erase: names that the
        /// caller made up may be a customer's, and are left out.
        var recorded: String {
            switch place {
            case .body(let pointer):
                if pointer.hasPrefix("/metadata/") { return "/metadata" }
                guard code == "unknown_member" else { return pointer }
                return String(pointer.prefix(upTo: pointer.lastIndex(of: "/") ?? pointer.endIndex))
            case .parameter(let name): return code == "unknown_parameter" ? "?" : "?\(name)"
            case .header(let name): return "header \(name)"
            }
        }
    }

    /// The answer. `type` is a URN, so that it needs no domain and never breaks.
    func response(requestID: String) -> Response {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("type", "urn:quittance:problem:\(code.rawValue)")
            writer.member("title", code.title)
            writer.member("status", code.status.code)
            writer.member("code", code.rawValue)
            writer.member("detail", detail)
            writer.member("request_id", requestID)
            writer.member("offset", ifPresent: offset)
            if !flaws.isEmpty { writer.array("errors") { write(flaws, &$0) } }
        }
        return Response(code.status, type: "application/problem+json", body: writer.bytes, headers: headers)
    }

    private func write(_ flaws: [Flaw], _ writer: inout JSONWriter) {
        for flaw in flaws {
            writer.object { writer in
                switch flaw.place {
                case .body(let pointer): writer.member("pointer", pointer)
                case .parameter(let name): writer.member("parameter", name)
                case .header(let name): writer.member("header", name)
                }
                writer.member("code", flaw.code)
                writer.member("detail", flaw.detail)
            }
        }
    }
}
