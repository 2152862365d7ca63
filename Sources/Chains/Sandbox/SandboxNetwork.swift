internal import Crypto
package import Domain
internal import Platform

/// The two networks of the sandbox. They share addresses, so that a customer can pay on the wrong one.
package enum SandboxNetwork: String, CaseIterable, Hashable, Sendable {
    case sandbox
    case alternative = "sandbox-alt"

    /// The network of that name; nil when it is none of the sandbox's.
    package init?(_ name: NetworkName) { self.init(rawValue: name.text) }

    package var name: NetworkName {
        guard let name = NetworkName(parsing: rawValue) else {
            preconditionFailure("the name of a network is valid")
        }
        return name
    }

    package var other: SandboxNetwork { self == .sandbox ? .alternative : .sandbox }

    /// What is paid here: the coin on both networks, a token on the first one only.
    package var assets: [Asset] {
        let coin = asset("SBX", decimals: 8, payableDecimals: 8, contract: nil)
        let token = asset("SUSD", decimals: 6, payableDecimals: 2, contract: "susd")
        return self == .sandbox ? [coin, token] : [coin]
    }

    private func asset(_ code: String, decimals: UInt8, payableDecimals: UInt8, contract: String?) -> Asset {
        guard let code = AssetCode(parsing: code) else {
            preconditionFailure("the code of an asset is valid")
        }
        return Asset(
            method: Method(asset: code, network: name), decimals: decimals, payableDecimals: payableDecimals,
            contract: contract, version: 1)
    }
}

/// Every identity in the sandbox: SHA-256 over a tag and the fields, each with its length before it
/// (injective).
enum SandboxDigest {
    static func bytes(_ tag: String, _ fields: [[UInt8]]) -> [UInt8] {
        var state = SHA256()
        state.update(Array("quittance/sandbox/\(tag)/1\n".utf8))
        for field in fields {
            state.update(Array("\(field.count):".utf8))
            state.update(field)
        }
        return state.finalize()
    }

    /// In lower-case hexadecimal.
    static func text(_ tag: String, _ fields: [String]) -> String {
        Hex.encode(bytes(tag, fields.map { Array($0.utf8) }))
    }
}
