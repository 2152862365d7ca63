/// What a segregated-witness address holds (BIP 141): a version and a program of 2 to 40 bytes.
package struct WitnessProgram: Hashable, Sendable {
    /// 0 to 16.
    package let version: UInt8

    /// 20 or 32 bytes for version 0, 32 for Taproot (version 1).
    package let program: [UInt8]

    /// Checks the lengths; nil where BIP 141 does not allow them.
    package init?(version: UInt8, program: [UInt8]) {
        guard version <= 16, (2...40).contains(program.count) else { return nil }
        guard version != 0 || program.count == 20 || program.count == 32 else { return nil }
        (self.version, self.program) = (version, program)
    }

    /// Parses an address with the human-readable part `prefix`, by BIP 173 and BIP 350.
    package init(address: String, prefix: String) throws(Bech32Error) {
        let parsed = try Bech32(parsing: address)
        guard parsed.prefix == prefix else { throw .prefix(parsed.prefix) }
        try self.init(parsed)
    }

    /// The version and program of a parsed Bech32 text of any prefix.
    package init(_ parsed: Bech32) throws(Bech32Error) {
        guard let version = parsed.groups.first, version <= 16 else { throw .program }
        let bytes = try Bech32.bytes(of: parsed.groups.dropFirst())
        guard let program = WitnessProgram(version: version, program: bytes) else { throw .program }
        guard parsed.variant == program.variant else { throw .variant }
        self = program
    }

    /// The address with the human-readable part `prefix`.
    package func address(prefix: String) -> String {
        Bech32(prefix: prefix, groups: [version] + Bech32.groups(of: program), variant: variant).text
    }

    private var variant: Bech32.Variant { version == 0 ? .bech32 : .bech32m }
}
