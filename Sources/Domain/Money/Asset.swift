/// The short name of an asset, for people: `BTC`. What it is, the method says.
package struct AssetCode: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    /// Two to twelve of `A–Z`, `0–9`, `.`, `-`, beginning with a letter or digit; nil otherwise.
    package init?(parsing text: some StringProtocol) {
        let text = String(text)
        guard Name.isValid(text, 2...12, letters: 0x41...0x5a, hasDots: true) else { return nil }
        self.text = text
    }

    package var description: String { text }
    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }
}

/// The name of a network: `bitcoin`, `litecoin-regtest`, `sandbox`.
package struct NetworkName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    /// Two to 32 of `a–z`, `0–9`, `-`, beginning with a letter or digit; nil otherwise.
    package init?(parsing text: some StringProtocol) {
        let text = String(text)
        guard Name.isValid(text, 2...32, letters: 0x61...0x7a, hasDots: false) else { return nil }
        self.text = text
    }

    package var description: String { text }
    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }
}

/// An asset on a network: what can be paid, counted and booked. `BTC` on `bitcoin`.
package struct Method: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let asset: AssetCode
    package let network: NetworkName

    package init(asset: AssetCode, network: NetworkName) {
        self.asset = asset
        self.network = network
    }

    package var description: String { "\(asset)@\(network)" }
    package static func < (left: Self, right: Self) -> Bool {
        (left.network, left.asset) < (right.network, right.asset)
    }
}

/// An asset as this gateway knows it: pinned decimals, versioned, so that a token cannot change its own
/// scale.
package struct Asset: Hashable, Sendable {
    package let method: Method
    /// Base units in one whole: 10 to the power of this. At most 18.
    package let decimals: UInt8
    /// Decimals that wallets let people enter; amounts due are rounded up to them. At most `decimals`.
    package let payableDecimals: UInt8
    /// The contract or mint for a token, in the network's canonical text; nil for the network's own coin.
    package let contract: String?
    /// Grows when decimals or contract are corrected; frozen on each quote.
    package let version: UInt32

    package init(
        method: Method, decimals: UInt8, payableDecimals: UInt8, contract: String?, version: UInt32
    ) {
        precondition(decimals <= 18 && payableDecimals <= decimals, "an asset has at most 18 decimals")
        self.method = method
        self.decimals = decimals
        self.payableDecimals = payableDecimals
        self.contract = contract
        self.version = version
    }
}

private enum Name {
    /// Whether `text` is `letters`, digits, hyphens and perhaps dots, of that length, and begins with neither
    /// of the last two.
    static func isValid(
        _ text: String, _ length: ClosedRange<Int>, letters: ClosedRange<UInt8>, hasDots: Bool
    ) -> Bool {
        guard length.contains(text.utf8.count) else { return false }
        var isFirst = true
        for byte in text.utf8 {
            let isPlain = letters.contains(byte) || (0x30...0x39).contains(byte)
            let isMark = byte == 0x2d || hasDots && byte == 0x2e
            guard isPlain || isMark && !isFirst else { return false }
            isFirst = false
        }
        return true
    }
}
