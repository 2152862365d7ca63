import Domain
import JSON
import Platform
import Storage

extension Gateway {
    /// Writes a line into a merchant's own chain: configuration, and what was refused.
    func record(
        _ caller: Caller, _ kind: String, subject: String, cause: String, _ work: Work,
        _ body: (inout JSONWriter) -> Void
    ) throws {
        var writer = JSONWriter()
        writer.object(body)
        try work.tx.record(
            chain: caller.merchant.text, at: world.now, kind: kind, subject: subject, cause: cause,
            actor: caller.actor, body: writer.bytes)
    }

    /// Records that a caller's command was refused. Nothing else has changed.
    ///
    /// - Parameter unrecorded: how many more were refused to it since the last record.
    package func recordRefusal(
        _ caller: Caller, operation: String, code: String, pointers: [String], unrecorded: Int,
        cause: String
    ) async throws {
        try await write { work in
            try self.record(caller, "refused", subject: operation, cause: cause, work) { writer in
                writer.member("code", code)
                writer.array("pointers", pointers)
                if unrecorded > 0 { writer.member("unrecorded", unrecorded) }
            }
        }
    }
}
