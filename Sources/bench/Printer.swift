/// Lines of a table, printed as they come.
enum Printer {
    static func title(_ text: String) { Machine.say("\n\(text)\n") }

    static func line(_ name: String, _ figures: String...) {
        Machine.say("  " + pad(name, 46) + figures.map { pad($0, 22) }.joined() + "\n")
    }

    static func load(_ name: String, _ load: Load, _ more: String...) {
        var text = "  " + pad(name, 46) + pad("\(whole(load.rate))/s", 12)
        text += pad("p50 \(fixed(load.wait(percentile: 50))) ms", 15)
        text += pad("p99 \(fixed(load.wait(percentile: 99))) ms", 16)
        Machine.say(text + more.joined(separator: "  ") + "\n")
    }

    static func whole(_ number: Double) -> String { String(Int(number.rounded())) }

    /// Two decimals.
    static func fixed(_ number: Double) -> String {
        let hundredths = Int((abs(number) * 100).rounded())
        let rest = String(hundredths % 100)
        return "\(number < 0 ? "-" : "")\(hundredths / 100).\(rest.utf8.count == 1 ? "0" : "")\(rest)"
    }

    /// A ratio beside its aim.
    static func ratio(_ number: Double, aim: Double) -> String {
        "\(fixed(number))× \(number <= aim ? "(aim \(fixed(aim)), met)" : "(aim \(fixed(aim)), MISSED)")"
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text.count >= width ? text + " " : text + String(repeating: " ", count: width - text.count)
    }
}
