package import Crypto

/// What a token's contract says that it moved (ERC-20).
package struct TokenTransfer: Hashable, Sendable {
    package let contract: EVMAddress
    package let sender: EVMAddress
    package let recipient: EVMAddress
    /// Base units of the token; may be 0.
    package let value: UInt256

    /// `Transfer(address,address,uint256)`, hashed.
    package static let topic = Hash256(keccakOf: Array("Transfer(address,address,uint256)".utf8))

    /// Reads a log. Nil for what is none of a fungible token: it has the event's name and two addresses as
    /// topics, and the value alone as data. (With the value as a topic it is the number of a collectible,
    /// ERC-721.)
    package init?(_ log: EVMLog) {
        guard log.topics.count == 3, log.topics[0] == Self.topic, log.data.count == 32,
            let sender = EVMAddress(word: log.topics[1].bytes[...]),
            let recipient = EVMAddress(word: log.topics[2].bytes[...]), let value = UInt256(log.data)
        else { return nil }
        (contract, self.sender, self.recipient, self.value) = (log.contract, sender, recipient, value)
    }
}

/// A call of a token's contract that moves something, if the contract does what ERC-20 says: what a failed
/// transaction would have done.
package struct TokenCall: Hashable, Sendable {
    /// Nil for `transfer`, which moves the caller's own.
    package let sender: EVMAddress?
    package let recipient: EVMAddress
    /// Base units of the token.
    package let value: UInt256

    /// Moves `value` to `recipient`, from `sender` or the caller.
    package init(from sender: EVMAddress? = nil, to recipient: EVMAddress, value: UInt256) {
        (self.sender, self.recipient, self.value) = (sender, recipient, value)
    }

    /// Reads a transaction's input: nil unless it is exactly a call of `transfer(address,uint256)` or
    /// `transferFrom(address,address,uint256)`, as the ABI writes it.
    package init?(input: [UInt8]) {
        guard let selector = Selector(input: input), input.count == 4 + 32 * selector.words else {
            return nil
        }
        let words = (0..<selector.words).map { input[4 + 32 * $0..<36 + 32 * $0] }
        let addresses = words.dropLast().compactMap { EVMAddress(word: $0) }
        guard addresses.count == words.count - 1, let recipient = addresses.last,
            let value = words.last.flatMap({ UInt256($0) })
        else { return nil }
        self.init(from: addresses.count == 2 ? addresses[0] : nil, to: recipient, value: value)
    }

    /// As a transaction's input.
    package var input: [UInt8] {
        let selector: Selector = sender == nil ? .transfer : .transferFrom
        return selector.bytes + (sender?.word ?? []) + recipient.word + value.word
    }

    private enum Selector: String, CaseIterable {
        case transfer = "transfer(address,uint256)"
        case transferFrom = "transferFrom(address,address,uint256)"

        var words: Int { self == .transfer ? 2 : 3 }
        var bytes: [UInt8] { TokenQuestion.selector(rawValue) }

        private static let all = allCases.map { ($0, $0.bytes) }

        init?(input: [UInt8]) {
            guard let known = Self.all.first(where: { input.starts(with: $0.1) }) else { return nil }
            self = known.0
        }
    }
}

/// What a token's contract is asked without a transaction (`eth_call`), and how its answers are read. A
/// contract may answer anything; nothing that it says of itself makes it the token that it looks like.
package enum TokenQuestion: Hashable, Sendable {
    /// How many base units `address` has.
    case balance(EVMAddress)
    /// How many decimal places an amount is shown with.
    case decimals
    /// What the token calls itself.
    case symbol

    /// The input of the call.
    package var input: [UInt8] {
        switch self {
        case .balance(let address): Self.selector("balanceOf(address)") + address.word
        case .decimals: Self.selector("decimals()")
        case .symbol: Self.selector("symbol()")
        }
    }

    /// The first four bytes of a signature's hash (ABI, "Function Selector").
    static func selector(_ signature: String) -> [UInt8] {
        Array(Hash256(keccakOf: Array(signature.utf8)).bytes[..<4])
    }

    /// Reads an answer that is one whole number, as that to `balance`. Nil for any other number of bytes than
    /// 32: where there is no contract nothing is answered, which is not 0.
    package static func number(_ answer: [UInt8]) -> UInt256? {
        answer.count == 32 ? UInt256(answer) : nil
    }

    /// Reads the answer to `decimals`; nil where it is none below 256.
    package static func decimals(_ answer: [UInt8]) -> UInt8? {
        number(answer)?.asUInt64.flatMap { UInt8(exactly: $0) }
    }

    /// Reads the answer to `symbol`, to be shown to an operator and to be believed by nobody: a string, or 32
    /// bytes with zeros behind it, as the oldest tokens have it. Nil for what is empty, too long, no text, or
    /// has characters that cannot be seen.
    package static func symbol(_ answer: [UInt8]) -> String? {
        guard answer.count <= EVMLimits.symbolAnswerBytes,
            let bytes = answer.count == 32 ? short(answer) : long(answer),
            (1...EVMLimits.symbolBytes).contains(bytes.count),
            let text = String(validating: bytes, as: UTF8.self), text.unicodeScalars.allSatisfy(isVisible)
        else { return nil }
        return text
    }

    private static func short(_ word: [UInt8]) -> ArraySlice<UInt8>? {
        let text = word.prefix { $0 != 0 }
        return word[text.endIndex...].allSatisfy { $0 == 0 } ? text : nil
    }

    private static func long(_ answer: [UInt8]) -> ArraySlice<UInt8>? {
        guard answer.count >= 64, UInt256(answer[..<32])?.asUInt64 == 32,
            let count = UInt256(answer[32..<64])?.asUInt64, count <= UInt64(answer.count - 64)
        else { return nil }
        return answer[64..<64 + Int(count)]
    }

    /// Letters, digits, marks of punctuation and signs; no spaces, nothing that is not drawn, nothing that
    /// turns the line's direction.
    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .connectorPunctuation, .dashPunctuation, .openPunctuation,
            .closePunctuation, .initialPunctuation, .finalPunctuation, .otherPunctuation, .mathSymbol,
            .currencySymbol, .otherSymbol:
            true
        default: false
        }
    }
}

extension EVMAddress {
    /// Of a word of the ABI: 12 zero bytes and 20 of the address; nil for anything else.
    fileprivate init?(word: ArraySlice<UInt8>) {
        guard word.count == 32, word.prefix(12).allSatisfy({ $0 == 0 }) else { return nil }
        self.init(word.suffix(20))
    }

    fileprivate var word: [UInt8] { [UInt8](repeating: 0, count: 12) + bytes }
}
