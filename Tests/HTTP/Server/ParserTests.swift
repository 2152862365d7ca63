import Testing

@testable import HTTP

/// The parser without sockets: what it makes of bytes must not depend on how they arrive.
@Suite struct ParserTests {
    /// Everything the parser said about a stream of pieces.
    struct Transcript: Equatable {
        var requests: [String] = []
        var refusal: Refusal?
        var progress: RequestParser.Progress = .nothing
    }

    static let limits = {
        var limits = Limits()
        limits.body = 4_096
        return limits
    }()

    static func parse(_ pieces: [ArraySlice<UInt8>]) -> Transcript {
        var parser = RequestParser()
        var transcript = Transcript()
        for piece in pieces {
            parser.append(piece)
            do throws(Refusal) {
                reading: while true {
                    switch try parser.next(limits) {
                    case .more: break reading
                    case .awaitsContinue: continue
                    case .message(let message):
                        let request = message.request
                        let fields = request.headers.map { "\($0.name)=\($0.value)" }
                        transcript.requests.append(
                            "\(request.method) \(request.path) \(request.segments) \(request.query) \(request.host) "
                                + "\(fields) \(request.body) \(message.minorVersion) \(message.keepsAlive)")
                    }
                }
            } catch {
                transcript.refusal = error
                return transcript
            }
        }
        transcript.progress = parser.progress
        return transcript
    }

    static let corpus = (ConformanceTests.requests + ConformanceTests.framing + ConformanceTests.targets)
        .map(\.bytes).filter { $0.count < 1_500 }

    @Test("A stream cut at any byte is read as the whole stream is")
    func everyBoundary() {
        for bytes in Self.corpus {
            let whole = Self.parse([bytes[...]])
            for cut in bytes.indices where Self.parse([bytes[..<cut], bytes[cut...]]) != whole {
                Issue.record("cut at \(cut): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
            }
            #expect(Self.parse(bytes.indices.map { bytes[$0...$0] }) == whole)
        }
    }

    @Test("Mutated streams never trap and are read the same however they are cut", arguments: 1...8)
    func mutations(_ seed: UInt64) {
        var random = Generator(state: seed)
        for _ in 0..<250 {
            let bytes = Self.mutate(Self.corpus.randomElement(using: &random) ?? [], &random)
            let whole = Self.parse([bytes[...]])
            #expect(Self.parse(bytes.indices.map { bytes[$0...$0] }) == whole)
            let cut = Int.random(in: 0...bytes.count, using: &random)
            #expect(Self.parse([bytes[..<cut], bytes[cut...]]) == whole)
        }
    }

    private static let pieces = [
        "\r\n", "\n", "\r", "\r\n\r\n", ":", " ", "\t", "\0", "%", "%00", ";", ",", "0\r\n\r\n", "FFFFFFFFFFFFFFFF",
        "9223372036854775807", "Content-Length: 5", "Transfer-Encoding: chunked", "Host: y", "HTTP/1.1", "GET / ",
        "Expect: 100-continue",
    ].map { Array($0.utf8) }

    private static func mutate(_ bytes: [UInt8], _ random: inout Generator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            let end = min(bytes.count, place + Int.random(in: 0...12, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0: if place < bytes.count { bytes[place] = UInt8.random(in: 0...255, using: &random) }
            case 1: if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
            case 2: bytes.removeSubrange(place..<end)
            case 3: bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
            case 4: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: place)
            default: bytes += corpus.randomElement(using: &random) ?? []
            }
        }
        return bytes
    }

    /// SplitMix64: the same streams in every run.
    struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }
    }

    struct TargetRow: Sendable {
        let text: String
        let segments: [String]
        var query: [String] = []
    }

    @Test("Targets are decoded once and part by part", arguments: [
        TargetRow(text: "/", segments: []),
        TargetRow(text: "/a", segments: ["a"]),
        TargetRow(text: "/a/", segments: ["a", ""]),
        TargetRow(text: "//a", segments: ["", "a"]),
        TargetRow(text: "/a%2Fb/%25", segments: ["a/b", "%"]),
        TargetRow(text: "/%2525", segments: ["%25"]),
        TargetRow(text: "/a+b/...", segments: ["a+b", "..."]),
        TargetRow(text: "/gr%C3%BCn", segments: ["gr\u{FC}n"]),
        TargetRow(text: "/?a=1&b=2&a=3", segments: [], query: ["a=1", "b=2", "a=3"]),
        TargetRow(text: "/?a+b=c%2Bd%26&&e", segments: [], query: ["a b=c+d&", "e="]),
        TargetRow(text: "/?=&a==b?/", segments: [], query: ["=", "a==b?/"]),
        TargetRow(text: "/?", segments: []),
        TargetRow(text: "http://x?a=%0A", segments: [], query: ["a=\n"]),
    ])
    func target(_ row: TargetRow) throws {
        let target = try Target(parsing: Array(row.text.utf8)[...], limits: Limits())
        #expect(target.segments == row.segments)
        #expect(target.query.pairs.map { "\($0.name)=\($0.value)" } == row.query)
    }
}
