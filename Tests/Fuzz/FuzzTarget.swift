/// A parser that meets the outside, and what has to hold of it whatever it is given.
struct FuzzTarget: Sendable {
    let name: String
    /// Bytes of an input that is worth trying.
    let most: Int
    /// What its language is made of; a fuzzer puts it in.
    let words: [String]
    /// Whole inputs to begin with, beside those that are kept.
    let seeds: [[UInt8]]
    private let body: Body

    private enum Body: Sendable {
        case plain(@Sendable ([UInt8]) throws(Flaw) -> Bool)
        case waiting(@Sendable ([UInt8]) async throws(Flaw) -> Bool)
    }

    /// - Parameter check: whether the input was taken. Throws where a property does not hold.
    init(
        _ name: String, most: Int, words: [String] = [], seeds: [[UInt8]],
        check: @escaping @Sendable ([UInt8]) throws(Flaw) -> Bool
    ) {
        self.name = name
        self.most = most
        self.words = words
        self.seeds = seeds
        body = .plain(check)
    }

    /// As above, for what asks somebody on its way.
    init(
        _ name: String, most: Int, words: [String] = [], seeds: [[UInt8]],
        asking check: @escaping @Sendable ([UInt8]) async throws(Flaw) -> Bool
    ) {
        self.name = name
        self.most = most
        self.words = words
        self.seeds = seeds
        body = .waiting(check)
    }

    /// Text for seeds.
    static func bytes(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }

    /// Whether the input was taken. Throws where a property does not hold.
    func check(_ input: [UInt8]) async throws(Flaw) -> Bool {
        switch body {
        case .plain(let check): try check(input)
        case .waiting(let check): try await check(input)
        }
    }

    /// As `check`, on a thread that waits for nobody; nil where that cannot be.
    func checkAtOnce(_ input: [UInt8]) throws(Flaw) -> Bool? {
        guard case .plain(let check) = body else { return nil }
        return try check(input)
    }

    static let all: [FuzzTarget] = texts + keys + http + chain + evm + documents

    static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// A property that does not hold.
struct Flaw: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Throws where `holds` is false.
func expect(_ holds: Bool, _ words: @autoclosure () -> String) throws(Flaw) {
    guard holds else { throw Flaw(words()) }
}

extension [UInt8] {
    /// The first byte, as a choice, and the rest.
    var choice: (Int, [UInt8]) { isEmpty ? (0, []) : (Int(self[0]), Array(dropFirst())) }

    /// As text; what is no UTF-8 is replaced, as it would be before it came to a parser of text.
    var text: String { String(decoding: self, as: UTF8.self) }
}
