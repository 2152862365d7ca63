import Testing

@testable import quittance

/// Compares with the files in `Golden`. To write them anew: `QUITTANCE_GOLDEN=write swift test --filter HelpTests`.
@Suite("The help is what a newcomer reads")
struct HelpTests {
    @Test("Every command says what it does, as in its golden file")
    func goldens() throws {
        var texts = [("quittance", Help.overview)]
        texts += Command.all.map { ($0.name.replacing(" ", with: "-"), Help.text(of: $0)) }
        for (name, text) in texts { try Golden.compare(text + "\n", with: "\(name).txt") }
    }

    @Test("No line is wider than a terminal of 120")
    func width() {
        for command in Command.all {
            for line in Help.text(of: command).split(separator: "\n") { #expect(line.count <= 120, "\(line)") }
        }
    }

    @Test("What is wrong with a command line is said, with the nearest name", arguments: [
        (["srve"], "there is no command “srve”.", "Did you mean “serve”?"),
        (["merchant"], "“merchant” is not complete.", "There is: merchant create, merchant list."),
        (["serve", "--prt", "1"], "there is no option “--prt”.", nil),
        (["verify", "--dta", "x"], "there is no option “--dta”.", "Did you mean “--data”?"),
        (["serve", "--data"], "--data needs a value: --data DIR.", nil),
        (["demo", "--check=yes"], "--check takes no value.", nil),
        (["verify", "--data", "a", "--data", "b"], "--data is there twice.", nil),
        (["verify", "file"], "“file” is not expected here.", "See “quittance verify --help”."),
        (["merchant", "create"], "--name is needed.", nil),
    ] as [([String], String, String?)])
    func wrongUse(words: [String], problem: String, hint: String?) async {
        let said = Lines()
        let ending = await Quittance.run(words, said.terminal())
        #expect(ending == .wrongUse)
        #expect(said.errors.first == "quittance: \(problem)")
        if let hint { #expect(said.errors.dropFirst().first == hint) }
    }

    @Test("A command line is read as it is meant", arguments: [
        ([], "help"), (["--help"], "help"), (["help"], "help"), (["help", "serve"], "help"), (["-h"], "help"),
        (["serve", "--help"], "help"), (["serve"], "serve"), (["--version"], "version"),
        (["merchant", "create", "--name", "a"], "merchant create"), (["key", "create"], "key create"),
        (["doctor", "--config"], "doctor"), (["doctor", "--config", "--data", "x"], "doctor"),
    ] as [([String], String)])
    func reading(words: [String], expected: String) throws {
        switch try Arguments.parse(words) {
        case .help: #expect(expected == "help")
        case .run(let arguments): #expect(arguments.command.name == expected)
        }
    }
}
