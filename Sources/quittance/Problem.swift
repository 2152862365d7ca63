import Chains
import Database
import Engine
import HTTP
import JSON
import Platform
import Storage

/// A failure in words for whoever runs the program, with what to do about it.
struct Problem {
    let text: String
    let advice: String?
    let ending: Ending

    init(_ text: String, advice: String? = nil, ending: Ending = .worldFailed) {
        self.text = text
        self.advice = advice
        self.ending = ending
    }

    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self.init(failure.text, advice: failure.advice)
        case let taken as Instance.Taken:
            self.init("another process works on \(taken.data).", advice: Self.isRunning)
        case let error as DatabaseError: self.init(database: error)
        case let doubt as IndexFile.Doubt: self.init(doubt)
        case let error as FileError: self.init("\(error).", advice: nil)
        case let error as Corruption:
            self.init("stored data is damaged: \(error).", advice: "Run “quittance verify”.")
        case let error as Running.Unbindable:
            self.init(
                "\(error.reason).",
                advice: error.source == "default"
                    ? "Choose another address: quittance serve --listen 127.0.0.1:PORT"
                    : "The address comes from \(error.source).")
        case let error as ServerError: self.init("the server cannot start: \(error).")
        case let error as Supervisor.EssentialResidentEnded:
            self.init(
                "“\(error.name)” has ended\(error.lastError.map { " (\($0))" } ?? ""); the log says why.")
        default: self.init("\(error)")
        }
    }

    private init(_ doubt: IndexFile.Doubt) {
        let text =
            switch doubt {
            case .missing: "the file that says which addresses were issued is missing."
            case .copied: "the data folder is a copy: it may be older than what was issued."
            case .damaged: "the file that says which addresses were issued is damaged."
            case .tooLarge: "the file that says which addresses were issued is larger than any written here."
            case .otherDatabase: "the database is not the one of the last start: restored, or promoted."
            case .numbers: "the setting that events and versions are numbered above cannot be read."
            }
        guard doubt != .numbers else {
            self.init(
                text,
                advice: """
                    Merchants could be told of a payment under names that they know. “quittance restored \
                    --skip 0” raises it above all that were given; “quittance verify” says what it was.
                    """)
            return
        }
        self.init(
            text,
            advice: """
                Addresses could be given twice. If this is a backup that was put here by hand, run \
                “quittance restored --skip N” with more than were issued since it was made; if nothing was \
                lost (moved, promoted), “--skip 0”. See “Restore” in docs/OPERATING.md.
                """)
    }

    private init(database error: DatabaseError) {
        switch error {
        case .locked:
            self.init(
                "the database is in use by another process, most likely “quittance serve”.",
                advice: Self.isRunning)
        case .migration(let detail):
            self.init(
                "the database was written by another version of the program: \(detail).",
                advice: "Use the version that wrote it, or a newer one.")
        case .connectionLost(let detail):
            self.init(
                "the database cannot be reached: \(detail).",
                advice: "Check “storage”: quittance doctor --config.")
        case .full(let detail): self.init("there is no room left on the disk: \(detail).")
        case .corrupt(let detail):
            self.init(
                "the database file is damaged: \(detail).",
                advice: """
                    Restore a backup with “quittance restore FILE”. If one was just put back by hand: the \
                    files -wal and -shm beside the database belong to the old one; put it back without them.
                    """)
        default: self.init("the database failed: \(error)")
        }
    }

    /// What to do when the embedded database is taken.
    static let isRunning = """
        An embedded database (SQLite) has one process at a time. Stop that one first, or wait until it has
        ended. Commands that a running gateway answers itself (merchant, key, verify, doctor) need not wait.
        """
}

/// The world failed in a way that has its own words.
struct Failure: Error {
    let text: String
    var advice: String?

    init(_ text: String, advice: String? = nil) {
        self.text = text
        self.advice = advice
    }
}
