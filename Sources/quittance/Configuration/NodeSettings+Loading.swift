import Chains
import Domain
import Engine
import HTTP
import JSON
import Platform

extension NodeSettings {
    /// The families of nodes that variables can describe, one of each: `QUITTANCE_BITCOIN_RPC_URL`.
    private static let families: [(name: String, network: UTXONetwork)] = [
        ("BITCOIN", .bitcoin), ("LITECOIN", .litecoin),
    ]
    /// `_CLI` and `_DATADIR` are for `demo --bitcoin`, which mines and pays.
    private static let endings = [
        "NETWORK", "RPC_URL", "RPC_USER", "RPC_PASSWORD", "RPC_COOKIE_FILE", "ZMQ", "CLI", "DATADIR",
    ]
    static let variables = families.flatMap { family in endings.map { "QUITTANCE_\(family.name)_\($0)" } }

    /// The objects in `networks`; notes what is wrong, with its place.
    static func list(_ value: JSON, _ place: String, _ flaws: inout [WrongUse]) -> [NodeSettings] {
        guard let elements = value.asArray else {
            flaws.append(WrongUse("\(place): it is a list of networks."))
            return []
        }
        var nodes: [NodeSettings] = []
        for (index, element) in elements.enumerated() {
            flaws.note { () throws(WrongUse) in
                let node = try read(element, "\(place)/\(index)")
                guard !nodes.contains(where: { $0.network == node.network }) else {
                    throw WrongUse("\(place)/\(index)/network: \(node.network.rawValue) is there twice.")
                }
                nodes.append(node)
            }
        }
        return nodes
    }

    private static let members = [
        "network", "rpc_url", "rpc_user", "rpc_password_file", "rpc_cookie_file", "zmq",
    ]

    private static func read(_ value: JSON, _ place: String) throws(WrongUse) -> NodeSettings {
        let texts = try members(of: value, members, place)
        guard let name = texts["network"], let url = texts["rpc_url"] else {
            throw WrongUse("\(place): a network has at least “network” and “rpc_url”.")
        }
        // Before the login: who mistypes a name is told so first.
        let network = try network(name, "\(place)/network")
        let address = try check(url, "\(place)/rpc_url")
        let credentials: Credentials
        if let cookie = texts["rpc_cookie_file"] {
            credentials = .cookie(cookie)
        } else if let user = texts["rpc_user"], let path = texts["rpc_password_file"] {
            credentials = .password(
                user: user, password: try secret(in: path, "\(place)/rpc_password_file"))
        } else {
            throw WrongUse(
                "\(place): it needs “rpc_cookie_file”, or “rpc_user” and “rpc_password_file”.",
                hint: "Passwords do not stand in the configuration itself.")
        }
        let zmq = try texts["zmq"].map { text throws(WrongUse) in try checkPublisher(text, "\(place)/zmq") }
        return NodeSettings(network: network, rpcURL: address, credentials: credentials, zmq: zmq)
    }

    /// The members of an object of texts. Throws `WrongUse` for an unknown one, with the nearest name.
    static func members(of value: JSON, _ known: [String], _ place: String) throws(WrongUse) -> [String:
        String]
    {
        guard case .object(let object) = value else { throw WrongUse("\(place): it is an object.") }
        var texts: [String: String] = [:]
        for member in object.members {
            guard known.contains(member.key) else {
                throw WrongUse(
                    "\(place)/\(member.key): there is no such setting.",
                    hint: nearestName(to: member.key, among: known).map { "Did you mean “\($0)”?" })
            }
            guard let text = member.value.asString else {
                throw WrongUse("\(place)/\(member.key): it must be text, \(hint(member.value)).")
            }
            texts[member.key] = text
        }
        return texts
    }

    /// A number is what people write where text is wanted: it is shown as it must stand there.
    private static func hint(_ value: JSON) -> String {
        if case .number(let number) = value { return "such as \"\(number.text)\"" }
        return "not a \(value.typeName)"
    }

    static func network(_ name: String, _ place: String) throws(WrongUse) -> UTXONetwork {
        if let network = UTXONetwork(rawValue: name) { return network }
        let known = UTXONetwork.allCases.map(\.rawValue)
        throw WrongUse(
            "\(place): there is no network “\(name)”.",
            hint: nearestName(to: name, among: known).map { "Did you mean “\($0)”?" }
                ?? "There is: \(known.joined(separator: ", ")).")
    }

    static func check(_ url: String, _ place: String) throws(WrongUse) -> String {
        guard !url.contains("@") else {
            throw WrongUse("\(place): a password does not belong into an address.")
        }
        guard (try? URL(parsing: url)) != nil else {
            throw WrongUse("\(place): it is the address of the node, such as http://127.0.0.1:8332.")
        }
        return url
    }

