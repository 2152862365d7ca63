/// The rules of the house that this suite enforces. `docs/STYLE.md` and `docs/ARCHITECTURE.md` say why.
enum House {
    /// What each module may import. Nothing else, not even from the toolchain.
    ///
    /// Rules import nothing; the ground floor knows no payments; the web never reaches the store. A C library has
    /// one owner; only `CLinux`, the system itself, is shared by the ground floor.
    static let imports: [String: Set<String>] = [
        "Domain": [],

        "JSON": [],
        "Platform": ["CLinux", "JSON"],
        "Crypto": ["COpenSSL", "CSecp256k1", "CSodium", "Platform"],
        "HTTP": ["CLinux", "CCurl", "Platform", "JSON", "Synchronization"],
        "Database": ["CLinux", "CSQLite", "CPostgres", "Platform"],

        "Storage": ["Domain", "Platform", "JSON", "Crypto", "Database"],
        "Chains": ["CZMQ", "Domain", "Platform", "JSON", "Crypto", "HTTP"],
        "Dossier": ["Domain", "Platform", "JSON", "Crypto", "Storage", "Chains"],
        "Engine": ["Domain", "Platform", "JSON", "Crypto", "HTTP", "Storage", "Chains", "Dossier"],
        "Web": ["CQREncode", "Domain", "Platform", "JSON", "Crypto", "HTTP", "Engine"],
        "Durability": ["Domain", "Platform", "JSON", "Crypto", "HTTP", "Database", "Storage", "Chains", "Engine"],
        "soak": ["Durability", "Simulator", "Platform"],
        "Simulator": ["Domain", "Platform", "JSON", "Crypto", "HTTP", "Database", "Storage", "Chains", "Engine"],
        "quittance": [
            "Domain", "Platform", "JSON", "Crypto", "HTTP", "Database", "Storage", "Chains", "Dossier", "Engine",
            "Web", "Simulator",
        ],
        "bench": [
            "CLinux", "Domain", "Platform", "JSON", "Crypto", "HTTP", "Database", "Storage", "Chains", "Engine",
            "Web",
        ],
        "Shop": ["Crypto", "Database", "HTTP", "JSON", "Platform"],
    ]

    /// The one library that several modules import.
    static let sharedLibrary = "CLinux"

    /// Imports that one file may make and its module may not: path and module, each with its reason.
    static let importExceptions: [String: Set<String>] = [:]

    /// Files outside the C edge that say `unsafe`, each with its reason. (A file that imports a C library is the C
    /// edge, and may: that is what the libraries' own modules are for.)
    static let unsafeFiles: [String: String] = [
        "Sources/Crypto/Hash256.swift": "32 bytes copied in and out of four words, without an allocation a hash",
        "Sources/Database/Disk/Bytes.swift": "pages copied into a simulated disk, which is most of what it does",
        "Sources/Database/Disk/FileLocks.swift": "memory that SQLite's connections share, owned by a simulated disk",
        "Sources/Platform/ThreadExecutor.swift": "runs the pieces of tasks, which the language calls unsafe",
        "Sources/Database/Disk/OpenedFile.swift": "hands that memory on to the C edge beside it",
    ]

    /// Left-overs that belong into an issue, or nowhere.
    static let leftovers = ["TODO", "FIXME", "XXX", "HACK"]

    /// Folders that exist on one machine only; the folder of the checkout itself is one more.
    static let machinePaths = ["/home/", "/root/", "/Users/"]

    /// Words that code does not use, each with what it uses instead.
    static let bannedWords = [
        "fatalError": "throw, or use precondition",
        "Mutex": "use Lock, which ThreadSanitizer sees",
        "FoundationNetworking": "use HTTP's Client",
    ]

    /// Words of type names that say nothing about what the type is.
    static let emptyNames: Set<String> = [
        "manager", "helper", "helpers", "util", "utils", "utility", "utilities", "service", "info",
    ]

    /// Floating and rounding numbers, which have no place near money.
    static let inexactNumbers: Set<String> = [
        "Double", "Float", "Float16", "Float32", "Float64", "Float80", "CGFloat", "Decimal",
    ]
    static let exactModules: Set<String> = ["Domain", "Storage", "Chains", "Engine", "Web"]

    /// Functions that protocols ask for: what they do is said there, once.
    static let witnesses: Set<String> = [
        "appendLiteral", "enqueue", "exists", "finalize", "forget", "hash", "hints", "leastPayable", "make",
        "move", "number", "read", "receivingKey", "remove", "run", "script", "size", "sleep", "stored",
        "synchronise", "update", "write",
    ]

    static let linesPerFile = 500
    static let linesPerFunction = 60
    /// A story that is told from its beginning to its end reads better in one piece.
    static let linesPerFunctionInTests = 70
    static let columns = 110
    static let columnsInTests = 120
    /// One unbroken word of at least this length (a hash, a transaction, a key) cannot be wrapped and may stick out.
    static let unbreakableWord = 60
    static let rootEntries = 12

    /// Entries of the root that are nobody's work: version control, build products, editors.
    static let foreignRootEntries: Set<String> = [
        ".git", ".gitignore", ".build", ".cache", ".swiftpm", ".vscode", ".idea", ".DS_Store",
    ]

    /// Where words of `docs/GLOSSARY.md` that we do not use are the field's own, fixed by others.
    static let glossaryExceptions = ["Sources/Web/Greenfield/", "Sources/Chains/Lightning/"]
}
