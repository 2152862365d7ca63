import Crypto

/// Finds keys that can spend in a text, wherever they stand and whatever else is wrong with it: whoever sent
/// one has to be told so, and not to mend a checksum and send it again.
enum SpendingKey {
    /// How long an extended or a single private key is, in characters of Base58.
    private static let characters = 50...112
    /// How many words a wallet's seed has (BIP 39; 20 and 33: SLIP 39), and how long they are.
    private static let words: Set<Int> = [12, 15, 18, 20, 21, 24, 33]
    private static let letters = 3...8

    /// Of a long text the beginning is searched: no key is as long.
    static func isIn(_ text: String) -> Bool {
        let bytes = text.utf8.prefix(UTXOLimits.searchedCharacters)
        let pieces = bytes.split { !isBase58($0) }
        return pieces.contains { characters.contains($0.count) && isKey(Substring($0)) } || isSeed(bytes)
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

    /// Words and nothing else, however they are numbered, divided or begun. No account is written like that,
    /// so they need not be looked up one by one.
    private static func isSeed(_ text: Substring.UTF8View) -> Bool {
        let parts = text.split { !isLetter($0) }
        return words.contains(parts.count) && parts.allSatisfy { letters.contains($0.count) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
