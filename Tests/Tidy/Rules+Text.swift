extension Rules {
    /// Left-overs and paths of one machine, in any text file.
    static func text(_ file: Checkout.File, checkout: String) -> [Finding] {
        // The lists themselves, and the page that explains them.
        guard !file.path.hasPrefix("Tests/Tidy/"), file.path != "docs/STYLE.md" else { return [] }
        return occurrences(of: House.leftovers, in: file.bytes, wholeWords: true).map {
            Finding(file.path, $0.line, "\($0.needle): finish it, or open an issue")
        } + occurrences(of: House.machinePaths + [checkout], in: file.bytes, wholeWords: false).map {
            Finding(file.path, $0.line, "\($0.needle) is a path of one machine")
        }
    }

    /// Where the needles stand on their own: not inside a longer word, and a path not inside a longer path.
    static func occurrences(
        of needles: [String], in bytes: [UInt8], wholeWords: Bool
    ) -> [(needle: String, line: Int)] {
        var byFirst = [[String]?](repeating: nil, count: 256)
        for needle in needles {
            guard let first = needle.utf8.first else { continue }
            byFirst[Int(first)] = (byFirst[Int(first)] ?? []) + [needle]
        }
        var found: [(String, Int)] = []
        var line = 1
        for index in bytes.indices {
            if bytes[index] == 10 { line += 1 }
            guard let candidates = byFirst[Int(bytes[index])] else { continue }
            if index > 0, isWord(bytes[index - 1]) || bytes[index - 1] == 0x7d || bytes[index - 1] == 0x2e { continue }
            for needle in candidates where bytes[index...].starts(with: needle.utf8) {
                let end = index + needle.utf8.count
                if wholeWords, end < bytes.count, isWord(bytes[end]) { continue }
                found.append((needle, line))
            }
        }
        return found
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x5f, 0x61...0x7a: true
        default: false
        }
    }
}
