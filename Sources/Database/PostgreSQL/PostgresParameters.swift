/// Parameters in PostgreSQL's binary format: one flat buffer, with a place and a length for each.
struct PostgresParameters {
    private(set) var bytes: [UInt8] = []
    /// Where each begins; nil for NULL.
    private(set) var offsets: [Int?] = []
    private(set) var lengths: [Int32] = []

    /// Throws `DatabaseError.unrepresentable` for text with U+0000, which PostgreSQL cannot hold, and for
    /// more than 2 GiB.
    init(_ parameters: [SQL.Parameter]) throws(DatabaseError) {
        for parameter in parameters {
            let start = bytes.count
            switch parameter.value {
            case .null: break
            case .integer(let number):
                for shift in stride(from: 56, through: 0, by: -8) {
                    bytes.append(UInt8(truncatingIfNeeded: number >> shift))
                }
            case .text(let text):
                guard !text.utf8.contains(0) else { throw .unrepresentable("U+0000 in text") }
                bytes += text.utf8
            case .blob(let blob): bytes += blob
            }
            guard let length = Int32(exactly: bytes.count - start) else {
                throw .unrepresentable("a value of more than 2 GiB")
            }
            offsets.append(parameter.value == .null ? nil : start)
            lengths.append(length)
        }
        // So that even an empty value has an address: a null pointer means NULL.
        bytes.append(0)
    }
}
