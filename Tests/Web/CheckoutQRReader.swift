/// Reads a QR code without noise, written from ISO/IEC 18004 and not from the library that makes ours:
/// level M, versions 1 to 40, the modes numeric, alphanumeric and bytes.
struct QRReader {
    private let side: Int
    private let modules: [Bool]

    struct Unreadable: Error {
        let reason: String
    }

    init(side: Int, modules: [Bool]) {
        self.side = side
        self.modules = modules
    }

    /// From the drawing: `M4 4h7v1h-7z…`, with a quiet zone of four.
    init(side: Int, path: String) throws {
        self.side = side
        var modules = [Bool](repeating: false, count: side * side)
        for run in path.split(separator: "M") {
            let numbers = run.split { !$0.isNumber }.compactMap { Int($0) }
            guard numbers.count == 5, numbers[2] == numbers[4], numbers[3] == 1,
                run == "\(numbers[0]) \(numbers[1])h\(numbers[2])v1h-\(numbers[2])z"
            else { throw Unreadable(reason: "path: \(run)") }
            for column in 0..<numbers[2] { modules[(numbers[1] - 4) * side + numbers[0] - 4 + column] = true }
        }
        self.modules = modules
    }

    private var version: Int { (side - 17) / 4 }

    func text() throws -> String {
        var bits = Bits(try data())
        var bytes: [UInt8] = []
        let wide = version >= 10
        let widest = version >= 27
        while bits.left >= 4 {
            switch try bits.take(4) {
            case 0: return String(decoding: bytes, as: UTF8.self)
            case 1:
                var count = try bits.take(widest ? 14 : wide ? 12 : 10)
                while count > 0 {
                    let digits = min(count, 3)
                    let number = String(try bits.take([0, 4, 7, 10][digits]))
                    bytes += Array((String(repeating: "0", count: digits - number.count) + number).utf8)
                    count -= digits
                }
            case 2:
                var count = try bits.take(widest ? 13 : wide ? 11 : 9)
                while count > 0 {
                    let pair = try bits.take(count > 1 ? 11 : 6)
                    if count > 1 { bytes.append(Self.characters[pair / 45]) }
                    bytes.append(Self.characters[pair % 45])
                    count -= min(count, 2)
                }
            case 4:
                let count = try bits.take(wide ? 16 : 8)
                for _ in 0..<count { bytes.append(UInt8(try bits.take(8))) }
            case let mode: throw Unreadable(reason: "mode \(mode)")
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let characters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".utf8)

    // MARK: From modules to code words

    private func data() throws -> [UInt8] {
        let (level, mask) = format
        guard level == 0 else { throw Unreadable(reason: "level \(level) is not M") }
        var words: [UInt8] = []
        var word: UInt8 = 0
        var count = 0
        for (row, column) in order where !isFunction(row, column) {
            word = word << 1 | (isDark(row, column) != Self.isMasked(mask, row, column) ? 1 : 0)
            count += 1
            if count % 8 == 0 { words.append(word) }
        }
        return try unwoven(words)
    }

    private func isDark(_ row: Int, _ column: Int) -> Bool { modules[row * side + column] }

    /// Level and mask out of the five bits beside the upper left corner, their own mask taken off.
    private var format: (level: Int, mask: Int) {
        let places = [(8, 0), (8, 1), (8, 2), (8, 3), (8, 4)]
        let bits = places.reduce(0) { $0 << 1 | (isDark($1.0, $1.1) ? 1 : 0) } ^ 0b10101
        return (bits >> 3, bits & 7)
    }

    private static func isMasked(_ mask: Int, _ i: Int, _ j: Int) -> Bool {
        switch mask {
        case 0: (i + j) % 2 == 0
        case 1: i % 2 == 0
        case 2: j % 3 == 0
        case 3: (i + j) % 3 == 0
        case 4: (i / 2 + j / 3) % 2 == 0
        case 5: i * j % 2 + i * j % 3 == 0
        case 6: (i * j % 2 + i * j % 3) % 2 == 0
        default: ((i + j) % 2 + i * j % 3) % 2 == 0
        }
    }

    /// Two columns at a time from the right, up and down in turn, around the timing column.
    private var order: [(Int, Int)] {
        var order: [(Int, Int)] = []
        var isUp = true
        var right = side - 1
        while right > 0 {
            if right == 6 { right -= 1 }
            for step in 0..<side {
                let row = isUp ? side - 1 - step : step
                order += [(row, right), (row, right - 1)]
            }
            isUp.toggle()
            right -= 2
        }
        return order
    }

    private func isFunction(_ row: Int, _ column: Int) -> Bool {
        if row == 6 || column == 6 { return true }
        if row < 9, column < 9 || column >= side - 8 { return true }
        if row >= side - 8, column < 9 { return true }
        if version >= 7, row < 6 && column >= side - 11 || column < 6 && row >= side - 11 { return true }
        return alignments.contains { abs($0.0 - row) <= 2 && abs($0.1 - column) <= 2 }
    }

    private var alignments: [(Int, Int)] {
        guard version > 1 else { return [] }
        let count = version / 7 + 2
        let span = side - 13
        let step = version == 32 ? 26 : ((span + count - 2) / (count - 1) + 1) / 2 * 2
        let centres = [6] + (0..<(count - 1)).map { side - 7 - $0 * step }.reversed()
        let last = centres.count - 1
        return centres.indices.flatMap { i in
            centres.indices.compactMap { j in
                (i == 0 && (j == 0 || j == last)) || (i == last && j == 0) ? nil : (centres[i], centres[j])
            }
        }
    }

    // MARK: From code words to data

    /// Error correction words of each block, and number of blocks, at level M by version.
    private static let correction = [
        10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26,
        26, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    ]
    private static let blocks = [
        1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16,
        17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49,
    ]

    private func unwoven(_ words: [UInt8]) throws -> [UInt8] {
        let blocks = Self.blocks[version - 1]
        let total = words.count - Self.correction[version - 1] * blocks
        guard total > 0 else { throw Unreadable(reason: "too few words") }
        let short = total / blocks
        let longer = total % blocks
        var data = [[UInt8]](repeating: [], count: blocks)
        var index = 0
        for place in 0...short {
            for block in 0..<blocks where place < short || block >= blocks - longer {
                data[block].append(words[index])
                index += 1
            }
        }
        return data.flatMap { $0 }
    }

    private struct Bits {
        private let words: [UInt8]
        private var position = 0

        init(_ words: [UInt8]) { self.words = words }

        var left: Int { words.count * 8 - position }

        mutating func take(_ count: Int) throws -> Int {
            guard left >= count else { throw Unreadable(reason: "cut") }
            var value = 0
            for _ in 0..<count {
                value = value << 1 | Int(words[position / 8] >> UInt8(7 - position % 8) & 1)
                position += 1
            }
            return value
        }
    }
}
