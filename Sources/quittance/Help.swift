/// What `--help` prints.
enum Help {
    /// `quittance --help`.
    static var overview: String {
        let width = (Command.all.map(\.name.count).max() ?? 0) + 2
        let list = Command.all.map { "  " + pad($0.name, width) + $0.summary }.joined(separator: "\n")
        return """
            quittance: take crypto payments yourself. Your keys, your node, your database.

            Usage: quittance COMMAND [OPTIONS]

            \(list)

            “quittance COMMAND --help” explains each of them. New here? Start with

              quittance demo       a shop and a gateway with play money, ready to click through
              quittance serve      your own gateway; it tells you the next steps

            Settings come from quittance.json and from QUITTANCE_… variables; “quittance doctor --config”
            lists them all, with their values and where these come from.

            Exit codes: 0 good, 1 something was found, 2 wrong use, 3 the world failed (database, disk,
            network), 4 a file holds as far as it was checked.
            """
    }

    /// `quittance merchant --help`; nil for what is no family of commands.
    static func text(ofFamily name: String) -> String? {
        guard let about = Command.families[name] else { return nil }
        let commands = Command.all.filter { $0.name.hasPrefix(name + " ") }
        let width = (commands.map(\.name.count).max() ?? 0) + 2
        let list = commands.map { "  " + pad($0.name, width) + $0.summary }.joined(separator: "\n")
        return """
            \(about)

            Usage: quittance \(name) COMMAND [OPTIONS]

            \(list)

            “quittance \(name) COMMAND --help” explains each of them.
            """
    }

    /// `quittance COMMAND --help`.
    static func text(of command: Command) -> String {
        let operands = command.operands.map { " " + $0 }.joined()
        let options = command.options + common
        let heads = options.map { option in
            let value = option.value.map { option.needsValue ? " \($0)" : " [\($0)]" } ?? ""
            return "--\(option.name)\(value)"
        }
        let width = (heads.map(\.count).max() ?? 0) + 2
        let lines = zip(heads, options).map { head, option in
            "  " + pad(head, width)
                + option.about.split(separator: "\n", omittingEmptySubsequences: false)
                .joined(separator: "\n" + String(repeating: " ", count: width + 2))
        }
        var text = """
            \(command.about)

            Usage: quittance \(command.name)\(command.options.isEmpty ? "" : " [OPTIONS]")\(operands)

            \(lines.joined(separator: "\n"))
            """
        if !command.examples.isEmpty {
            text += "\n\nExamples:\n" + command.examples.map { "  " + $0 }.joined(separator: "\n")
        }
        return text
    }

    private static let common = [Command.Option(name: "help", about: "This text.")]

    static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
