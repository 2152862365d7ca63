import HTTP
import Platform

/// The body of a form (WHATWG URL, 5): pairs of text, percent-decoded. Bounded and strict.
struct FormBody {
    private let pairs: [(name: String, value: String)]

    /// Nil for another media type, for too much of it, and for what is no such form.
    init?(_ request: Request) {
        guard request.mediaType == "application/x-www-form-urlencoded",
            request.body.count <= CheckoutLimits.formBytes
        else { return nil }
        var pairs: [(name: String, value: String)] = []
        for part in request.body.split(separator: UInt8(ascii: "&")) {
            guard pairs.count < CheckoutLimits.formPairs else { return nil }
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            guard let name = Self.decode(part[..<equals]),
                let value = Self.decode(part[equals...].dropFirst())
            else { return nil }
            pairs.append((name, value))
        }
        self.pairs = pairs
    }

    /// The value of `name`; nil when it is not there, or there twice.
    subscript(_ name: String) -> String? {
        let values = pairs.filter { $0.name == name }
        return values.count == 1 ? values[0].value : nil
    }

    private static func decode(_ bytes: ArraySlice<UInt8>) -> String? {
        var decoded: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "+"): decoded.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard bytes.endIndex - index > 2,
                    let byte = Hex.decode(utf8: bytes[(index + 1)...(index + 2)]), byte != [0]
                else { return nil }
                decoded += byte
                index += 2
            default: decoded.append(bytes[index])
            }
            index += 1
        }
        return String(validating: decoded, as: UTF8.self)
    }
}

extension Request {
    /// Whether a form was sent from one of our own pages, as far as the browser says where from.
    ///
    /// There are no cookies: whoever knows the token may press the buttons. This only keeps other sites,
    /// which were given the link, from pressing them in the customer's browser.
    func isFromOwnPage(baseURL: String) -> Bool {
        if let site = headers["sec-fetch-site"] { return site == "same-origin" || site == "none" }
        guard let origin = headers["origin"] else { return true }
        if origin == baseURL { return true }
        let authority = origin.split(separator: "/", omittingEmptySubsequences: false).dropFirst(2)
        return authority.count == 1 && authority.first.map(String.init) == host
    }
}
