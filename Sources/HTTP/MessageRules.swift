/// What a head's fields say together about its message: whom it is for, where its body ends, whether another
/// may follow. Everything that two programs in a chain could read differently is refused (RFC 9112, 3.2, 6,
/// 9, 11.2).
enum MessageRules {
    enum Framing: Equatable {
        case none
        case length(Int)
        case chunked
    }

    /// Fields that mean something different when they come twice, so they must not.
    private static let singletons = [
        "host", "content-length", "transfer-encoding", "authorization", "content-type",
    ]

    /// The host asked for: one, well-formed, required since HTTP/1.1, and the same as the target's if it
    /// names one.
    static func host(_ headers: Headers, authority: String?, minorVersion: Int) throws(Refusal) -> String {
        for name in singletons where headers.occurrences(name) > 1 {
            switch name {
            case "host": throw .malformedHost
            case "content-length": throw .ambiguousLength
            default: throw .repeatedField
            }
        }
        guard let entry = headers.first("host") else {
            guard minorVersion == 0 else { throw .malformedHost }
            return authority ?? ""
        }
        let value = headers.bytes[entry.value]
        guard Target.isAuthority(value) else { throw .malformedHost }
        let host = String(decoding: value, as: UTF8.self)
        if let authority, authority.lowercased() != host.lowercased() { throw .malformedHost }
        return host
    }

    /// Where the body ends. `Content-Length` together with `Transfer-Encoding` is refused, not resolved.
    static func framing(_ headers: Headers, minorVersion: Int, limit: Int) throws(Refusal) -> Framing {
        let length = headers.first("content-length")
        if let coding = headers["transfer-encoding"] {
            guard length == nil, minorVersion == 1 else { throw .ambiguousLength }
            if coding.lowercased() == "chunked" { return .chunked }
            let codings = coding.split(separator: ",").map { $0.trimmingBlanks().lowercased() }
            let isAmbiguous = codings.isEmpty || codings.dropLast().contains("chunked")
            throw isAmbiguous ? .ambiguousLength : .codingUnknown
        }
        guard let length else { return .none }
        let digits = headers.bytes[length.value]
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
    static func awaitsContinue(_ headers: Headers, minorVersion: Int) throws(Refusal) -> Bool {
        guard minorVersion == 1, let expectation = headers["expect"] else { return false }
        guard expectation.lowercased() == "100-continue", headers.occurrences("expect") == 1 else {
            throw .expectationUnknown
        }
        return true
    }

    static func keepsAlive(_ headers: Headers, minorVersion: Int) -> Bool {
        guard headers.first("connection") != nil else { return minorVersion == 1 }
        let options = headers.tokens("connection")
        if options.contains("close") { return false }
        return minorVersion == 1 || options.contains("keep-alive")
    }
}
