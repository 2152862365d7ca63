internal import Crypto
internal import Domain
internal import Platform

/// Where the sandbox's money goes: 20 bytes, written for people as `sbx1…` (Bech32m, BIP 350) and for the
/// scanner as `5b14` and the bytes in hexadecimal.
package struct SandboxAddress: Hashable, Sendable {
    private let program: [UInt8]

    private static let prefix = "sbx"
    private static let marker: [UInt8] = [0x5b, 0x14]
    private static let programBytes = 20
    private static let keyPrefix = "sandbox:"
    private static let keyBytes = 32

    /// Reads an address. Throws `unusable` for a wrong checksum, another network's address and any other
    /// text.
    package init(parsing text: String) throws(ChainFault) {
        let parsed: Bech32
        let bytes: [UInt8]
        do throws(Bech32Error) {
            parsed = try Bech32(parsing: text)
            bytes = try Bech32.bytes(of: parsed.groups)
        } catch {
            throw ChainFault(.unusable, "This is not an address of the sandbox: it is mistyped or cut.")
        }
        guard parsed.prefix == Self.prefix, parsed.variant == .bech32m, bytes.count == Self.programBytes
        else {
            throw ChainFault(.unusable, "This is an address of another network than the sandbox.")
        }
        program = bytes
    }

    /// Reads the scanner's form. Throws `unusable` for anything else.
    package init(script: String) throws(ChainFault) {
        guard let bytes = Hex.decode(script), Hex.encode(bytes) == script, bytes.starts(with: Self.marker),
            bytes.count == Self.marker.count + Self.programBytes
        else { throw ChainFault(.unusable, "This is not a script of the sandbox.") }
        program = Array(bytes.dropFirst(Self.marker.count))
    }

    /// The destination number `index` of a key. Throws `unusable` when the key is not the sandbox's.
    package init(of key: WalletKey, at index: UInt32) throws(ChainFault) {
        guard key.text.hasPrefix(Self.keyPrefix),
            let bytes = Hex.decode(key.text.dropFirst(Self.keyPrefix.count)), bytes.count == Self.keyBytes,
            Self.walletKey(bytes) == key
        else {
            throw ChainFault(
                .unusable, "A key of the sandbox is \"sandbox:\" and 64 lower-case hexadecimal digits.")
        }
        self.init(deriving: "destination", [bytes, Array(String(index).utf8)])
    }

    /// An address that nobody here has the key of: where money goes that leaves the story.
    init(elsewhere serial: UInt64, on network: SandboxNetwork) {
        self.init(deriving: "elsewhere", [Array(network.rawValue.utf8), Array(String(serial).utf8)])
    }

    private init(deriving tag: String, _ fields: [[UInt8]]) {
        program = Array(SandboxDigest.bytes(tag, fields).prefix(Self.programBytes))
    }

    /// The address for people.
    package var text: String {
        Bech32(prefix: Self.prefix, groups: Bech32.groups(of: program), variant: .bech32m).text
    }

    /// The form that the scanner matches.
    package var script: String { Hex.encode(Self.marker + program) }

    /// The wallet key of 32 bytes.
    package static func walletKey(_ bytes: [UInt8]) -> WalletKey {
        precondition(bytes.count == keyBytes, "a key of the sandbox has 32 bytes")
        return WalletKey(keyPrefix + Hex.encode(bytes))
    }
}
