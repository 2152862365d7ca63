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

    private static let starting = Task { try await start() }

    /// The newest installed version's folder of programs.
    private static let programs: String? = (13...20).reversed()
        .map { "/usr/lib/postgresql/\($0)/bin" }
        .first { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") }

    /// A connection URI of the cluster.
    package var uri: String {
        "postgresql://tester@/postgres?host=" + folder.replacing("/", with: "%2F")
    }

    /// A schema name nobody uses yet.
    package func freshSchema() -> String {
        "t" + UUID().uuidString.lowercased().replacing("-", with: "")
    }

    private init(_ folder: String, _ owner: ChildProcess) {
        self.folder = folder
        self.owner = owner
    }

    private static func start() async throws -> TestPostgres {
        guard let programs else { throw TestKitError("not installed: apt-get install postgresql") }
        let folder = TemporaryFolder.base() + "/quittance-pg-" + UUID().uuidString.prefix(8).lowercased()
        let owner = try ChildProcess("/bin/sh", ["-c", script, "sh", folder, programs])
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
        folder=$1 programs=$2 as= server=
        finish() {
            trap '' INT TERM HUP
            [ -z "$server" ] || { kill -QUIT $server; wait $server || :; }
            rm -rf "$folder"
        }
        trap finish EXIT
        trap 'exit 1' INT TERM HUP
        umask 077
        mkdir "$folder"
        if [ "$(id -u)" = 0 ]; then
            chown postgres "$folder"
            as='setpriv --reuid=postgres --regid=postgres --clear-groups'
        fi
        cd "$folder"
        $as "$programs/initdb" -D data -U tester -A trust -E UTF8 --locale=C.UTF-8 --no-sync \\
            >initdb.log 2>&1 || { cat initdb.log; exit 1; }
        $as "$programs/postgres" -D data -k "$folder" -c listen_addresses= -c max_connections=800 \
            -c shared_buffers=64MB </dev/null >server.log 2>&1 &
        server=$!
        until $as "$programs/pg_isready" -q -h "$folder"; do
            kill -0 $server 2>/dev/null || { cat server.log; exit 1; }
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
