import Crypto

/// Finds keys that can spend in a text, wherever they stand and whatever else is wrong with it: whoever sent
/// one has to be told so, and not to mend a checksum and send it again.
enum SpendingKey {
    /// How long an extended or a single private key is, in characters of Base58.
    private static let characters = 50...112
    /// How many words a wallet's seed has (BIP 39), and how long they are.
    private static let words: Set<Int> = [12, 15, 18, 21, 24]
    private static let letters = 3...8

    static func isIn(_ text: String) -> Bool {
        guard text.utf8.count <= UTXOLimits.searchedCharacters else { return false }
        let pieces = text.utf8.split { !isBase58($0) }
        return pieces.contains { characters.contains($0.count) && isKey(Substring($0)) } || isSeed(text)
    }

    private static func isBase58(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "1")...UInt8(ascii: "9"): true
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte != UInt8(ascii: "I") && byte != UInt8(ascii: "O")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte != UInt8(ascii: "l")
        default: false
        }
    }

    private static func isKey(_ piece: Substring) -> Bool {
        do throws(ExtendedKeyError) {
            _ = try ExtendedPublicKey(parsing: String(piece))
            return false
        } catch {
            return error == .privateKey || OutputDescriptor.isPrivateKey(piece)
        }
    }

    /// No account is written like that, so it need not be looked up word by word.
    private static func isSeed(_ text: String) -> Bool {
        let parts = text.split { $0.isWhitespace }
        return words.contains(parts.count)
            && parts.allSatisfy { part in
                letters.contains(part.utf8.count)
                    && part.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
            }
    }
}
