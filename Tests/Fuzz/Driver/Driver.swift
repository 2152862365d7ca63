import CLinux
import Dispatch
import Foundation
import Platform

/// libFuzzer's own main, which `Scripts/fuzz` links to this program.
@_silgen_name("LLVMFuzzerRunDriver")
private func drive(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

private let settings = ProcessInfo.processInfo.environment

/// What is tried. Its name is no argument: libFuzzer starts this program again with arguments of its own.
private let target = FuzzTarget.named(settings["FUZZ_TARGET"] ?? "")

/// Gives libFuzzer one target.
@main
enum Driver {
    static func main() throws {
        guard let target else {
            for target in FuzzTarget.all { print(target.name) }
            return
        }
        if let folder = settings["FUZZ_SEEDS"] { return try write(target, to: folder) }
        var count = CommandLine.argc
        var arguments = unsafe CommandLine.unsafeArgv
        let code = unsafe drive(&count, &arguments) { bytes, count in
            let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
            do throws(Flaw) {
                try Driver.check(input)
            } catch {
                // Not printed: what `print` has not written yet is lost with the process.
                FileHandle.standardError.write(Data("does not hold: \(error)\n".utf8))
                abort()
            }
            return 0
        }
        exit(code)
    }

    /// Writes what a fuzzer is to begin with: inputs, words, and how long an input may be.
    private static func write(_ target: FuzzTarget, to folder: String) throws {
        for (number, seed) in target.seeds.enumerated() { try Files.write(seed, to: "\(folder)/seed-\(number)") }
        let words = target.words.map { word in
            "\"" + word.utf8.map { "\\x" + Hex.encode([$0]) }.joined() + "\"\n"
        }
        try Files.write(Array(words.joined().utf8), to: folder + ".words")
        try Files.write(Array("\(target.most)".utf8), to: folder + ".most")
    }

    /// As `FuzzTarget.check`, for a thread that has nothing else to do.
    private static func check(_ input: [UInt8]) throws(Flaw) {
        guard let target, try target.checkAtOnce(input) == nil else { return }
        let answer = Lock<Flaw?>(nil)
        let done = DispatchSemaphore(value: 0)
        Task {
            do throws(Flaw) { _ = try await target.check(input) } catch { answer.withLock { $0 = error } }
            done.signal()
        }
        done.wait()
        if let flaw = answer.withLock({ $0 }) { throw flaw }
    }
}
