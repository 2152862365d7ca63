package import Crypto

/// How a merchant's keys turn into output scripts.
package enum ScriptType: String, CaseIterable, Sendable {
    /// BIP 44.
    case p2pkh
    /// BIP 49: P2WPKH inside P2SH.
    case p2shP2wpkh = "p2sh-p2wpkh"
    /// BIP 84.
    case p2wpkh
    /// BIP 86: Taproot, spent by key only.
    case p2tr

    /// The purpose in the paths of its accounts (BIP 43).
    package var purpose: UInt32 {
        switch self {
        case .p2pkh: 44
        case .p2shP2wpkh: 49
        case .p2wpkh: 84
        case .p2tr: 86
        }
    }
}

/// An output script: the lock on some coins. Two scripts are one destination if and only if their bytes are
/// equal.
package struct Script: Hashable, Sendable {
    private static let duplicate: UInt8 = 0x76
    private static let hash160Opcode: UInt8 = 0xa9
    private static let equal: UInt8 = 0x87
    private static let equalVerify: UInt8 = 0x88
    private static let checkSignature: UInt8 = 0xac

    /// As they stand in an output.
    package let bytes: [UInt8]

    /// Takes bytes as they are.
    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// Pays to whoever has the key with this hash160, 20 bytes.
    package static func payToKeyHash(_ hash: [UInt8]) -> Script {
        Script(bytes: [duplicate, hash160Opcode, 20] + hash + [equalVerify, checkSignature])
    }

    /// Pays to whoever satisfies the script with this hash160, 20 bytes (BIP 16).
    package static func payToScriptHash(_ hash: [UInt8]) -> Script {
        Script(bytes: [hash160Opcode, 20] + hash + [equal])
    }

    /// Pays to a witness program (BIP 141).
    package static func payToWitness(_ witness: WitnessProgram) -> Script {
        let opcode: UInt8 = witness.version == 0 ? 0 : 0x50 + witness.version
        return Script(bytes: [opcode, UInt8(witness.program.count)] + witness.program)
    }

    /// The script of a key. Throws only for the one Taproot key in 2¹²⁸ that has no tweaked point.
    package static func paying(
        _ key: Secp256k1.PublicKey, as type: ScriptType
    ) throws(Secp256k1Error) -> Script {
        switch type {
        case .p2pkh: return payToKeyHash(hash160(key.compressed))
        case .p2wpkh: return witnessKeyHash(key)
        case .p2shP2wpkh: return payToScriptHash(hash160(witnessKeyHash(key).bytes))
        case .p2tr:
            let tweaked = try key.xOnlyAdding(tweak: taggedHash("TapTweak", key.xOnly))
            return Script(bytes: [0x51, 32] + tweaked)
        }
    }

    private static func witnessKeyHash(_ key: Secp256k1.PublicKey) -> Script {
        Script(bytes: [0, 20] + hash160(key.compressed))
    }

    /// What the script says, if it is of a kind that has addresses.
    package enum Template: Hashable, Sendable {
        /// P2PKH, 20 bytes.
        case keyHash([UInt8])
        /// P2SH, 20 bytes.
        case scriptHash([UInt8])
        /// P2WPKH, P2WSH, P2TR and what may come.
        case witness(WitnessProgram)
    }

    /// The kind of the script; nil for everything that has no address, such as `OP_RETURN` and bare keys.
    package var template: Template? {
        if bytes.count == 25, bytes[0] == Self.duplicate, bytes[1] == Self.hash160Opcode, bytes[2] == 20,
            bytes[23] == Self.equalVerify, bytes[24] == Self.checkSignature
        {
            return .keyHash(Array(bytes[3..<23]))
        }
        if bytes.count == 23, bytes[0] == Self.hash160Opcode, bytes[1] == 20, bytes[22] == Self.equal {
            return .scriptHash(Array(bytes[2..<22]))
        }
        guard bytes.count >= 4, bytes[0] == 0 || (0x51...0x60).contains(bytes[0]),
            Int(bytes[1]) == bytes.count - 2
        else { return nil }
        let version = bytes[0] == 0 ? 0 : bytes[0] - 0x50
        return WitnessProgram(version: version, program: Array(bytes[2...])).map { .witness($0) }
    }
}
