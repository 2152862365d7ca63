import Foundation
import Platform
import TestKit
import Testing

/// A Debian mirror that is not there: `apt-get` and `dpkg-deb` of this folder come first on the PATH. A suite is a
/// folder of packages, and a package a line with its name, its version and that of its program.
private struct FakeMirror {
    /// A script of `Nodes/`, and what it asks for.
    struct Node: Sendable, CustomTestStringConvertible {
        let name: String
        let package: String
        let program: String
        let suite: String
        /// As it says of itself, and as Debian names it.
        let tested: String
        let pinned: String
        var testDescription: String { name }
    }

    let folder: TemporaryFolder
    let node: Node

    init(_ node: Node, offering version: String? = nil, of program: String? = nil) throws {
        self.node = node
        folder = try TemporaryFolder()
        for place in ["bin", "cache", "mirror", "mirror/\(node.suite)"] {
            try FileManager.default.createDirectory(atPath: folder.file(place), withIntermediateDirectories: true)
        }
        for (name, text) in [("apt-get", Self.aptGet), ("dpkg-deb", Self.dpkgDeb), ("sleep", "#!/bin/sh\n")] {
            try Files.write(Array(text.utf8), to: folder.file("bin/\(name)"), mode: 0o755)
        }
        if let version { try offer(version, of: program ?? node.tested) }
    }

    /// The suite has the package in that version, and in no other.
    func offer(_ version: String, of program: String) throws {
        let line = "\(node.package) \(version) \(program) \(node.program)\n"
        try Files.write(Array(line.utf8), to: folder.file("mirror/\(node.suite)/\(node.package)"))
    }

    /// What apt has against the mirror's lists: until they are taken without their date, or for good.
    func objects(_ words: String) throws { try Files.write(Array(words.utf8), to: folder.file("mirror/objection")) }

