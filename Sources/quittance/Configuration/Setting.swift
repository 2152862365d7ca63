import HTTP
import Platform

/// One scalar setting: a member of quittance.json and a variable, with its check.
struct Setting: Sendable {
    /// What a value must be in the file.
    enum Form: String, Sendable { case text, number, flag, list }

    /// The member's name; a dot leads into an object.
    let key: String
    let form: Form
    let about: String
    /// Takes a value as text (a list's parts are joined by commas). Throws what is wrong with it.
    let apply: @Sendable (inout Configuration, String) throws(Flaw) -> Void
    /// The value in force, as it may be shown.
    let show: @Sendable (Configuration) -> String

    /// `QUITTANCE_WEBHOOKS_ALLOW_LOOPBACK`
    var variable: String { Self.variable(key) }

    static func variable(_ key: String) -> String {
        "QUITTANCE_" + key.uppercased().map { $0 == "." ? "_" : String($0) }.joined()
    }

    /// Why a value cannot be taken.
    struct Flaw: Error, Equatable {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    static let all: [Setting] = [
        Setting(
            key: "listen", form: .text, about: "address and port to listen on",
            apply: { (configuration: inout Configuration, text: String) throws(Flaw) in
                let place = try listen(text)
                configuration.address = place.address
                configuration.port = place.port
            },
            show: { $0.place(port: $0.port) }),
        Setting(
            key: "base_url", form: .text, about: "where customers reach this server, https in production",
            apply: { (configuration: inout Configuration, text: String) throws(Flaw) in
                configuration.baseURL = try baseURL(text)
            },
            show: { $0.baseURL ?? $0.baseURL(port: $0.port) }),
        Setting(
            key: "storage", form: .text, about: "sqlite:PATH, or postgres://…",
            apply: { (configuration: inout Configuration, text: String) throws(Flaw) in
                configuration.storage = try storage(text)
            },
            show: { shown($0) }),
        Setting(
            key: "readers", form: .number, about: "database connections that read",
            apply: { (configuration: inout Configuration, text: String) throws(Flaw) in
                configuration.readers = Int(try number(text, 1...64))
            },
            show: { String($0.readers) }),
        Setting(
            key: "log_level", form: .text, about: "debug, info, warning or error",
            apply: { (configuration: inout Configuration, text: String) throws(Flaw) in
                guard let level = Log.Level(rawValue: text) else {
                    throw Flaw("it is one of debug, info, warning, error")
                }
                configuration.logLevel = level
            },
            show: { $0.logLevel.rawValue }),
        Setting(
            key: "sandbox", form: .flag, about: "the built-in network with play money",
            apply: { (configuration: inout Configuration, text: String) throws(Flaw) in
                configuration.hasSandbox = try flag(text)
            },
            show: { String($0.hasSandbox) }),
        Setting(
            key: "sandbox_page_clock", form: .flag,
            about: "payment pages may move the sandbox's clock, for all test payments",
            apply: { (configuration: inout Configuration, text: String) throws(Flaw) in
                configuration.pagesMoveSandboxClock = try flag(text)
            },
            show: { String($0.pagesMoveSandboxClock) }),
        Setting(
            key: "trusted_proxies", form: .list, about: "proxies in front that may name the client",
            apply: { (configuration: inout Configuration, text: String) throws(Flaw) in
                let proxies = text.split(separator: ",").map { $0.trimmed }
                if let wrong = proxies.first(where: { !Server.isProxy($0) }) {
                    throw Flaw("“\(wrong)” is no address and no block of them, such as 10.0.0.0/8")
                }
                configuration.trustedProxies = proxies
            },
            show: { $0.trustedProxies.joined(separator: ",") }),
        Setting(
            key: "webhooks.allow_loopback", form: .flag,
            about: "webhooks to this machine, for development only",
            apply: { (configuration: inout Configuration, text: String) throws(Flaw) in
                configuration.allowsLoopbackWebhooks = try flag(text)
            },
            show: { String($0.allowsLoopbackWebhooks) }),
        Setting(
            key: "rate_max_age_seconds", form: .number,
            about: "how long a rate that a merchant pushed is used",
            apply: { (configuration: inout Configuration, text: String) throws(Flaw) in
                configuration.rateMaxAgeSeconds = try number(text, 1...(7 * 24 * 3600))
            },
            show: { String($0.rateMaxAgeSeconds) }),
        Setting(
            key: "seal_seconds", form: .number,
            about: "how often what came is sealed by signed roots",
            apply: { (configuration: inout Configuration, text: String) throws(Flaw) in
                configuration.sealSeconds = try number(text, 1...3_600)
            },
            show: { String($0.sealSeconds) }),
    ]
}

extension Setting {
    private static func listen(_ text: String) throws(Flaw) -> (address: String, port: Int) {
        guard let colon = text.lastIndex(of: ":") else {
            throw Flaw("it is an address and a port, such as 127.0.0.1:8080")
        }
        var address = String(text[..<colon])
        if address.hasPrefix("["), address.hasSuffix("]") {
            address = String(address.dropFirst().dropLast())
        }
        guard IPAddress(address) != nil else {
            throw Flaw("the address is numeric, such as 127.0.0.1, 0.0.0.0 or [::]")
        }
        return (address, Int(try number(String(text[text.index(after: colon)...]), 0...65_535)))
    }

