import Dossier
import JSON
import Platform

extension Command {
    static let paymentDossier = Command(
        name: "payment dossier", summary: "print the file that shows what happened to a payment",
        about: """
            Prints everything that shows what happened to one payment, as one JSON document: its records, the
            root that seals them, and what the networks' own blocks hold of it. Whoever has the file can check
            it with “quittance verify FILE”, without this gateway; docs/DOSSIER.md describes it, so that other
            programs can check it too. The gateway may be running or not.
            """,
        operands: ["PAYMENT-ID"],
        options: [
            Option(
                name: "personal",
                about: "With customer, metadata and what people wrote, which the\n"
                    + "records bind and do not show."),
            dataOption, configOption,
        ],
        examples: ["quittance payment dossier pay_… > pay_….json"],
        run: { arguments, terminal in
            guard let id = arguments.operands.first else {
                throw WrongUse("it is not said which payment.", hint: "Payments look like pay_….")
            }
            let isPersonal = arguments.has("personal")
            let file = try await ask(.dossier(payment: id, showsPersonal: isPersonal), arguments, terminal)
            terminal.say(file.encodedText)
            return .good
        })

    /// Checks one file.
    static func check(_ path: String, _ arguments: Arguments, _ terminal: Terminal) throws -> Ending {
        let trust = DossierCheck.Trust(
            keys: Set(try arguments.all("key").map(key)), headers: try arguments.all("header").map(header))
        let bytes = try Files.read(path, maxBytes: DossierLimits.fileBytes + 1)
        return DossierCheck.report(on: bytes, trusting: trust).tell(terminal)
    }

    private static func key(_ text: String) throws -> String {
        guard let bytes = Hex.decode(text), bytes.count == 32 else {
            throw WrongUse("--key: “\(text)” is not the SHA-256 of a key, 64 hexadecimal digits.")
        }
        return Hex.encode(bytes)
    }

    private static func header(_ text: String) throws -> DossierCheck.TrustedHeader {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, let hash = Hex.decode(parts[0]), hash.count == 32,
            let height = UInt64(parts[1]), height < UInt64(Int64.max)
        else {
            throw WrongUse(
                "--header: “\(text)” is not a block's hash and its height: HASH@HEIGHT.",
                hint: "A node says it: bitcoin-cli getblockhash HEIGHT.")
        }
        return DossierCheck.TrustedHeader(height: height, block: Hex.encode(hash))
    }
}

extension DossierReport {
    /// Says what was checked, what was not, and what is wrong, by whose word it is.
    func tell(_ terminal: Terminal) -> Ending {
        for line in subject { terminal.sayLine(line) }
        for ground in Ground.allCases {
            let answers = lines.filter { $0.ground == ground }
            guard !answers.isEmpty else { continue }
            terminal.say("\n\(ground.title):")
            for line in answers { terminal.sayLine("  \(Help.pad(line.outcome.rawValue, 13))\(line.text)") }
        }
        terminal.say("\nWhat no such file can show:")
        for line in Self.never { terminal.say("  \(Help.pad("never", 13))\(line)") }
        let open = texts(.open).count
        switch verdict {
        case .failed:
            terminal.say("\nFAILED: \(texts(.failed).count) answers are wrong. Do not rely on this file.")
            return .finding
        case .partial:
            terminal.say("\nPARTIAL: nothing is wrong, and \(open) questions were not checked.")
            return .partial
        case .full:
            terminal.say("\nFULL: all that such a file can show was checked, and holds.")
            return .good
        }
    }
}

extension DossierReport.Ground {
    fileprivate var title: String {
        switch self {
        case .file: "The file"
        case .word: "The operator's own word, bound so that it cannot be changed afterwards"
        case .network: "What the networks show"
        }
    }
}
