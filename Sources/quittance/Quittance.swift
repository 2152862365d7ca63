import Platform

/// The program. It reads its arguments, runs one command, and ends with a code that scripts can rely on.
@main
struct Quittance {
    static func main() async {
        Signals.ignoreBrokenPipes()
        let end = await run(Array(CommandLine.arguments.dropFirst()), Terminal())
        Environment.exit(end.rawValue)
    }

    /// Runs one command line. What it says goes to `terminal`.
    static func run(_ words: [String], _ terminal: Terminal) async -> Ending {
        do {
            switch try Arguments.parse(words) {
            case .help(let text):
                terminal.say(text)
                return .good
            case .run(let arguments): return try await arguments.command.run(arguments, terminal)
            }
        } catch let error as WrongUse {
            terminal.complain("quittance: \(error.problem)")
            if let hint = error.hint { terminal.complain(hint) }
            return .wrongUse
        } catch {
            let problem = Problem(error)
            terminal.complain("quittance: \(problem.text)")
            if let advice = problem.advice { terminal.complain(advice) }
            return problem.ending
        }
    }
}

/// How the program ends: its exit code.
enum Ending: Int32 {
    /// All is well, and done.
    case good = 0
    /// Something was looked for, and found.
    case finding = 1
    /// The command line or the configuration is wrong.
    case wrongUse = 2
    /// The world failed: database, disk, network.
    case worldFailed = 3
    /// What was looked at holds, and not all of it could be looked at.
    case partial = 4
}

/// The command line or the configuration cannot be followed.
struct WrongUse: Error, Equatable {
    let problem: String
    var hint: String?

    init(_ problem: String, hint: String? = nil) {
        self.problem = problem
        self.hint = hint
    }
}
