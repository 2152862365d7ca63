import Chains
import Database
import Domain
import Platform

/// How this instance is set up: what quittance.json and the QUITTANCE_… variables say, checked.
struct Configuration: Sendable {
    /// The folder of the instance's key and, with SQLite, of its database.
    let data: String
    var address = "127.0.0.1"
    var port = 8080
    /// Where the world finds this server; its own address when nobody says.
    var baseURL: String?
    var storage: Storage = .sqlite(nil)
    /// Whoever serves means another database than the one that the folder's gateway had.
    var movesStorage = false
    var readers = 3
    var logLevel = Log.Level.info
    var hasSandbox = true
    var pagesMoveSandboxClock = false
    var trustedProxies: [String] = []
    var allowsLoopbackWebhooks = false
    var rateMaxAgeSeconds: Int64 = 15 * 60
    var sealSeconds: Int64 = 60
    var nodes: [NodeSettings] = []
    var rates: [FixedRate] = []
    /// Every value that is in force, for `doctor --config`.
    var origins: [Origin] = []

    /// Which database.
    enum Storage: Hashable {
        /// A file; nil for the one in the data folder.
        case sqlite(String?)
        case postgres(String)
    }

    /// One value with where it comes from.
    struct Origin: Hashable {
        let key: String
        /// As it may be shown: secrets are not.
        let value: String
        /// `default`, the file, the variable, or the option.
        let source: String
    }

    init(data: String) { self.data = data }

    /// Where a setting's value comes from, for whoever has to change it.
    func source(of key: String) -> String {
        origins.first { $0.key == key }?.source ?? "default"
    }

    var location: DatabaseLocation {
        switch storage {
        case .sqlite(let path): .sqlite(path ?? Self.ownFile(in: data))
        case .postgres(let uri): .postgres(uri)
        }
    }

    /// The database that an instance has where nothing else is said.
    private static func ownFile(in data: String) -> String { data + "/quittance.db" }

    var isEmbedded: Bool {
        switch storage {
        case .sqlite: true
        case .postgres: false
        }
    }

    /// Which database, as it may be shown and is told to others: `sqlite` for the one in the data folder,
    /// `sqlite:/PATH`, or the server's address without a password.
    var shownStorage: String {
        switch storage {
        case .sqlite(nil): "sqlite"
        case .sqlite(let path?): "sqlite:" + Files.absolute(path)
        case .postgres(let uri): Setting.redacted(uri)
        }
    }

    /// Whether it is this database that another process, of the same data folder, calls by that name. One
    /// server has many addresses, so of two servers it is taken to be.
    func isStorage(_ shown: String) -> Bool {
        guard case .sqlite(let path, _) = location, shown == "sqlite" || shown.hasPrefix("sqlite:") else {
            return isEmbedded == (shown == "sqlite" || shown.hasPrefix("sqlite:"))
        }
        let theirs = shown == "sqlite" ? Self.ownFile(in: data) : String(shown.dropFirst(7))
        return Files.absolute(path) == Files.absolute(theirs)
    }

    /// What is listened on, once the port is known: `127.0.0.1:8080`, `[::]:8080`.
    func place(port: Int) -> String { (address.contains(":") ? "[\(address)]" : address) + ":\(port)" }

    /// The base URL once the port is known.
    func baseURL(port: Int) -> String {
        if let baseURL { return baseURL }
        let host = address.contains(":") ? "[\(address)]" : address
        return "http://\(host == "0.0.0.0" || host == "[::]" ? "127.0.0.1" : host):\(port)"
    }
}

/// How to reach one node.
struct NodeSettings: Sendable, Hashable {
    let network: UTXONetwork
    var rpcURL: String
    var credentials: Credentials
    /// `tcp://…` of the node's ZeroMQ publisher; nil to poll only.
    var zmq: String?

    /// Who we are to the node.
    enum Credentials: Hashable {
        case password(user: String, password: String)
        /// The file that the node writes at each start.
        case cookie(String)
    }
}

/// A price that the operator fixed.
struct FixedRate: Sendable, Hashable {
    let asset: AssetCode
    let currency: String
    let rate: Rate
}

extension FixedRate {
    /// What the sandbox's play money is worth where nobody says otherwise.
    static let sandbox: [FixedRate] = [
        ("SBX", "EUR", "25"), ("SBX", "USD", "27.50"), ("SBX", "GBP", "21.50"), ("SBX", "CHF", "24"),
        ("SBX", "JPY", "4000"), ("SUSD", "EUR", "0.92"), ("SUSD", "USD", "1"), ("SUSD", "GBP", "0.79"),
        ("SUSD", "CHF", "0.88"), ("SUSD", "JPY", "150"),
    ].compactMap { asset, currency, rate in
        guard let asset = AssetCode(parsing: asset), let rate = try? Rate(parsing: rate) else { return nil }
        return FixedRate(asset: asset, currency: currency, rate: rate)
    }
}
