import TestKit
import Testing

@testable import Crypto

/// Somebody else's letters, old letters, letters under another name.
@Suite("Attacks on who receives webhooks")
struct AttackTests {
    @Test(
        "Each does no harm, and harms whoever believes the one thing that he should not",
        arguments: Attack.onLetters)
    func attack(_ attack: Attack) async throws { try await attack.attempt() }
}

/// A delivery as it comes.
private struct Letter: Sendable {
    var header: String
    var id = "evt_1"
    var timestamp = "1700000000"
    var body = Array(#"{"type":"payment.paid"}"#.utf8)

    /// Signed by somebody.
    init(signedWith secret: UInt8) throws {
        let key = WebhookSigningKey.symmetric(Self.secret(secret))
        header = WebhookSignature.header(id: id, timestamp: 1_700_000_000, body: body, keys: [key])
    }

    static func secret(_ byte: UInt8) -> Secret { Secret([UInt8](repeating: byte, count: 32)) }

    /// Whether it is one of ours that has just been sent.
    func isGenuine(id: String? = nil, at now: Int64 = 1_700_000_000) -> Bool {
        let time = try? WebhookSignature.verify(
            header: header, id: id ?? self.id, timestamp: timestamp, body: body, keys: [.symmetric(Self.secret(1))],
            now: now)
        return time != nil
    }
}

/// Whether somebody takes a letter at a time.
private struct Receiver: Sendable {
    var takes: @Sendable (Letter, _ now: Int64) -> Bool = { $0.isGenuine(at: $1) }
}

extension Attack {
    static let onLetters: [Attack] = [
        Attack(
            "G70 a letter that somebody else has signed", product: Receiver(), twin: "who signs is honest",
            Receiver { letter, _ in letter.header.hasPrefix("v1,") }
        ) { receiver in
            receiver.takes(try Letter(signedWith: 2), 1_700_000_000) ? "goods are shipped that nobody paid" : nil
        },
        Attack(
            "G71 a letter with another amount in it", product: Receiver(), twin: "a letter is its envelope",
            Receiver { letter, now in
                var sent = letter
                if let plain = try? Letter(signedWith: 1) { sent.body = plain.body }
                return sent.isGenuine(at: now)
            }
        ) { receiver in
            var letter = try Letter(signedWith: 1)
            letter.body = Array(#"{"type":"payment.paid","amount":"1000000.00"}"#.utf8)
            return receiver.takes(letter, 1_700_000_000) ? "what the letter says was never said" : nil
        },
        Attack(
            "G72 a letter of six minutes ago", product: Receiver(), twin: "a letter knows the time",
            Receiver { letter, _ in letter.isGenuine(at: Int64(letter.timestamp) ?? 0) }
        ) { receiver in
            receiver.takes(try Letter(signedWith: 1), 1_700_000_360) ? "an old letter works again" : nil
        },
        Attack(
            "G72 a letter under a new name", product: Receiver(), twin: "a name is only a label",
            Receiver { letter, now in letter.isGenuine(id: "evt_1", at: now) }
        ) { receiver in
            var letter = try Letter(signedWith: 1)
            letter.id = "evt_2"
            return receiver.takes(letter, 1_700_000_000) ? "one letter is taken for two" : nil
        },
    ]
}
