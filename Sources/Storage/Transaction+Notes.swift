import Crypto
import Database
package import Domain

extension Transaction {
    /// Keeps what a person wrote beside the log, which only binds it.
    package func insertNote(of id: ID<Payment>, ruling: Int, salt: [UInt8], text: String) throws {
        try connection.execute(
            "INSERT INTO note (payment, ruling, salt, text) VALUES (\(id.text), \(ruling), \(salt), \(text))")
    }

    /// Why a person ruled so, in their own words; nil where none were asked for, where they were erased, and
    /// where what is kept is not what the ruling binds: `verify` finds that.
    package func reason(of ruling: Ruling, on id: ID<Payment>) throws -> String? {
        guard let bound = ruling.reason,
            let row = try connection.first(
                "SELECT salt, text FROM note WHERE payment = \(id.text) AND ruling = \(ruling.number)")
        else { return nil }
        guard let kept = try self.kept(row), kept.bound == bound else { return nil }
        return kept.text
    }

    /// The same of all rulings on a payment, by what binds each. A payment takes few: `Payment.mostRulings`.
    package func reasons(on id: ID<Payment>) throws -> [Commitment: String] {
        let rows = try connection.query(
            "SELECT salt, text FROM note WHERE payment = \(id.text) AND ruling > 0 ORDER BY ruling")
        return Dictionary(try rows.compactMap(kept).map { ($0.bound, $0.text) }) { first, _ in first }
    }

    /// What people wrote who ruled on a payment, with the salts that bind it, in the order of the rulings.
    package func notes(on id: ID<Payment>) throws -> [(ruling: Int, salt: [UInt8], text: String)] {
        try connection.query(
            "SELECT ruling, salt, text FROM note WHERE payment = \(id.text) AND ruling > 0 ORDER BY ruling"
        ).map { (ruling: try $0.read(0), salt: try $0.blob(1), text: try $0.text(2)) }
    }

    /// What a row of salt and text says, and what would bind it; nil where it cannot be read.
    private func kept(_ row: Row) throws -> (bound: Commitment, text: String)? {
        let read = try legible(row, of: "note") { row in
            let text = try row.text(1)
            return Commitment(HMAC<SHA256>.code(Array(text.utf8), key: try row.blob(0))).map { ($0, text) }
        }
        return read ?? nil
    }
}
