package import Domain
import JSON

/// Everything that shows what happened to one payment, as one JSON document with one canonical form:
/// docs/DOSSIER.md describes it member by member.
package struct DossierFile: Hashable, Sendable {
    package static let format = "quittance/dossier/1"

    /// The version of the rules that made the records: `Payment.rules`.
    package var rules: Int
    package var payment: String
    package var merchant: String
    /// All of the payment's chain, from the first on.
    package var records: [Line]
    /// The newest root that covers an end of the chain; nil when there is none yet.
    package var seal: Seal?
    /// The instance's keys that followed each other up to the one that signed the root.
    package var successions: [Succession]
    /// What the networks show, by name.
    package var networks: [Network]
    /// What the log binds without showing it; nil where it is not in the file.
    package var personal: PersonalPart?
    /// When the gateway says that it made the file.
    package var madeAt: Instant
    /// The instance's key (Ed25519) that signs the file, and the signature; the key of `seal` may be older.
    package var key: [UInt8]
    package var signature: [UInt8]

    /// A record; its chain is the payment's, and the record before is the line before.
    package struct Line: Hashable, Sendable {
        package var record: Record
        package var hash: [UInt8]

        package init(record: Record, hash: [UInt8]) {
            self.record = record
            self.hash = hash
        }
    }

    /// A leaf of a tree, and what leads from it to a signed root.
    package struct Seal: Hashable, Sendable {
        /// The last record that it covers.
        package var record: UInt64
        /// The leaf's place in the tree.
        package var place: UInt64
        /// The neighbours on the way up, from below.
        package var path: [[UInt8]]
        package var root: SealedRoot
        /// The roots of the merchant that follow it, up to the first one that the file's own key has signed;
        /// none where that is `root`, or where there are none or too many.
        package var later: [SealedRoot]

        package init(
            record: UInt64, place: UInt64, path: [[UInt8]], root: SealedRoot, later: [SealedRoot] = []
        ) {
            self.record = record
            self.place = place
            self.path = path
            self.root = root
            self.later = later
        }
    }

    /// A root with its signature.
    package struct SealedRoot: Hashable, Sendable {
        package var scope: String
        package var number: UInt64
        package var at: Instant
        package var leaves: UInt64
        package var tree: [UInt8]
        package var previous: [UInt8]
        package var key: [UInt8]
        package var signature: [UInt8]
    }

    /// A key that was followed by another, which it signed.
    package struct Succession: Hashable, Sendable {
        package var old: [UInt8]
        package var new: [UInt8]
        package var signature: [UInt8]

        package init(old: [UInt8], new: [UInt8], signature: [UInt8]) {
            self.old = old
            self.new = new
            self.signature = signature
        }
    }

    /// What one network shows.
    package struct Network: Hashable, Sendable {
        package var name: String
        package var transactions: [Mined]
        package var headers: [Run]

        package init(name: String, transactions: [Mined], headers: [Run]) {
            self.name = name
            self.transactions = transactions
            self.headers = headers
        }
    }

    /// A transaction in a block.
    package struct Mined: Hashable, Sendable {
        package var transaction: String
        package var block: String
        package var height: UInt64
        /// Its place in the block.
        package var place: UInt32
        /// What leads to the header's Merkle root, from below.
        package var branch: [[UInt8]]
        /// Its bytes as the block has them; nil where they are too long for the file.
        package var raw: [UInt8]?

        package init(
            transaction: String, block: String, height: UInt64, place: UInt32, branch: [[UInt8]],
            raw: [UInt8]?
        ) {
            self.transaction = transaction
            self.block = block
            self.height = height
            self.place = place
            self.branch = branch
            self.raw = raw
        }
    }

    /// Headers of blocks that follow each other, the first one at a height.
    package struct Run: Hashable, Sendable {
        package var height: UInt64
        package var headers: [[UInt8]]

        package init(height: UInt64, headers: [[UInt8]]) {
            self.height = height
            self.headers = headers
        }
    }

    /// What the merchant told of its customer and what people wrote, with the salts that bind it.
    package struct PersonalPart: Hashable, Sendable {
        package var salt: [UInt8]
        package var customer: String?
        /// Canonical JSON.
        package var body: [UInt8]
        package var notes: [Note]

        package init(salt: [UInt8], customer: String?, body: [UInt8], notes: [Note]) {
            self.salt = salt
            self.customer = customer
            self.body = body
            self.notes = notes
        }
    }

    /// What a person wrote who ruled.
    package struct Note: Hashable, Sendable {
        package var ruling: Int
        package var salt: [UInt8]
        package var text: String

        package init(ruling: Int, salt: [UInt8], text: String) {
            self.ruling = ruling
            self.salt = salt
            self.text = text
        }
    }

    package init(
        payment: String, merchant: String, records: [Line], networks: [Network], madeAt: Instant,
        key: [UInt8]
    ) {
        rules = Payment.rules
        self.payment = payment
        self.merchant = merchant
        self.records = records
        seal = nil
        successions = []
        self.networks = networks
        personal = nil
        self.madeAt = madeAt
        self.key = key
        signature = []
    }

    /// What is signed: SHA-256 of the document without its last member, behind a line that says what it is.
    package static func message(_ digest: [UInt8]) -> [UInt8] {
        Array("quittance/dossier-signature/1\n".utf8) + digest
    }

    /// The document without its signature.
    package var unsignedBytes: [UInt8] {
        var writer = JSONWriter(reservingBytes: 1 << 16)
        writer.object { writeUnsigned(&$0) }
        return writer.bytes
    }
}
