import CLinux
import Platform

/// What the kernel tells of time, disks and processes.
enum Machine {
    /// Nanoseconds of a clock that never steps.
    static var nanoseconds: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    static var processID: Int32 { getpid() }

    /// How long `body` takes, in milliseconds.
    static func milliseconds<T>(_ body: () async throws -> T) async rethrows -> (value: T, spent: Double) {
        let start = nanoseconds
        let value = try await body()
        return (value, Double(nanoseconds - start) / 1e6)
    }

    /// Resident memory of a process in MiB; nil when it is gone.
    static func residentMiB(of process: Int32) -> Double? {
        guard let bytes = try? Files.read("/proc/\(process)/status", maxBytes: 65_536) else { return nil }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        where line.hasPrefix("VmRSS:") {
            return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
                .flatMap { Double($0) }.map { $0 / 1_024 }
        }
        return nil
    }

    /// Processor time of a process in microseconds, its own and the kernel's for it.
    static func processorMicroseconds(of process: Int32) -> Double {
        guard let bytes = try? Files.read("/proc/\(process)/stat", maxBytes: 4_096) else { return 0 }
        let text = String(decoding: bytes, as: UTF8.self)
        // The name in brackets may hold spaces: count from behind it. Ticks are hundredths of a second.
        guard let end = text.lastIndex(of: ")") else { return 0 }
        let fields = text[end...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
            return 0
        }
        return (user + system) * 10_000
    }

    /// Waits until all that was written before is on the disks: it is not paid for by what comes next.
    static func settleDisks() { sync() }

    /// The file of this program.
    static var program: String {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) { characters in
                guard let start = characters.baseAddress else { return 0 }
                return unsafe readlink("/proc/self/exe", start, characters.count)
            }
        }
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    /// Removes a folder and the files in it.
    static func remove(folder: String, files: [String]) {
        for file in files { unsafe unlink("\(folder)/\(file)") }
        unsafe rmdir(folder)
    }

    /// The median of so many appended and synchronised writes of 4 KiB, in microseconds.
    static func syncMicroseconds(in folder: String, count: Int = 200) -> Double? {
        let path = "\(folder)/sync"
        let file = unsafe linux_open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        guard file >= 0 else { return nil }
        defer {
            close(file)
            unsafe unlink(path)
        }
        let page = [UInt8](repeating: 7, count: 4_096)
        var spent: [Int64] = []
        for _ in 0..<count {
            let start = nanoseconds
            let written = unsafe page.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
            guard written == page.count, fdatasync(file) == 0 else { return nil }
            spent.append(nanoseconds - start)
        }
        return Double(spent.sorted()[count / 2]) / 1_000
    }

    /// Writes to standard output or error at once.
    static func say(_ text: String, to descriptor: Int32 = 1) {
        let bytes = Array(text.utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    }
}
