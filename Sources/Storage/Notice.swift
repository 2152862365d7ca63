import Crypto
package import Domain
package import JSON
import Platform

/// An event that is told outside every payment's own order: a test of an endpoint, a payment that was set
/// aside. It is its own subject, and the record of what it is about binds it, bytes and all.
package struct Notice: Hashable, Sendable {
    package let id: ID<Event>
    package let type: String
    package let merchant: ID<Merchant>
    package let isTest: Bool
    package let at: Instant
    /// SHA-256 of the bytes, in hexadecimal.
    package let hash: String
    /// Empty when it was read from a record.
    fileprivate let body: String
    /// Owed to this endpoint alone; nil for every one that wants it.
    fileprivate let only: ID<Endpoint>?

    package init(
        id: ID<Event>, type: String, merchant: ID<Merchant>, isTest: Bool, at: Instant, body: [UInt8],
        only: ID<Endpoint>? = nil
    ) {
        self.id = id
        self.type = type
        self.merchant = merchant
        self.isTest = isTest
        self.at = at
        hash = Self.hash(body)
        self.body = String(decoding: body, as: UTF8.self)
        self.only = only
    }

    static func hash(_ body: [UInt8]) -> String { Hex.encode(SHA256.hash(body)) }

    /// The type of what is sent to one endpoint to try it.
    package static let test = "webhook.test"
}

extension Notice: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("id", id.text)
        writer.member("type", type)
        writer.member("merchant", merchant.text)
        writer.member("test", isTest)
        writer.member("at", at.milliseconds)
        writer.member("hash", hash)
    }

    package init(_ fields: Fields) throws(Corruption) {
        id = try fields.id("id")
        type = try fields.text("type")
        merchant = try fields.id("merchant")
        isTest = try fields.flag("test")
        at = try fields.instant("at")
        hash = try fields.text("hash")
        body = ""
        only = nil
    }
}

extension Transaction {
    /// Stores a notice and owes it. Its record is its caller's to write.
    package func insert(_ notice: Notice) throws {
        try insertEvent(
            notice.id, type: notice.type, subject: notice.id.text, sequence: 1, merchant: notice.merchant,
            isTest: notice.isTest, at: notice.at, dueAt: notice.at, body: notice.body, only: notice.only)
    }
}
