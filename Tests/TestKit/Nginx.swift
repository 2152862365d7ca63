import CLinux
import Foundation
import Platform

/// Debian's nginx with the documented configuration and a throw-away certificate, in front of a server of this
/// machine. It is ended with the value.
package final class Nginx: Sendable {
    /// Where its logs and its certificate are.
    package let folder: TemporaryFolder
    /// Its ports: of plain HTTP, and of HTTPS.
    package let plain: Int
    package let secure: Int
    private let process: ChildProcess

    private static let programs = ["/usr/sbin/nginx", "/usr/bin/openssl", "/usr/bin/curl"]

    /// Whether this machine has what it takes: nginx, openssl, and curl to ask with.
    package static var isHere: Bool { programs.allSatisfy(FileManager.default.isExecutableFile) }

    /// Starts it and waits until it listens.
    ///
    /// - Parameters:
    ///   - gateway: the port of the server behind it.
    ///   - changes: texts of `docs/nginx.conf`, each of which must be there, and what stands there instead.
    /// - Throws: `TestKitError`, `FileError`.
    package init(before gateway: Int, _ changes: [(String, String)] = []) async throws {
        folder = try TemporaryFolder()
        let made = try await ChildProcess.run("/usr/bin/openssl", [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=pay.example.com", "-keyout", folder.file("key.pem"), "-out", folder.file("certificate.pem"),
        ], errors: .output)
        guard made.code == 0 else { throw TestKitError(made.output) }
        // Somebody may take a port between the look for a free one and nginx: then others are tried.
        for _ in 0..<5 {
            let (plain, secure) = (try Self.freePort(), try Self.freePort())
            let site = try Self.site(folder.path, gateway: gateway, plain: plain, secure: secure, changes)
            try site.write(toFile: folder.file("site.conf"), atomically: true, encoding: .utf8)
            try Self.main(folder.path).write(
                toFile: folder.file("nginx.conf"), atomically: true, encoding: .utf8)
            let process = try ChildProcess(
                "/usr/sbin/nginx",
                ["-p", folder.path, "-e", folder.file("error.log"), "-c", folder.file("nginx.conf")],
                input: .nothing)
            // It writes its number once it has its ports.
            while process.isRunning, !FileManager.default.fileExists(atPath: folder.file("nginx.pid")) {
                try await Task.sleep(for: .milliseconds(10))
            }
            if process.isRunning {
                (self.plain, self.secure, self.process) = (plain, secure, process)
                return
            }
        }
        throw TestKitError(try String(contentsOfFile: folder.file("error.log"), encoding: .utf8))
    }

    deinit { process.kill() }

    package var isRunning: Bool { process.isRunning }

    /// A port that was free a moment ago.
    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw TestKitError("no socket") }
        defer { _ = close(descriptor) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard result else { throw TestKitError("no port is free") }
        return Int(UInt16(bigEndian: name.sin_port))
    }

    /// The documented file with its ports, certificate and gateway replaced.
    private static func site(
        _ folder: String, gateway: Int, plain: Int, secure: Int, _ changes: [(String, String)]
    ) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
        var text = try String(contentsOf: root.appendingPathComponent("docs/nginx.conf"), encoding: .utf8)
        for (old, new) in [
            ("server 127.0.0.1:8080;", "server 127.0.0.1:\(gateway);"),
            ("listen 80;", "listen 127.0.0.1:\(plain);"), ("listen [::]:80;", ""),
            ("listen 443 ssl http2;", "listen 127.0.0.1:\(secure) ssl http2;"),
            ("listen [::]:443 ssl http2;", ""),
            ("/etc/ssl/quittance/fullchain.pem", folder + "/certificate.pem"),
            ("/etc/ssl/quittance/privkey.pem", folder + "/key.pem"), ("/var/log/nginx/", folder + "/"),
        ] + changes {
            guard text.contains(old) else { throw TestKitError("docs/nginx.conf no longer says \(old)") }
            text = text.replacing(old, with: new)
        }
        return text
    }

    private static func main(_ folder: String) -> String {
        """
        daemon off; master_process off; pid \(folder)/nginx.pid; error_log \(folder)/error.log;
        events { worker_connections 256; }
        http {
            access_log off;
            client_body_temp_path \(folder)/body; proxy_temp_path \(folder)/proxy;
            fastcgi_temp_path \(folder)/fastcgi; uwsgi_temp_path \(folder)/uwsgi; scgi_temp_path \(folder)/scgi;
            include \(folder)/site.conf;
        }
        """
    }
}
