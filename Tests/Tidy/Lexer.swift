/// Cuts Swift into words and punctuation, and leaves out comments and the text in quotes.
///
/// What stands in an interpolation is code again. Regular-expression literals are not known to it.
struct Lexer {
    private enum Context {
        case code(parentheses: Int)
        case text(quotes: Int, hashes: Int)
    }

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var contexts: [Context] = []
    private var lastEnd = -1
    private(set) var tokens: [SwiftSource.Token] = []

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func run() {
        var parentheses = 0
        while position < bytes.count {
            if case .text(let quotes, let hashes) = contexts.last {
                readText(quotes: quotes, hashes: hashes, parentheses: &parentheses)
            } else {
                readCode(&parentheses)
            }
        }
    }

    private func byte(_ offset: Int) -> UInt8 {
        position + offset < bytes.count ? bytes[position + offset] : 0
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x5f, 0x61...0x7a, 0x80...0xff: true
        default: false
        }
    }

    private mutating func readCode(_ parentheses: inout Int) {
        let current = bytes[position]
        switch current {
        case 10: line += 1; position += 1
        case 32, 9, 13: position += 1
        case 0x2f where byte(1) == 0x2f: skipLine()
        case 0x2f where byte(1) == 0x2a: skipBlock()
        case 0x22 where startsText(), 0x23 where startsText(): break
        case 0x28: parentheses += 1; emit(length: 1)
        case 0x29:
            if parentheses == 0, case .code(let outer) = contexts.last {
                contexts.removeLast()
                parentheses = outer
                position += 1
            } else {
                parentheses -= 1
                emit(length: 1)
            }
        case _ where Self.isWord(current):
            var length = 1
            while Self.isWord(byte(length)) { length += 1 }
            emit(length: length)
        default: emit(length: 1)
        }
    }

    private mutating func emit(length: Int) {
        let text = String(decoding: bytes[position..<position + length], as: UTF8.self)
        tokens.append(SwiftSource.Token(
            text: text, line: line, touchesPrevious: lastEnd == position, next: byte(length)))
        position += length
        lastEnd = position
    }

    private mutating func skipLine() {
        while position < bytes.count, bytes[position] != 10 { position += 1 }
    }

    private mutating func skipBlock() {
        var depth = 0
        repeat {
            if byte(0) == 0x2f, byte(1) == 0x2a {
                depth += 1
                position += 2
            } else if byte(0) == 0x2a, byte(1) == 0x2f {
                depth -= 1
                position += 2
            } else {
                if byte(0) == 10 { line += 1 }
                position += 1
            }
        } while depth > 0 && position < bytes.count
    }

    /// Enters a text literal (`"`, `"""`, any of them with `#`s before) and says whether one starts here.
    private mutating func startsText() -> Bool {
        var hashes = 0
        while byte(hashes) == 0x23 { hashes += 1 }
        guard byte(hashes) == 0x22 else { return false }
        let quotes = byte(hashes + 1) == 0x22 && byte(hashes + 2) == 0x22 ? 3 : 1
        contexts.append(.text(quotes: quotes, hashes: hashes))
        position += hashes + quotes
        return true
    }

    private mutating func readText(quotes: Int, hashes: Int, parentheses: inout Int) {
        switch bytes[position] {
        case 10:
            line += 1
            position += 1
        case 0x5c where hasHashes(hashes, at: 1):
            if byte(1 + hashes) == 0x28 {
                contexts.append(.code(parentheses: parentheses))
                parentheses = 0
                position += 2 + hashes
            } else {
                position += hashes + (byte(1 + hashes) == 10 ? 1 : 2)
            }
        case 0x22 where hasQuotes(quotes) && hasHashes(hashes, at: quotes):
            contexts.removeLast()
            position += quotes + hashes
        default: position += 1
        }
    }

    private func hasHashes(_ count: Int, at offset: Int) -> Bool {
        (0..<count).allSatisfy { byte(offset + $0) == 0x23 }
    }

    private func hasQuotes(_ count: Int) -> Bool {
        (0..<count).allSatisfy { byte($0) == 0x22 }
    }
}
