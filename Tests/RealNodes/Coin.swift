import Chains
import Domain
import Foundation
import Testing

/// A coin whose node the tests can start.
enum Coin: String, CaseIterable, CustomTestStringConvertible {
    case bitcoin, litecoin

    var testDescription: String { rawValue }

    /// The script that starts its node, as `Scripts/test` found it; nil when it has none.
    var script: String? {
        let path = ProcessInfo.processInfo.environment["QUITTANCE_\(daemon.uppercased())"]
        return path.flatMap { FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil }
    }

    var isThere: Bool { script != nil }

    var daemon: String { self == .bitcoin ? "bitcoind" : "litecoind" }

    /// What the script's lines begin with.
    var prefix: String { self == .bitcoin ? "BTC_" : "LTC_" }

    var network: UTXONetwork { self == .bitcoin ? .bitcoinRegtest : .litecoinRegtest }
    var method: Domain.Method { network.coin.method }
    var code: String { method.asset.text }
}
