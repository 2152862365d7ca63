/// Litecoin's Mimblewimble extension block (LIP 2, LIP 3): nothing in it can pay a transparent address, so it
/// is measured field by field and passed over. Only so is it certain where it ends.
extension ByteReader {
    private static let hashBytes = 32
    private static let keyBytes = 33
    private static let commitmentBytes = 33
    private static let signatureBytes = 64
    private static let rangeProofBytes = 675

    /// Key exchange key, view tag, masked value, masked nonce.
    private static let standardFieldBytes = 33 + 1 + 8 + 16

    /// Passes over the optional extension block behind the transactions. Returns whether there was one.
    @discardableResult
    mutating func skipOptionalExtensionBlock() throws(ParseError) -> Bool {
        guard try isPresent() else { return false }
        try varInt()  // height
        try take(3 * Self.hashBytes)  // roots of outputs, kernels and leaf set
        try take(2 * Self.hashBytes)  // offsets of kernels and stealth keys
        try varInt()  // outputs so far
        try varInt()  // kernels so far
        try skipExtensionBody()
        return true
    }

    /// Passes over the optional extension part of a transaction. Returns whether there was one.
    mutating func skipOptionalExtensionTransaction() throws(ParseError) -> Bool {
        guard try isPresent() else { return false }
        try take(2 * Self.hashBytes)  // offsets of kernels and stealth keys
        try skipExtensionBody()
        return true
    }

    private mutating func isPresent() throws(ParseError) -> Bool {
        let place = position
        let mark = try byte()
        guard mark <= 1 else { throw .extensionBlock(at: place) }
        return mark == 1
    }

    private mutating func skipExtensionBody() throws(ParseError) {
        let inputs = try count(ofAtLeast: 1 + Self.hashBytes + Self.signatureBytes)
        for _ in 0..<inputs { try skipExtensionInput() }
        let outputs = try count(ofAtLeast: Self.rangeProofBytes)
        for _ in 0..<outputs { try skipExtensionOutput() }
        let kernels = try count(ofAtLeast: 1 + Self.signatureBytes)
        for _ in 0..<kernels { try skipExtensionKernel() }
    }

    private mutating func skipExtensionInput() throws(ParseError) {
        let features = try byte()
        try take(Self.hashBytes + Self.commitmentBytes + Self.keyBytes)
        if features & 0x01 != 0 { try take(Self.keyBytes) }
        if features & 0x02 != 0 { try sized() }
        try take(Self.signatureBytes)
    }

    private mutating func skipExtensionOutput() throws(ParseError) {
        try take(Self.commitmentBytes + 2 * Self.keyBytes)
        let features = try byte()
        if features & 0x01 != 0 { try take(Self.standardFieldBytes) }
        if features & 0x02 != 0 { try sized() }
        try take(Self.rangeProofBytes + Self.signatureBytes)
    }

    private mutating func skipExtensionKernel() throws(ParseError) {
        let features = try byte()
        if features & 0x01 != 0 { try varInt() }  // fee
        if features & 0x02 != 0 { try varInt() }  // pegged in
        if features & 0x04 != 0 {
            let exits = try count(ofAtLeast: 3)
            for _ in 0..<exits {
                try varInt()
                let place = position
                guard try !sized().isEmpty else { throw .extensionBlock(at: place) }
            }
        }
        if features & 0x08 != 0 { try varInt() }  // lock height
        if features & 0x10 != 0 { try take(Self.keyBytes) }
        if features & 0x20 != 0 { try sized() }
        try take(Self.commitmentBytes + Self.signatureBytes)
    }
}
