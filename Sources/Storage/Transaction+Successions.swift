import Database
import JSON
import Platform

extension Transaction {
    /// The instance's signing keys that followed each other, from the first on, with what each old one signed
    /// of its successor. Goes over all of the instance's records.
    package func keySuccessions() throws -> [(old: [UInt8], new: [UInt8], signature: [UInt8])] {
        try connection.query(
            """
            SELECT body FROM record WHERE chain = \(Self.instanceChain) AND kind = \(KeySuccession.kind)
            ORDER BY sequence
            """
        ).map { row in
            let body = try Fields(JSON.parse(try row.blob(0)))
            func bytes(_ name: String) throws -> [UInt8] {
                guard let bytes = Hex.decode(try body.text(name)) else {
                    throw Corruption("\(name) is no bytes")
                }
                return bytes
            }
            return (try bytes("old_key"), try bytes("new_key"), try bytes("signature"))
        }
    }
}
