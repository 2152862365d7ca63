import JSON
import Platform

extension Command {
    static let erase = Command(
        name: "erase", summary: "erase what is personal of payments",
        about: """
            Erases what a merchant told of its customer with a payment: customer_id, description, links and
            metadata; what people wrote when they ruled on it; and what stored events and kept answers hold of
            the former. What happened stays: amounts, transfers, entries, the order's number, and the log,
            in which a signed record says that it was erased. “verify” tells that from bytes that are
            missing. It cannot be undone. The gateway may be running or not.

            With --before, all payments that were opened before a day and that are settled, with no question
            open. It can be interrupted and given again.

            It does not reach: what was sent to webhooks; backups; names in what cannot be erased, such as
            merchant_order_id and action_id; and, on PostgreSQL, old rows until they are vacuumed.
            """,
        operands: ["PAYMENT-ID"],
        options: [
            Option(name: "before", value: "DATE", about: "A day, such as 2026-01-31, by UTC."), dataOption,
            configOption,
        ],
        examples: ["quittance erase pay_…", "quittance erase --before 2026-01-31"],
        run: { arguments, terminal in
            let end = try arguments["before"].map(day)
            let id = arguments.operands.first
            guard (id == nil) != (end == nil) else {
                throw WrongUse(
                    "it takes a payment or --before DATE, and one of them.",
                    hint: "See “quittance erase --help”.")
            }
            let answer = try await ask(.erase(payment: id, before: end), arguments, terminal)
            let payments = answer["payments"]?.asInt64 ?? 0
            terminal.say("Erased: \(payments) payments, \(answer["answers"]?.asInt64 ?? 0) kept answers.")
            if payments == 0 { terminal.complain("There was nothing to erase.") }
            return .good
        })

    /// The beginning of a day, in milliseconds since 1970.
    private static func day(_ text: String) throws(WrongUse) -> Int64 {
        guard text.utf8.count == 10, let time = Timestamp.parse(text + "T00:00:00Z") else {
            throw WrongUse("--before: “\(text)” is no day.", hint: "It looks like 2026-01-31.")
        }
        return time
    }
}
