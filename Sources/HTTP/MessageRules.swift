/// What a head's fields say together about its message: whom it is for, where its body ends, whether another
/// may follow. Everything that two programs in a chain could read differently is refused (RFC 9112, 3.2, 6,
/// 9, 11.2).
struct MessageRules {
    enum Framing: Equatable {
        case none
        case length(Int)
        case chunked
    }

    private let headers: Headers
    private let minorVersion: Int
    private var host: Headers.Entry?
    private var contentLength: Headers.Entry?
    private var transferEncoding: Headers.Entry?
    private var expectation: Headers.Entry?
    private var expectations = 0
    private var hasConnection = false

    /// Finds what the rules are about in one pass over the fields, by the lengths of their names. Refuses a
    /// second field of those that mean something different when they come twice.
    init(_ headers: Headers, minorVersion: Int) throws(Refusal) {
        self.headers = headers
        self.minorVersion = minorVersion
        var hasAuthorization = false
        var hasContentType = false
        for entry in headers.entries {
            switch entry.name.count {
            case 4 where headers.hasName(entry, "host"):
                guard host == nil else { throw .malformedHost }
                host = entry
            case 6 where headers.hasName(entry, "expect"):
                expectation = entry
                expectations += 1
            case 10 where headers.hasName(entry, "connection"):
                hasConnection = true
            case 12 where headers.hasName(entry, "content-type"):
                guard !hasContentType else { throw .repeatedField }
                hasContentType = true
            case 13 where headers.hasName(entry, "authorization"):
                guard !hasAuthorization else { throw .repeatedField }
                hasAuthorization = true
            case 14 where headers.hasName(entry, "content-length"):
                guard contentLength == nil else { throw .ambiguousLength }
                contentLength = entry
            case 17 where headers.hasName(entry, "transfer-encoding"):
                guard transferEncoding == nil else { throw .repeatedField }
                transferEncoding = entry
            default: break
            }
        }
    }

    /// The host asked for: one, well-formed, required since HTTP/1.1, and the same as the target's if it
    /// names one.
    func host(authority: String?) throws(Refusal) -> String {
        guard let host else {
            guard minorVersion == 0 else { throw .malformedHost }
            return authority ?? ""
        }
        let value = headers.bytes[host.value]
        guard Target.isAuthority(value) else { throw .malformedHost }
        let text = String(decoding: value, as: UTF8.self)
        if let authority, authority.lowercased() != text.lowercased() { throw .malformedHost }
        return text
    }

    /// Where the body ends. `Content-Length` together with `Transfer-Encoding` is refused, not resolved.
    func framing(limit: Int) throws(Refusal) -> Framing {
        if let transferEncoding {
            guard contentLength == nil, minorVersion == 1 else { throw .ambiguousLength }
            let coding = headers.text(transferEncoding.value)
            if coding.lowercased() == "chunked" { return .chunked }
            let codings = coding.split(separator: ",").map { $0.trimmingBlanks().lowercased() }
            let isAmbiguous = codings.isEmpty || codings.dropLast().contains("chunked")
            throw isAmbiguous ? .ambiguousLength : .codingUnknown
        }
        guard let contentLength else { return .none }
        let digits = headers.bytes[contentLength.value]
        guard !digits.isEmpty, digits.allSatisfy(\.isDigit) else { throw .ambiguousLength }
        var count = 0
        for digit in digits {
            let (tens, overflow) = count.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(digit - 0x30))
            guard !overflow, !carry else { throw .bodyTooLarge }
            count = sum
        }
        guard count <= limit else { throw .bodyTooLarge }
        return count == 0 ? .none : .length(count)
    }

    /// Whether the client waits for `100 Continue`. Another expectation is refused; HTTP/1.0 has none.
    var awaitsContinue: Bool {
        get throws(Refusal) {
            guard minorVersion == 1, let expectation else { return false }
            guard expectations == 1, headers.text(expectation.value).lowercased() == "100-continue" else {
                throw .expectationUnknown
            }
            return true
        }
    }

    /// Whether another request may follow on the connection.
    var keepsAlive: Bool {
        guard hasConnection else { return minorVersion == 1 }
        let options = headers.tokens("connection")
        if options.contains("close") { return false }
        return minorVersion == 1 || options.contains("keep-alive")
    }
}
