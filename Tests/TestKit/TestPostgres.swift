import Foundation
import Platform

/// A private PostgreSQL cluster, one for each test process, reached by a Unix socket in a folder of its own.
///
/// A shell owns the server and waits for the end of its standard input: when the test process ends, however
/// it ends, the kernel closes the pipe, and the shell stops the server and removes the folder.
package final class TestPostgres: Sendable {
    private let folder: String
    private let owner: ChildProcess

    /// The cluster of this process, started when first asked for. Throws `TestKitError` when it does not
    /// start.
    package static var shared: TestPostgres {
        get async throws { try await starting.value }
    }

    /// Why the tests cannot have PostgreSQL, or nil when its programs are installed.
    package static var isInstalled: Bool { programs != nil }

    private static let starting = Task { try await start(again: false) }

    /// A cluster for whoever wants to stop it: it starts again whenever it has ended. Throws `TestKitError`
    /// when it does not start.
    package static func own() async throws -> TestPostgres { try await start(again: true) }

    /// The newest installed version's folder of programs.
    private static let programs: String? = (13...20).reversed()
        .map { "/usr/lib/postgresql/\($0)/bin" }
        .first { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") }

    /// A connection URI of the cluster.
    package var uri: String {
        "postgresql://tester@/postgres?host=" + folder.replacing("/", with: "%2F")
    }

    /// The folder of its socket.
    package var place: String { folder }

    /// What `pg_ctl stop -m immediate` does: no byte more is written, and no connection is told why. Gives
    /// false where it is not there.
    package func stop() -> Bool {
        guard let text = try? String(contentsOfFile: folder + "/data/postmaster.pid", encoding: .utf8),
            let id = text.split(separator: "\n").first.flatMap({ Int32($0) }), id > 1
        else { return false }
        return kill(id, SIGQUIT) == 0
    }

    /// A schema name nobody uses yet.
    package func freshSchema() -> String {
        "t" + UUID().uuidString.lowercased().replacing("-", with: "")
    }

    private init(_ folder: String, _ owner: ChildProcess) {
        self.folder = folder
        self.owner = owner
    }

    private static func start(again: Bool) async throws -> TestPostgres {
        guard let programs else { throw TestKitError("not installed: apt-get install postgresql") }
        let folder = TemporaryFolder.base() + "/quittance-pg-" + UUID().uuidString.prefix(8).lowercased()
        let owner = try ChildProcess("/bin/sh", ["-c", script, "sh", folder, programs, again ? "again" : ""])
        var answer: [String] = []
        for await line in owner.lines { answer.append(line) }
        guard answer == ["ready"] else {
            throw TestKitError("PostgreSQL did not start: \(answer.joined(separator: "\n"))")
        }
        return TestPostgres(folder, owner)
    }

    /// The server refuses to run as root, so there it runs as `postgres`.
    private static let script = """
        set -eu
        folder=$1 programs=$2 again=$3 as= keeper=
        serve() {
            while [ ! -e over ]; do
                $as "$programs/postgres" -D data -k "$folder" -c listen_addresses= -c max_connections=800 \\
                    -c shared_buffers=64MB </dev/null >>server.log 2>&1 || :
                [ "$again" ] || break
            done
        }
        finish() {
            trap '' INT TERM HUP
            : >over
            while kill -0 "$keeper" || kill -0 "$(head -n 1 data/postmaster.pid)"; do
                kill -QUIT "$(head -n 1 data/postmaster.pid)" || :
                sleep 0.05
            done 2>/dev/null
            cd /
            rm -rf "$folder"
        }
        trap finish EXIT
        trap 'exit 1' INT TERM HUP
        umask 077
        mkdir "$folder"
        cd "$folder"
        if [ "$(id -u)" = 0 ]; then
            chown postgres .
            as='setpriv --reuid=postgres --regid=postgres --clear-groups'
        fi
        $as "$programs/initdb" -D data -U tester -A trust -E UTF8 --locale=C.UTF-8 --no-sync \\
            >initdb.log 2>&1 || { cat initdb.log; exit 1; }
        (exec >/dev/null 2>&1; serve) &
        keeper=$!
        until $as "$programs/pg_isready" -q -h "$folder"; do
            kill -0 $keeper 2>/dev/null || { cat server.log; exit 1; }
            sleep 0.05
        done
        echo ready
        exec >/dev/null
        read -r _ || :
        """
}

/// Something the tests need could not be had.
package struct TestKitError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
