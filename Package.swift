// swift-tools-version: 6.2
import PackageDescription

/// The settings of every Swift target. See docs/STYLE.md.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A C library of Debian: a module map and a small shim.h, nothing else.
func library(_ name: String, apt: String) -> Target {
    .systemLibrary(name: name, providers: [.apt([apt])])
}

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: house)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource] = []
) -> Target {
    .testTarget(name: name + "Tests", dependencies: dependencies, path: "Tests/" + name, exclude: exclude,
                resources: resources, swiftSettings: house)
}

/// What meets the outside. `Scripts/fuzz` builds the program that a fuzzer drives in the place of its tests.
let fuzzed: [Target.Dependency] = [
    "Chains", "CLinux", "Crypto", "Database", "Domain", "Dossier", "Engine", "HTTP", "JSON", "Platform",
    "Storage", "Web",
]
let fuzz: Target =
    if Context.environment["FUZZ_BUILD"] == nil {
        tests("Fuzz", fuzzed, exclude: ["corpus", "Driver"])
    } else {
        .executableTarget(
            name: "fuzz", dependencies: fuzzed, path: "Tests/Fuzz", exclude: ["corpus", "ReplayTests.swift"],
            swiftSettings: house)
    }

let package = Package(
    name: "quittance",
    products: [.executable(name: "quittance", targets: ["quittance"])],
    targets: [
        library("CSQLite", apt: "libsqlite3-dev"),
        library("CPostgres", apt: "libpq-dev"),
        library("CSecp256k1", apt: "libsecp256k1-dev"),
        library("COpenSSL", apt: "libssl-dev"),
        library("CSodium", apt: "libsodium-dev"),
        library("CCurl", apt: "libcurl4-openssl-dev"),
        library("CZMQ", apt: "libzmq3-dev"),
        library("CQREncode", apt: "libqrencode-dev"),
        library("CLinux", apt: "libc6-dev"),

        module("Domain"),

        module("Platform", ["CLinux", "JSON"]),
        module("JSON"),
        module("Crypto", ["COpenSSL", "CSecp256k1", "CSodium"]),
        module("HTTP", ["CLinux", "CCurl", "Platform", "JSON"]),
        module("Database", ["CSQLite", "CPostgres", "CLinux", "Platform"]),

        module("Storage", ["Domain", "Platform", "JSON", "Crypto", "Database"]),
        module("Chains", ["Domain", "Platform", "JSON", "Crypto", "HTTP", "CZMQ"]),
        module("Dossier", ["Domain", "Platform", "JSON", "Crypto", "Storage", "Chains"]),
        module("Engine", ["Domain", "Platform", "JSON", "Crypto", "HTTP", "Storage", "Chains", "Dossier"]),
        module("Simulator", [
            "Domain", "Platform", "JSON", "Crypto", "HTTP", "Database", "Storage", "Chains", "Engine",
        ]),
        module("Durability", [
            "Domain", "Platform", "JSON", "Crypto", "HTTP", "Database", "Storage", "Chains", "Engine",
        ]),
        module("Web", ["Domain", "Platform", "JSON", "Crypto", "HTTP", "Engine", "CQREncode"]),
        .executableTarget(
            name: "quittance",
            dependencies: [
                "Domain", "Platform", "JSON", "Crypto", "HTTP", "Database", "Storage", "Chains", "Dossier",
                "Engine", "Web", "Simulator",
            ],
            swiftSettings: house),
        .executableTarget(
            name: "bench",
            dependencies: [
                "CLinux", "Domain", "Platform", "JSON", "Crypto", "HTTP", "Database", "Storage", "Chains",
                "Engine", "Web",
            ],
            swiftSettings: house),
        .executableTarget(
            name: "soak", dependencies: ["Durability", "Simulator", "Platform"], swiftSettings: house),
        .executableTarget(
            name: "shop", dependencies: ["Platform", "JSON", "Crypto", "HTTP", "Database"],
            path: "Examples/Shop", swiftSettings: house),

        // What test targets share: a folder of one's own, a private PostgreSQL.
        .target(
            name: "TestKit", dependencies: ["CLinux", "CZMQ", "Platform", "Database"], path: "Tests/TestKit",
            swiftSettings: house),

        tests("Domain", ["Domain", "TestKit"]),
        tests("Platform", ["Platform", "JSON", "CLinux"]),
        tests("JSON", ["JSON"]),
        tests("Crypto", ["Crypto", "Platform", "TestKit"]),
        tests("HTTP", ["HTTP", "Platform", "JSON", "TestKit", "CLinux"]),
        tests("Database", ["Database", "Platform", "TestKit", "CLinux"]),
        tests("Chains", [
            "Chains", "TestKit", "Domain", "Platform", "JSON", "Crypto", "HTTP",
        ], exclude: ["Vectors"]),
        tests("Web", [
            "Web", "Engine", "Storage", "Chains", "Domain", "Platform", "JSON", "Crypto", "HTTP", "Database",
            "TestKit",
        ], exclude: ["Golden"]),
        tests("Storage", ["Storage", "Domain", "Platform", "JSON", "Crypto", "Database", "TestKit"]),
        tests("Engine", [
            "Engine", "Storage", "Chains", "Domain", "Platform", "JSON", "Crypto", "HTTP", "Database",
            "TestKit",
        ]),
        tests("Simulator", [
            "Simulator", "Storage", "Database", "Chains", "Crypto", "Platform", "TestKit",
        ], exclude: ["planted.txt"]),
        tests("Durability", ["Durability", "soak", "Database", "Platform", "TestKit"]),
        tests("Dossier", [
            "Dossier", "Engine", "Storage", "Chains", "Domain", "Platform", "JSON", "Crypto", "HTTP",
            "Database", "TestKit",
        ], exclude: ["verify.py"]),
        tests(
            "RealNodes",
            [
                "quittance", "Chains", "Crypto", "Database", "Domain", "Dossier", "Engine", "HTTP", "JSON",
                "Platform", "Storage", "TestKit",
            ]),
        tests("Program", [
            "quittance", "Domain", "Platform", "JSON", "Crypto", "HTTP", "Database", "Storage", "Chains",
            "Engine", "Web", "TestKit",
        ], exclude: ["Golden"]),
        fuzz,
        tests("Tidy", []),
    ]
)
