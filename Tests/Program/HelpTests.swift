import Testing

@testable import quittance

/// Compares with the files in `Golden`. To write them anew: `QUITTANCE_GOLDEN=write swift test --filter HelpTests`.
@Suite("The help is what a newcomer reads")
struct HelpTests {
    @Test("Every command says what it does, as in its golden file")
    func goldens() throws {
        var texts = [("quittance", Help.overview)]
        texts += Command.families.keys.sorted().compactMap { name in Help.text(ofFamily: name).map { (name, $0) } }
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
        (["merchant", "--name", "a"], "“merchant” is not complete.", "There is: merchant create, merchant list."),
        (["merchant", "creat"], "there is no command “merchant creat”.", "Did you mean “merchant create”?"),
        (["merchant", "xyzzy"], "there is no command “merchant xyzzy”.", "There is: merchant create, merchant list."),
        (["mercant"], "there is no command “mercant”.", "Did you mean “merchant”?"),
        (["help", "srve"], "there is no command “srve”.", "Did you mean “serve”?"),
        (["help", "key", "crate"], "there is no command “key crate”.", "Did you mean “key create”?"),
        (["xyzzy", "--help"], "there is no command “xyzzy”.", "See “quittance --help”."),
        (["--hepl"], "there is no option “--hepl”.", "Did you mean “--help”?"),
        (["--data", "x", "serve"], "there is no option “--data”.",
            "The command comes first, then its options: quittance COMMAND [OPTIONS]."),
        (["serve", "--hlp"], "there is no option “--hlp”.", "Did you mean “--help”?"),
        (["serve", "-p", "1"], "there is no option “-p”.", "See “quittance serve --help”."),
        (["serve", "--port", "1"], "there is no option “--port”.", "See “quittance serve --help”."),
        (["serve", "--listen", "banana"], "--listen: it is an address and a port, such as 127.0.0.1:8080.", nil),
        (["serve", "--listen", "1.2.3.4:x"], "--listen: it is a number from 0 to 65535.", nil),
        (["serve", "--roles", "cook"], "there is no role “cook”.", "There is: api, watch, deliver."),
        (["key", "create", "--scopes", "pay"], "there is no scope “pay”.", nil),
        (["key", "revoke"], "it is not said which key.", "See “quittance key revoke --help”."),
        (["payment", "list"], "only payments that are set aside can be listed here.", nil),
        (["payment", "release"], "it is not said which payment.", nil),
        (["payment", "release", "pay_1"], "--reason is needed.", nil),
        (["demo", "--port", "x"], "--port: it is a number from 0 to 65534.", nil),
        (["serve", "--data", "--config", "x"], "--data needs a value: --data DIR.", nil),
        (["verify", "--dta", "x"], "there is no option “--dta”.", "Did you mean “--data”?"),
        (["serve", "--data"], "--data needs a value: --data DIR.", nil),
        (["demo", "--check=yes"], "--check takes no value.", nil),
        (["verify", "--data", "a", "--data", "b"], "--data is there twice.", nil),
        (["migrate", "file"], "“file” is not expected here.", "See “quittance migrate --help”."),
        (["verify", "--key", "ab"], "--key and --header are for a file.", "quittance verify FILE --key …"),
        (["verify", "file", "--key", "ab"],
            "--key: “ab” is not the SHA-256 of a key, 64 hexadecimal digits.", nil),
        (["verify", "file", "--header", "ab@1"], "--header: “ab@1” is not a block's hash and its height: HASH@HEIGHT.",
            "A node says it: bitcoin-cli getblockhash HEIGHT."),
        (["payment", "dossier"], "it is not said which payment.", "Payments look like pay_…."),
        (["merchant", "create"], "--name is needed.", nil),
    ] as [([String], String, String?)])
    func wrongUse(words: [String], problem: String, hint: String?) async {
        let said = Lines()
        let ending = await Quittance.run(words, said.terminal())
        #expect(ending == .wrongUse)
        #expect(said.errors.first == "quittance: \(problem)")
        if let hint { #expect(said.errors.dropFirst().first == hint) }
    }

    @Test("Help is about what it was asked about, and goes to standard output", arguments: [
        (["merchant", "--help"], "Usage: quittance merchant COMMAND"),
        (["help", "key"], "Usage: quittance key COMMAND"),
        (["help", "merchant", "list"], "Usage: quittance merchant list"), (["-h"], "Usage: quittance COMMAND"),
        (["key", "create", "-h"], "Usage: quittance key create"), (["--help", "verify"], "Usage: quittance verify"),
    ])
    func topics(words: [String], usage: String) async {
        let said = Lines()
        #expect(await Quittance.run(words, said.terminal()) == .good)
        #expect(said.output.contains(usage))
        #expect(said.errors.isEmpty)
    }

    @Test("A command line is read as it is meant", arguments: [
        ([], "help"), (["--help"], "help"), (["help"], "help"), (["help", "serve"], "help"), (["-h"], "help"),
        (["serve", "-h"], "help"), (["merchant", "--help"], "help"), (["merchant", "-h"], "help"),
        (["help", "merchant"], "help"), (["help", "merchant", "create"], "help"), (["help", "--help"], "help"),
        (["key", "create", "--name", "a", "-h"], "help"), (["--help", "serve"], "help"),
        (["serve", "--data", "x", "--help", "--listen"], "help"), (["serve", "--bogus", "--help"], "help"),
        (["payment", "list", "--set-aside"], "payment list"), (["key", "rotate-instance"], "key rotate-instance"),
        (["key", "revoke", "key_1"], "key revoke"), (["key", "list"], "key list"),
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
