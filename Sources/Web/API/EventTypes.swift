import Domain
import JSON

/// The names of events.
enum EventTypes {
    /// What an event can be.
    static let events: [String] =
        State.allCases.map { "payment.\($0.rawValue)" } + [
            "payment.updated", "payment.reversed", "payment.set_aside", "payment.released",
            "exception.opened", "exception.resolved", "webhook.test",
        ]

    /// What an endpoint can ask for: events, and families of them.
    static let all: [String] = ["*", "payment.*", "exception.*", "webhook.*"] + events

    /// One of the names. A mistyped one must not be silently something that never comes.
    static func one(
        _ text: String, among names: [String] = events
    ) throws(FieldProblem) -> String {
        guard names.contains(text) else {
            let near = nearestName(to: text, among: names)
            let hint = near.map { " Did you mean \"\($0)\"?" } ?? ""
            throw FieldProblem(code: "unknown_value", detail: "There is no event of this type." + hint)
        }
        return text
    }
}
