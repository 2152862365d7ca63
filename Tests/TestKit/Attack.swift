package import Testing

/// An attack that gateways have fallen for, tried on this one and on its twin: the same, but for one thing that it
/// believes and should not. An attack that does not harm the twin shows nothing of the product.
package struct Attack: Sendable, CustomTestStringConvertible {
    /// Its place in the list of attacks that is ours, and what is done.
    package let name: String
    /// What the twin believes.
    package let belief: String
    private let onProduct: @Sendable () async throws -> String?
    private let onTwin: @Sendable () async throws -> String?

    package var testDescription: String { name }

    /// - Parameter harm: tries it on a rule, and gives the harm that came of it; nil for none.
    package init<Rule: Sendable>(
        _ name: String, product: Rule, twin belief: String, _ twin: Rule,
        harm: @escaping @Sendable (Rule) async throws -> String?
    ) {
        self.name = name
        self.belief = belief
        onProduct = { try await harm(product) }
        onTwin = { try await harm(twin) }
    }

    /// Tries it on both.
    package func attempt(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        #expect(try await onProduct() == nil, sourceLocation: sourceLocation)
        #expect(
            try await onTwin() != nil, "nobody would notice somebody who believes that \(belief)",
            sourceLocation: sourceLocation)
    }
}
