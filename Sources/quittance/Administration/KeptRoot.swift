import Domain
import JSON
import Platform

/// A signed root that somebody kept elsewhere, as it is typed: `NUMBER:HASH`, and `@` with whose it is.
struct KeptRoot: Sendable, Hashable {
    let number: UInt64
    let hash: [UInt8]
    /// A merchant's identity, or `instance`; nil for the only merchant.
    let scope: String?

    /// Throws `WrongUse`.
    init(parsing text: String) throws(WrongUse) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts[0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard name.count == 2, let number = UInt64(name[0]), String(number) == name[0],
            let hash = Hex.decode(String(name[1])), hash.count == 32
        else {
            throw WrongUse(
                "“\(text)” is no root.",
                hint: "It looks like 1042:9f86d0…@mer_…: number, hash, and whose it is.")
        }
        let scope = parts.count == 2 ? String(parts[1]) : nil
        let isKnown = scope == nil || scope == Root.instance
        guard isKnown || scope.flatMap({ ID<Merchant>(parsing: $0) }) != nil else {
            throw WrongUse("“\(scope ?? "")” is neither a merchant nor “\(Root.instance)”.")
        }
        (self.number, self.hash, self.scope) = (number, hash, scope)
    }

    /// As it was typed.
    var text: String { "\(number):\(Hex.encode(hash))" + (scope.map { "@\($0)" } ?? "") }
}
