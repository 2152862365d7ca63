import CLinux
import JSON
import Testing

@testable import Platform

@Suite("The log's writer")
struct LogWriterTests {
    /// A pipe that nobody reads until it is asked to.
    private struct Pipe {
        let input: Int32
        let output: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            guard unsafe pipe(&ends) == 0 else { throw Unusable() }
            (output, input) = (ends[0], ends[1])
        }

        struct Unusable: Error {}

        /// What is there next; empty at the end.
        func read() -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe CLinux.read(output, &bytes, bytes.count)
            return Array(bytes.prefix(max(0, count)))
        }
    }

    private static let line = Array((String(repeating: "a", count: 199) + "\n").utf8)

    @Test("Where nobody reads, lines are lost and counted, and nobody waits", .timeLimit(.minutes(15)))
    func unread() throws {
        let pipe = try Pipe()
        let writer = LogWriter(descriptor: pipe.input, bytes: 100_000)
        let count = 20_000
        for _ in 0..<count { writer.write(Self.line) }
        #expect(!writer.flush(milliseconds: 0))
        let lost = Int(writer.takeLost())
        #expect(lost > 0 && lost < count)
        #expect(writer.takeLost() == 0)
        // Then somebody reads: the rest comes, and the log says what is missing.
        var came = 0, told = 0
        var rest: [UInt8] = []
        while came + told < count {
            rest += pipe.read()
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(rest[...end])
                rest.removeFirst(line.count)
                if line == Self.line { came += 1 } else { told += Int(try Self.lost(line)) }
            }
        }
        #expect(told == lost && came == count - lost)
        #expect(writer.flush(milliseconds: 60_000))
        close(pipe.input)
        close(pipe.output)
    }

    private static func lost(_ line: [UInt8]) throws -> Int64 {
        let told = try JSON.parse(line)
        #expect(told["level"]?.asString == "warning")
        return try #require(told["lost"]?.asInt64)
    }

    @Test("Lines come whole and in order, and a flush waits for them")
    func order() throws {
        let pipe = try Pipe()
        let writer = LogWriter(descriptor: pipe.input)
        let lines = (0..<500).map { "line \($0)\n" }
        for line in lines { writer.write(Array(line.utf8)) }
        #expect(writer.flush(milliseconds: 60_000))
        #expect(String(decoding: pipe.read(), as: UTF8.self) == lines.joined())
        #expect(writer.takeLost() == 0)
        close(pipe.input)
        close(pipe.output)
    }
}