    /// How the script's `install` ends, what it prints, and what it says beside that.
    func install() async throws -> (code: Int32, output: String, said: String) {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Nodes")
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let ended = try await ChildProcess.run(
            "/bin/sh", ["-c", #""$1" install 2> "$2""#, "sh", root.path + "/\(node.name).sh", folder.file("said")],
            environment: [
                "TMPDIR": folder.path, "HOME": folder.path, "PATH": folder.file("bin") + ":" + path,
                "FAKE": folder.file("mirror"),
                "QUITTANCE_CACHE": folder.file("cache"),
            ], isWhole: true)
        let said = try String(contentsOfFile: folder.file("said"), encoding: .utf8)
        return (ended.code, ended.output, said)
    }

    /// How often apt was asked for the package, and with what.
    var asked: [String] {
        let log = (try? String(contentsOfFile: folder.file("mirror/asked"), encoding: .utf8)) ?? ""
        return log.split(separator: "\n").map(String.init)
    }

    /// The folders of what was fetched.
    var kept: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.file("cache/nodes"))) ?? []
        return names.filter { FileManager.default.fileExists(atPath: folder.file("cache/nodes/\($0)/ok")) }
    }

    private static let aptGet = #"""
        #!/bin/sh
        [ "$1" != indextargets ] || { echo "http://mirror.invalid/debian/ Debian bookworm"; exit 0; }
        for word; do last=$word; done
        state=$(sed -n 's/^Dir::State "\(.*\)";/\1/p' "$APT_CONFIG")
        suite=$(sed -n 's/^Suites: //p' "$state"/sources/*.sources)
        if [ "$2" = update ]; then
            [ -e "$FAKE/objection" ] || exit 0
            if grep -q '^Acquire::Check-Valid-Until "false"' "$APT_CONFIG" && ! grep -v expired "$FAKE/objection"; then
                exit 0
            fi
            cat "$FAKE/objection"
            exit 100
        fi
        for word; do case $word in -*|install) ;; *) asked=$word; break ;; esac; done
        echo "$suite $asked" >> "$FAKE/asked"
        deb=$FAKE/$suite/${asked%%=*}
        [ -e "$deb" ] || { echo "E: Unable to locate package ${asked%%=*}"; exit 100; }
        case $asked in
            *=*)
                [ "${asked#*=}" = "$(cut -d ' ' -f 2 "$deb")" ] ||
                    { echo "E: Version '${asked#*=}' for '${asked%%=*}' was not found"; exit 100; } ;;
        esac
        cp "$deb" "$state/cache/archives/${asked%%=*}.deb"
        """#

    private static let dpkgDeb = #"""
        #!/bin/sh
        read -r package version program path < "$2"
        case $1 in
            -f) if [ "$3" = Package ]; then echo "$package"; else echo "$version"; fi ;;
            -x)
                lib=$3/usr/lib/any
                mkdir -p "$lib" "$3/usr/bin" "$3/usr/$(dirname "$path")"
                : > "$lib/libc.so.6"
                printf '#!/bin/sh\nshift 2\nexec "$@"\n' > "$lib/ld-linux-any.so.2"
                for name in "$path" bin/bitcoin-cli bin/litecoin-cli; do
                    printf '#!/bin/sh\necho "%s version v%s"\n' "$package" "$program" > "$3/usr/$name"
                    chmod +x "$3/usr/$name"
                done
                chmod +x "$lib/ld-linux-any.so.2" ;;
        esac
        """#
}

@Suite("The scripts that fetch real nodes", .timeLimit(.minutes(15)))
struct NodeScriptTests {
    fileprivate static let nodes = [
        FakeMirror.Node(
            name: "bitcoind", package: "bitcoin-knots", program: "bin/bitcoind", suite: "forky", tested: "29.4.2",
            pinned: "29.4.knots20260508.2-1"),
        FakeMirror.Node(
            name: "litecoind", package: "litecoind", program: "lib/litecoin/litecoind", suite: "trixie",
            tested: "0.21.4", pinned: "0.21.4-1"),
    ]

    @Test("fetch the tested version once, into a folder of its name", arguments: nodes)
    fileprivate func tested(node: FakeMirror.Node) async throws {
        let mirror = try FakeMirror(node, offering: node.pinned)
        for _ in 1...2 {
            let installed = try await mirror.install()
            #expect(installed.code == 0 && installed.said == "", "\(installed)")
            #expect(installed.output == "\(node.package) version v\(node.tested)")
            #expect(mirror.kept == ["\(node.package)_\(node.pinned)"])
            #expect(mirror.asked == ["\(node.suite) \(node.package)=\(node.pinned)"])
        }
    }

    @Test("say that the tested version is gone, and take the one that is there under its own name", arguments: nodes)
    fileprivate func moved(node: FakeMirror.Node) async throws {
        let mirror = try FakeMirror(node, offering: "99.1-2", of: "99.1")
        let gone = "no suite of \(node.suite) sid has \(node.package) \(node.pinned) any more"
        for round in 1...2 {
            let installed = try await mirror.install()
            #expect(installed.code == 0, "\(installed)")
            #expect(installed.output == "\(node.package) version v99.1")
            #expect(installed.said.contains(gone) == (round == 1), "\(installed)")
            #expect(installed.said.contains("tested with \(node.tested), this is \(node.package) version v99.1"))
            #expect(mirror.kept == ["\(node.package)_99.1-2"])
            #expect(mirror.asked.count == 3, "two suites for the tested version, one for another, and then no more")
        }
        // Who looks for the tested one again finds it once it is back.
        try mirror.offer(node.pinned, of: node.tested)
        try Files.remove(mirror.folder.file("cache/nodes/\(node.package)_\(node.pinned).instead"))
        let again = try await mirror.install()
        #expect(again.code == 0 && again.output == "\(node.package) version v\(node.tested)" && again.said == "")
    }

    @Test("fail and say what was tested where no suite has the node at all", arguments: nodes)
    fileprivate func missing(node: FakeMirror.Node) async throws {
        let mirror = try FakeMirror(node)
        let installed = try await mirror.install()
        #expect(installed.code != 0 && installed.output == "")
        #expect(installed.said.contains("no suite of \(node.suite) sid has \(node.package) any more"), "\(installed)")
        #expect(installed.said.contains("\(node.tested) was tested"), "\(installed)")
        #expect(mirror.kept.isEmpty)
    }

    @Test("take another version only where the tested one is gone, not where nobody knows", arguments: nodes)
    fileprivate func unknown(node: FakeMirror.Node) async throws {
        let mirror = try FakeMirror(node, offering: "99.1-2", of: "99.1")
        try mirror.objects("E: Failed to fetch http://mirror.invalid/debian/dists: no route to host\n")
        let installed = try await mirror.install()
        #expect(installed.code != 0 && installed.output == "")
        #expect(installed.said.contains("could not download \(node.package) from"), "\(installed)")
        #expect(installed.said.contains("no route to host") && installed.said.contains("was tested"))
        #expect(mirror.kept.isEmpty && mirror.asked.isEmpty)
    }

    private static let expired =
        "E: Release file for http://mirror.invalid/debian/dists/any/InRelease is expired (invalid since 3d).\n"

    @Test("take lists past their date with a warning, where that is all that is wrong with them", arguments: nodes)
    fileprivate func dated(node: FakeMirror.Node) async throws {
        let old = try FakeMirror(node, offering: node.pinned)
        try old.objects(Self.expired)
        let installed = try await old.install()
        #expect(installed.code == 0 && old.kept == ["\(node.package)_\(node.pinned)"], "\(installed)")
        #expect(installed.said.contains("its signed list of \(node.suite) is past its date"), "\(installed)")

        let forged = try FakeMirror(node, offering: node.pinned)
        try forged.objects(Self.expired + "E: The repository is not signed.\n")
        let refused = try await forged.install()
        #expect(refused.code != 0 && forged.kept.isEmpty && !refused.said.contains("taken all the same"), "\(refused)")
    }

    @Test("refuse folders whose names a shell would read, before anything is started", arguments: [
        ("RUN", "RUN"), ("BIN", "BIN"), ("QUITTANCE_CACHE", "QUITTANCE_CACHE"), ("QUITTANCE_RUN", "RUN"),
    ])
    func places(_ variable: String, _ named: String) async throws {
        let folder = try TemporaryFolder()
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Nodes")
        var environment = ["HOME": folder.path, "PATH": "/usr/bin:/bin", "QUITTANCE_RUN": folder.path]
        if variable != "QUITTANCE_CACHE" { environment["BIN"] = "/bin" }
        environment[variable] = folder.file("a folder; touch it")
        let ended = try await ChildProcess.run(
            "/bin/sh", ["-c", #"exec "$1" start 2>&1"#, "sh", root.path + "/bitcoind.sh"], environment: environment,
            isWhole: true)
        #expect(ended.code == 1)
        #expect(ended.output.contains("has a character that a shell reads: set \(named)"), "\(ended.output)")
        #expect(!Files.exists(folder.file("a folder")))
    }
}