    /// `tcp://HOST:PORT`, which ZeroMQ would otherwise refuse in silence.
    static func checkPublisher(_ text: String, _ place: String) throws(WrongUse) -> String {
        let parts = text.split(separator: "://", maxSplits: 1)
        let colon = text.lastIndex(of: ":") ?? text.startIndex
        let port = UInt16(text[colon...].dropFirst()) ?? 0
        guard parts.count == 2, parts[0] == "tcp", port > 0, !text.contains("@"),
            !parts[1].hasPrefix(":"), !parts[1].hasPrefix("*")
        else {
            throw WrongUse("\(place): it is the node's publisher, such as tcp://127.0.0.1:28332.")
        }
        return text
    }

    private static func secret(in path: String, _ place: String) throws(WrongUse) -> String {
        do throws(FileError) {
            let text = String(decoding: try Files.read(path, maxBytes: 4_096), as: UTF8.self)
            return String(text.prefix { !$0.isNewline })
        } catch {
            throw WrongUse("\(place): \(error).")
        }
    }

    func origins(_ source: String) -> [Configuration.Origin] {
        let name = "networks.\(network.rawValue)"
        let login =
            switch credentials {
            case .password(let user, _): "\(user):…"
            case .cookie(let path): "cookie file \(path)"
            }
        return [
            Configuration.Origin(key: name + ".rpc_url", value: rpcURL, source: source),
            Configuration.Origin(key: name + ".login", value: login, source: source),
            Configuration.Origin(key: name + ".zmq", value: zmq ?? "none: polling", source: source),
        ]
    }
}

extension Configuration {
    /// Nodes that variables describe, over those of the file.
    mutating func applyNodes(_ variables: [String: String], _ flaws: inout [WrongUse]) {
        for (family, network) in [("BITCOIN", UTXONetwork.bitcoin), ("LITECOIN", .litecoin)] {
            flaws.note { () throws(WrongUse) in
                try applyNode("QUITTANCE_\(family)_", network, variables)
            }
        }
    }

    /// The node that the variables of one family describe, if they do.
    private mutating func applyNode(
        _ prefix: String, _ usual: UTXONetwork, _ variables: [String: String]
    ) throws(WrongUse) {
        guard let url = variables[prefix + "RPC_URL"] else { return }
        var network = usual
        if let name = variables[prefix + "NETWORK"] {
            network = try NodeSettings.network(name, prefix + "NETWORK")
        }
        let credentials: NodeSettings.Credentials
        if let cookie = variables[prefix + "RPC_COOKIE_FILE"] {
            credentials = .cookie(cookie)
        } else if let user = variables[prefix + "RPC_USER"],
            let password = variables[prefix + "RPC_PASSWORD"]
        {
            credentials = .password(user: user, password: password)
        } else {
            throw WrongUse(
                "\(prefix)RPC_URL needs \(prefix)RPC_COOKIE_FILE, or \(prefix)RPC_USER and …_PASSWORD.")
        }
        let node = NodeSettings(
            network: network, rpcURL: try NodeSettings.check(url, prefix + "RPC_URL"),
            credentials: credentials,
            zmq: try variables[prefix + "ZMQ"].map { text throws(WrongUse) in
                try NodeSettings.checkPublisher(text, prefix + "ZMQ")
            })
        nodes.removeAll { $0.network == network }
        origins.removeAll { $0.key.hasPrefix("networks.\(network.rawValue).") }
        nodes.append(node)
        origins += node.origins(prefix + "…")
    }
}

extension FixedRate {
    /// The objects in `rates`; notes what is wrong, with its place.
    static func list(_ value: JSON, _ place: String, _ flaws: inout [WrongUse]) -> [FixedRate] {
        guard let elements = value.asArray else {
            flaws.append(WrongUse("\(place): it is a list of rates."))
            return []
        }
        var rates: [FixedRate] = []
        for (index, element) in elements.enumerated() {
            flaws.note { () throws(WrongUse) in
                let rate = try read(element, "\(place)/\(index)")
                let twin = rates.first { $0.asset == rate.asset && $0.currency == rate.currency }
                guard twin == nil else {
                    throw WrongUse("\(place)/\(index): \(rate.asset) in \(rate.currency) is there twice.")
                }
                rates.append(rate)
            }
        }
        return rates
    }

    private static func read(_ element: JSON, _ here: String) throws(WrongUse) -> FixedRate {
        let texts = try NodeSettings.members(of: element, ["asset", "currency", "rate"], here)
        guard let asset = texts["asset"].flatMap({ AssetCode(parsing: $0) }),
            let currency = texts["currency"],
            let rate = texts["rate"].flatMap({ try? Rate(parsing: $0) })
        else {
            throw WrongUse(
                "\(here): a rate is like "
                    + "{\"asset\": \"BTC\", \"currency\": \"EUR\", \"rate\": \"58000.50\"}."
            )
        }
        guard FiatCurrency.exponents[currency] != nil else {
            throw WrongUse("\(here)/currency: “\(currency)” is no currency of ISO 4217, such as EUR.")
        }
        return FixedRate(asset: asset, currency: currency, rate: rate)
    }
}
