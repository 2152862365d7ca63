package import Domain
internal import Platform

/// A network of Ethereum's kind: one of those that the gateway knows (`known`), or one that an operator
/// describes.
package struct EVMNetwork: Hashable, Sendable {
    package let name: NetworkName
    /// What tells it from all others (EIP-155). A provider that answers with another one is on another
    /// network.
    package let chainID: UInt64
    /// Whether value on it is worth nothing.
    package let isTest: Bool
    /// What its fees are paid in.
    package let coin: Asset
    /// The tokens that are counted, by their contracts. A token's own name and symbol are never believed.
    package let tokens: [Asset]
    /// Seconds that pass between two blocks, in whole ones and at least one; nil where blocks come when
    /// somebody makes them.
    package let blockSeconds: UInt64?
    /// Seconds by which its finalized block is behind in bad hours. Beyond them finality stands still. Nil
    /// for a network that names no such block.
    package let finalitySeconds: UInt64?
    /// Whether its blocks are named by the hash of the fields that Ethereum's have. Of another network nobody
    /// can say more than that enough providers tell the same.
    package let isHashedAsEthereum: Bool

    package init(
        name: NetworkName, chainID: UInt64, isTest: Bool, coin: Asset, tokens: [Asset], blockSeconds: UInt64?,
        finalitySeconds: UInt64?, isHashedAsEthereum: Bool = true
    ) {
        (self.name, self.chainID, self.isTest, self.coin) = (name, chainID, isTest, coin)
        (self.tokens, self.blockSeconds) = (tokens, blockSeconds)
        (self.finalitySeconds, self.isHashedAsEthereum) = (finalitySeconds, isHashedAsEthereum)
    }

    /// The coin first.
    package var assets: [Asset] { [coin] + tokens }

    /// The token of that contract; nil for one that is not on the list.
    func token(_ contract: EVMAddress) -> Asset? { tokens.first { $0.contract == contract.text } }

    /// Those that need no description.
    package static let known: [EVMNetwork] = rows.map(\.network)

    /// The one of that name that needs no description.
    package static func known(_ name: NetworkName) -> EVMNetwork? { known.first { $0.name == name } }
}

// MARK: What is known

extension EVMNetwork {
    private struct Row {
        var name: String
        var chainID: UInt64
        var isTest = false
        var coin: String
        var blockSeconds: UInt64
        var finalitySeconds: UInt64
        /// Code, decimals, contract.
        var tokens: [(String, UInt8, String)]

        var network: EVMNetwork {
            guard let network = NetworkName(parsing: name) else {
                preconditionFailure("the name of a network is valid")
            }
            return EVMNetwork(
                name: network, chainID: chainID, isTest: isTest,
                coin: EVMNetwork.asset(coin, 18, nil, on: network),
                tokens: tokens.map { EVMNetwork.asset($0.0, $0.1, $0.2, on: network) },
                blockSeconds: blockSeconds, finalitySeconds: finalitySeconds)
        }
    }

    private static func asset(
        _ text: String, _ decimals: UInt8, _ contract: String?, on network: NetworkName
    ) -> Asset {
        guard let code = AssetCode(parsing: text) else {
            preconditionFailure("the code of an asset is valid")
        }
        // Wallets let people enter few decimals of a coin that has eighteen.
        return Asset(
            method: Domain.Method(asset: code, network: network), decimals: decimals,
            payableDecimals: min(decimals, contract == nil ? 9 : 6), contract: contract, version: 1)
    }

    /// Contracts as their issuers publish them (Circle, Tether, Sky, and the bridges of each network for what
    /// ends in `.E` or has a name of its own there).
    private static let rows: [Row] = [
        Row(
            name: "ethereum", chainID: 1, coin: "ETH", blockSeconds: 12, finalitySeconds: 3_600,
            tokens: [
                ("USDC", 6, "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"),
                ("USDT", 6, "0xdAC17F958D2ee523a2206206994597C13D831ec7"),
                ("DAI", 18, "0x6B175474E89094C44Da98b954EedeAC495271d0F"),
                ("EURC", 6, "0x1aBaEA1f7C830bD89Acc67eC4af516284b1bC33c"),
            ]),
        Row(
            name: "polygon", chainID: 137, coin: "POL", blockSeconds: 2, finalitySeconds: 1_800,
            tokens: [
                ("USDC", 6, "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359"),
                ("USDC.E", 6, "0x2791Bca1f2de4661ED88A30C99A7a9449Aa84174"),
                ("USDT", 6, "0xc2132D05D31c914a87C6611C10748AEb04B58e8F"),
                ("DAI", 18, "0x8f3Cf7ad23Cd3CaDbD9735AFf958023239c6A063"),
            ]),
        Row(
            name: "base", chainID: 8_453, coin: "ETH", blockSeconds: 2, finalitySeconds: 7_200,
            tokens: [
                ("USDC", 6, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
                ("USDBC", 6, "0xd9aAEc86B65D86f6A7B5B1b0c42FFA531710b6CA"),
                ("DAI", 18, "0x50c5725949A6F0c72E6C4a641F24049A917DB0Cb"),
                ("EURC", 6, "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42"),
            ]),
        Row(
            name: "arbitrum", chainID: 42_161, coin: "ETH", blockSeconds: 1, finalitySeconds: 7_200,
            tokens: [
                ("USDC", 6, "0xaf88d065e77c8cC2239327C5EDb3A432268e5831"),
                ("USDC.E", 6, "0xFF970A61A04b1cA14834A43f5dE4533eBDDB5CC8"),
                ("USDT", 6, "0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9"),
                ("DAI", 18, "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1"),
            ]),
        Row(
            name: "optimism", chainID: 10, coin: "ETH", blockSeconds: 2, finalitySeconds: 7_200,
            tokens: [
                ("USDC", 6, "0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85"),
                ("USDC.E", 6, "0x7F5c764cBc14f9669B88837ca1490cCa17c31607"),
                ("USDT", 6, "0x94b008aA00579c1307B0EF2c499aD98a8ce58e58"),
                ("DAI", 18, "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1"),
            ]),
        Row(
            name: "bnb", chainID: 56, coin: "BNB", blockSeconds: 1, finalitySeconds: 600,
            tokens: [
                ("USDC", 18, "0x8AC76a51cc950d9822D68b83fE1Ad97B32Cd580d"),
                ("USDT", 18, "0x55d398326f99059fF775485246999027B3197955"),
                ("DAI", 18, "0x1AF3F329e8BE154074D8769D1FFa4eE058B1DBc3"),
            ]),
        Row(
            name: "gnosis", chainID: 100, coin: "XDAI", blockSeconds: 5, finalitySeconds: 1_800,
            tokens: [
                ("USDC", 6, "0xDDAfbb505ad214D7b80b1f830fcCc89B60fb7A83"),
                ("USDC.E", 6, "0x2a22f9c3b484c3629090FeED35F17Ff8F88f76F0"),
                ("USDT", 6, "0x4ECaBa5870353805a9F068101A40E0f32ed605C6"),
            ]),
        Row(
            name: "sepolia", chainID: 11_155_111, isTest: true, coin: "ETH", blockSeconds: 12,
            finalitySeconds: 3_600,
            tokens: [("USDC", 6, "0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238")]),
    ]
}
