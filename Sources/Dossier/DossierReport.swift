/// What a check of one dossier came to, in words.
package struct DossierReport: Sendable {
    /// What came of one question.
    package enum Outcome: String, Sendable {
        case done
        case open = "not checked"
        case failed
    }

    /// Whose word an answer rests on.
    package enum Ground: String, Sendable, CaseIterable {
        /// The bytes of the file alone.
        case file
        /// The operator's own word, bound so that it cannot be changed afterwards.
        case word
        /// Work that was done on a network.
        case network
    }

    /// One question and its answer.
    package struct Line: Hashable, Sendable {
        package let outcome: Outcome
        package let ground: Ground
        package let text: String
    }

    /// What it says of the file as a whole.
    package enum Verdict: String, Sendable {
        /// Something in it is not true, or it is no dossier.
        case failed
        /// Nothing is wrong, and not everything was checked.
        case partial
        /// All that such a file can show was checked, and holds.
        case full
    }

    /// What the file is about, as far as it could be read.
    package internal(set) var subject: [String] = []
    package internal(set) var lines: [Line] = []

    package var verdict: Verdict {
        if lines.contains(where: { $0.outcome == .failed }) { return .failed }
        return lines.isEmpty || lines.contains { $0.outcome == .open } ? .partial : .full
    }

    /// The answers of one kind.
    package func texts(_ outcome: Outcome) -> [String] {
        lines.filter { $0.outcome == outcome }.map(\.text)
    }

    /// What no file of this kind can show.
    package static let never = [
        "that rates were fair and clocks were right",
        "that the address was the merchant's, and was the one that the customer was shown",
        "that no other payment counts the same output, and that nothing was left out before it was recorded",
        "what happened after the last record, and what became of the money later",
        "the bytes of events and webhooks",
    ]

    mutating func add(_ outcome: Outcome, _ ground: Ground, _ text: String) {
        lines.append(Line(outcome: outcome, ground: ground, text: text))
    }
}
