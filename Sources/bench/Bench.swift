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
        try await bed.close()
        return ((folder, value), bed.key)
    }

    /// Removes a gateway's folder.
    func clean(_ folder: String) {
        let file = Bed.databaseFile
        Machine.remove(
            folder: folder,
            files: [file, file + "-wal", file + "-shm", file + ".lock", Bed.indexFile, "log", "lock"])
    }
}