    private static func baseURL(_ text: String) throws(Flaw) -> String {
        let rest = ["https://", "http://"].first { text.hasPrefix($0) }.map { text.dropFirst($0.count) }
        let bare = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard let rest, !rest.isEmpty, !rest.contains("@"), let url = try? URL(parsing: bare) else {
            throw Flaw("it is where customers reach this server, such as https://pay.example.com")
        }
        guard ["", "/"].contains(url.path), url.query == nil else {
            throw Flaw("it has no path: the pages are at the root, such as https://pay.example.com")
        }
        return bare
    }

    private static func storage(_ text: String) throws(Flaw) -> Configuration.Storage {
        if text.hasPrefix("sqlite:"), text.count > 7 { return .sqlite(String(text.dropFirst(7))) }
        if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") { return .postgres(text) }
        throw Flaw("it is sqlite:PATH or postgres://USER@HOST/DATABASE")
    }

    static func number(_ text: String, _ range: ClosedRange<Int64>) throws(Flaw) -> Int64 {
        guard let number = Int64(text), String(number) == text, range.contains(number) else {
            throw Flaw("it is a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func flag(_ text: String) throws(Flaw) -> Bool {
        switch text {
        case "true": true
        case "false": false
        default: throw Flaw("it is true or false")
        }
    }

    private static func shown(_ configuration: Configuration) -> String {
        switch configuration.storage {
        case .sqlite(let path): "sqlite:" + (path ?? configuration.data + "/quittance.db")
        case .postgres(let uri): redacted(uri)
        }
    }

    /// Whether a connection URI carries a password.
    static func hasPassword(_ uri: String) -> Bool { redacted(uri) != uri }

    /// A connection URI without its password.
    static func redacted(_ uri: String) -> String {
        var text = uri
        if let scheme = text.firstRange(of: "://"), let at = text[scheme.upperBound...].firstIndex(of: "@"),
            let colon = text[scheme.upperBound..<at].firstIndex(of: ":")
        {
            text.replaceSubrange(text.index(after: colon)..<at, with: "…")
        }
        var rest = text.startIndex..<text.endIndex
        while let place = text[rest].firstRange(of: "password=") {
            let end = text[place.upperBound...].firstIndex(of: "&") ?? text.endIndex
            let offset = text.distance(from: text.startIndex, to: place.upperBound) + 1
            text.replaceSubrange(place.upperBound..<end, with: "…")
            rest = text.index(text.startIndex, offsetBy: offset)..<text.endIndex
        }
        return text
    }
}

extension Substring {
    /// Without spaces at both ends.
    fileprivate var trimmed: String {
        var text = self
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
