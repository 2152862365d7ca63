/// The pairs of a query string in the order in which they came, decoded: percent-escapes resolved, `+` read
/// as a space, as HTML forms write it.
package struct Query: Sendable, Equatable {
    /// One `name=value`; the value is empty when there was no equals sign.
    package struct Pair: Sendable, Equatable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package private(set) var pairs: [Pair]

    package init(_ pairs: [Pair] = []) { self.pairs = pairs }

    /// Every value of `name`, in order.
    package func values(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

    /// The names that occur, each once, in order of first occurrence.
    package var names: [String] {
        var seen: Set<String> = []
        return pairs.map(\.name).filter { seen.insert($0).inserted }
    }
}
