import Domain
import Engine
import HTTP
import Platform
import Storage

/// Measures the gateway against the floors that it stands on, as ratios within one run on one machine. See
/// docs/BENCHMARKS.md.
@main
struct Bench {
    let options: Options
    /// A folder of this run.
    let folder: String

    static func main() async throws {
        Signals.ignoreBrokenPipes()
        let words = Array(CommandLine.arguments.dropFirst())
        if words.count == 2, words[0] == "serve" { return try await Serve.run(words[1]) }
        guard let options = Options(words) else { return Machine.say(Options.usage, to: 2) }
        try await Bench(options: options, folder: "\(options.folder)/bench-\(Machine.processID)").run()
    }

    private func run() async throws {
        try Files.makeFolder(folder)
        if options.rows.contains(.disk) { measureDisk() }
        if options.rows.contains(.create) { try await measureCreation() }
        if options.rows.contains(.get) { try await measureReading() }
        if options.rows.contains(.webhooks) { try await measureWebhooks() }
        if !options.rows.isDisjoint(with: [.scan, .flat]) { try await measureMany() }
        Machine.remove(folder: folder, files: [])
    }

    private func measureDisk() {
        Printer.title("disk")
        guard let spent = Machine.syncMicroseconds(in: folder) else {
            return Printer.line("write of 4 KiB and fdatasync", "not possible here")
        }
        Printer.line("write of 4 KiB and fdatasync, median", "\(Printer.whole(spent)) µs")
    }

    private func measureReading() async throws {
        Printer.title("GET /v1/payments/{id} against a bare server's hello")
        let (place, key) = try await sub("get") { bed in
            let id = Lock("")
            try await bed.openPayment(1) { view in id.withLock { $0 = view.payment.id.text } }
            return id.withLock { $0 }
        }
        let child = try Child(folder: place.folder)
        defer { clean(place.folder) }
        defer { child.stop() }
        let get = Bed.reading("/v1/payments/\(place.value)", key: key)
        let hello = Bed.reading("/", key: key)
        for connections in [1, 16, 64] {
            let bare = try await cost(child) {
                try await Load.overHTTP(
                    port: child.helloPort, connections: connections, seconds: options.seconds, expecting: 200
                ) { _ in hello }
            }
            let real = try await cost(child) {
                try await Load.overHTTP(
                    port: child.port, connections: connections, seconds: options.seconds, expecting: 200
                ) { _ in get }
            }
            Printer.load(
                "hello, \(connections) connections", bare.load, "\(Printer.fixed(bare.cost)) µs CPU")
            Printer.load(
                "payment, \(connections) connections", real.load, "\(Printer.fixed(real.cost)) µs CPU",
                Printer.ratio(bare.load.rate / real.load.rate, aim: 2))
        }
    }

    /// A load with the server's processor time for each answer, in microseconds.
    func cost(_ child: Child, _ body: () async throws -> Load) async throws -> (load: Load, cost: Double) {
        let before = child.processorMicroseconds
        let load = try await body()
        return (load, (child.processorMicroseconds - before) / Double(max(1, load.count)))
    }

    /// Makes a gateway in a folder of its own, lets `body` use it, and closes it.
    func sub<T>(
        _ name: String, _ body: (Bed) async throws -> T
    ) async throws -> (place: (folder: String, value: T), key: String) {
        let folder = "\(folder)/\(name)"
        let bed = try await Bed.make(folder)
        let value = try await body(bed)
        await bed.close()
        return ((folder, value), bed.key)
    }

    /// Removes a gateway's folder.
    func clean(_ folder: String) {
        let file = Bed.databaseFile
        Machine.remove(
            folder: folder, files: [file, file + "-wal", file + "-shm", file + ".lock", "log", "lock"])
    }
}
