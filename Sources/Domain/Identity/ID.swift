/// The identity of one thing of a kind, such as `pay_01J9Z3…`. Two kinds cannot be confused.
///
/// The text is the kind's prefix and 26 characters of Crockford's base 32: 48 bits of milliseconds and 80
/// bits of chance, so that identities sort by age. Parts of a payment (events, transfers, entries,
/// exceptions) carry the payment's body and their number in it, `evt_01J9Z3…_4`: a replay of the same facts
/// gives the same identities. Among the parts of one payment the number decides the order, so that 10 comes
/// after 9; as bare text it would not.
package struct ID<Kind: Identified>: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let text: String

    private init(unchecked text: String) { self.text = text }

    /// A new identity out of a time and ten bytes of chance.
    package init(at time: Instant, chance: [UInt8]) {
        precondition(chance.count == 10, "an identity takes ten bytes of chance")
        var number = UInt128(UInt64(bitPattern: time.milliseconds) & 0xffff_ffff_ffff)
        for byte in chance { number = number << 8 | UInt128(byte) }
        self.init(number: number)
    }

    /// The identity of that number: those of a kind are in the order of their numbers.
    package init(number: UInt128) {
        var characters: [UInt8] = []
        for place in stride(from: 125, through: 0, by: -5) {
            characters.append(IDText.alphabet[Int(truncatingIfNeeded: number >> UInt128(place)) & 31])
        }
        text = Kind.prefix + String(decoding: characters, as: UTF8.self)
    }

    /// The time and chance in it; of a part of a payment, those of the payment.
    package var number: UInt128 {
        text.utf8.dropFirst(Kind.prefix.utf8.count).prefix(26).reduce(0) { number, byte in
            number << 5 | UInt128(IDText.alphabet.firstIndex(of: byte) ?? 0)
        }
    }

    /// The numbered part of a payment, in a kind of its own.
    package init(part number: Int, of payment: ID<Payment>) {
        text = "\(Kind.prefix)\(payment.text.dropFirst(Payment.prefix.count))_\(number)"
    }

    /// When it was made, as far as identities can say: never before one that was made earlier.
    package var time: Instant { Instant(milliseconds: Int64(truncatingIfNeeded: number >> 80)) }

    /// Reads what `text` printed. Nil for another kind's prefix or any other form.
    package init?(parsing text: some StringProtocol) {
        let text = String(text)
        guard IDText.isText(text, prefix: Kind.prefix) else { return nil }
        self.init(unchecked: text)
    }

    package var description: String { text }
    package static func < (left: Self, right: Self) -> Bool {
        (left.text.utf8.count, left.text) < (right.text.utf8.count, right.text)
    }
}

/// A kind of thing that has identities.
package protocol Identified {
    /// Three letters and an underscore.
    static var prefix: String { get }
}

private enum IDText {
    static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// The prefix, 26 characters of the alphabet, then perhaps an underscore and a number of one to nine
    /// digits. Every row that is read passes here, so it is one plain pass over the bytes.
    static func isText(_ text: String, prefix: String) -> Bool {
        var bytes = text.utf8.makeIterator()
        for expected in prefix.utf8 {
            guard bytes.next() == expected else { return false }
        }
        for _ in 0..<26 {
            guard let byte = bytes.next(), isLetter(byte) else { return false }
        }
        guard let mark = bytes.next() else { return true }
        guard mark == 0x5f, let first = bytes.next(), (0x31...0x39).contains(first) else { return false }
        var digits = 1
        while let byte = bytes.next() {
            digits += 1
            guard digits <= 9, (0x30...0x39).contains(byte) else { return false }
        }
        return true
    }

    /// Crockford's base 32 in upper case: digits, and letters without I, L, O and U.
    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39: true
        case 0x49, 0x4c, 0x4f, 0x55: false
        case 0x41...0x5a: true
        default: false
        }
    }
}

/// One tenant. All data belongs to exactly one.
package enum Merchant: Identified { package static let prefix = "mer_" }
/// Where a merchant receives on a network.
package enum Wallet: Identified { package static let prefix = "wal_" }
/// What merchants are told.
package enum Event: Identified { package static let prefix = "evt_" }
/// A merchant's receiver of events.
package enum Endpoint: Identified { package static let prefix = "whe_" }
/// A credential of the programming interface.
package enum APIKey: Identified { package static let prefix = "key_" }
/// Money that goes back.
package enum Refund: Identified { package static let prefix = "ref_" }
