import JSON

extension Command {
    static let paymentList = Command(
        name: "payment list", summary: "list the payments that are set aside",
        about: """
            Lists the payments that were set aside because their stored data contradicts itself, the longest
            first: identity, since when, how much that was said of it waits, and what is wrong. (What else
            there is of payments, merchants see through the API.) The gateway may be running or not.

            Ends with 0 when there is none, with 1 when there are some.
            """,
        options: [
            Option(name: "set-aside", about: "Those that are set aside; must be given."), dataOption,
            configOption,
        ],
        examples: ["quittance payment list --set-aside"],
        run: { arguments, terminal in
            guard arguments.has("set-aside") else {
                throw WrongUse(
                    "only payments that are set aside can be listed here.",
                    hint: "See “quittance payment list --set-aside”.")
            }
            let list = try await ask(.setAside, arguments, terminal).asArray ?? []
            for entry in list {
                func text(_ name: String) -> String { entry[name]?.asString ?? "" }
                terminal.say(
                    "\(text("id"))  \(text("since"))  \(entry["waiting"]?.asInt64 ?? 0) waiting  "
                        + text("reason"))
            }
            if list.isEmpty { terminal.complain("No payment is set aside.") }
            return list.isEmpty ? .good : .finding
        })

    static let paymentRelease = Command(
        name: "payment release", summary: "take a payment back that was set aside",
        about: """
            Takes a payment back that was set aside: compares it with its own log, writes its row again where
            that differs, and books what was said of it meanwhile. Find out first what damaged it: see
            “quittance verify”, and look at the disk. The reason is kept beside the log. The gateway may be
            running or not.

            Ends with 0 when it goes on, with 1 when it still contradicts itself: then nothing is changed.
            """,
        operands: ["PAYMENT-ID"],
        options: [
            Option(name: "reason", value: "TEXT", about: "Why, for whoever asks later."), dataOption,
            configOption,
        ],
        examples: ["quittance payment release pay_… --reason \"disk replaced, verify is clean\""],
        run: { arguments, terminal in
            guard let id = arguments.operands.first else {
                throw WrongUse(
                    "it is not said which payment.", hint: "See “quittance payment list --set-aside”.")
            }
            let reason = try arguments.required("reason")
            let answer = try await ask(.release(payment: id, reason: reason), arguments, terminal)
            if let problem = answer["still_aside"]?.asString {
                terminal.say("\(id) stays aside: \(problem)")
                return .finding
            }
            let isRebuilt = answer["rebuilt"]?.asBool == true
            terminal.say(
                "\(id) goes on; \(answer["facts"]?.asInt64 ?? 0) facts that waited are in it"
                    + (isRebuilt ? ", and its row was written again from its log." : "."))
            return .good
        })
}
