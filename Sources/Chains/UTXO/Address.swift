package import Crypto

/// Why a text is not an address of a network.
package enum AddressError: Error, Equatable {
    /// A valid address, but of these networks.
    case wrongNetwork([UTXONetwork])
    /// Neither Base58Check nor Bech32 of any network that we know.
    case unknown
    /// Starts like Base58, and its checksum or alphabet is broken.
    case base58(Base58Error)
    /// Starts like Bech32, and is broken.
    case bech32(Bech32Error)
    /// An address of Litecoin's extension block, which nobody can watch without its view key.
    case extensionBlock
}

/// An output script as people write it: a network and a script that has an address there.
package struct Address: Hashable, Sendable {
    /// Where it can be paid.
    package let network: UTXONetwork

    /// What is paid to.
    package let script: Script

    /// The canonical text: Bech32 in lower case, Litecoin's P2SH with its newer prefix.
    package let text: String

    /// The address of a script; nil if it is of a kind that has none.
    package init?(script: Script, on network: UTXONetwork) {
        guard let template = script.template else { return nil }
        (self.network, self.script) = (network, script)
        switch template {
        case .keyHash(let hash): text = Base58Check.encode([network.keyHashVersion] + hash)
        case .scriptHash(let hash): text = Base58Check.encode([network.scriptHashVersions[0]] + hash)
        case .witness(let witness): text = witness.address(prefix: network.witnessPrefix)
        }
    }

    /// Parses an address of `network` and of no other. Bech32 may be in upper case (BIP 173), never mixed;
    /// spaces are not taken.
    package init(parsing text: String, on network: UTXONetwork) throws(AddressError) {
        guard text.utf8.count <= UTXOLimits.addressCharacters else { throw .unknown }
        let lower = text.lowercased()
        guard !Self.extensionPrefixes.contains(where: { lower.hasPrefix($0) }) else { throw .extensionBlock }
        guard let separator = lower.lastIndex(of: "1"), Self.knowsPrefix(String(lower[..<separator])) else {
            self = try Self.legacy(text, on: network)
            return
        }
        // Some of Litecoin's old addresses begin with `LTC1`; they are of both cases, as Bech32 never is.
        if text != lower, text != text.uppercased(), let old = try? Self.legacy(text, on: network) {
            self = old
        } else {
            self = try Self.witness(text, on: network)
        }
    }

    private static func knowsPrefix(_ prefix: String) -> Bool {
        UTXONetwork.allCases.contains { $0.witnessPrefix == prefix }
    }

    private static let extensionPrefixes = ["ltcmweb1", "tmweb1"]

    private static func witness(_ text: String, on network: UTXONetwork) throws(AddressError) -> Address {
        let parsed: Bech32
        let witness: WitnessProgram
        do throws(Bech32Error) {
            parsed = try Bech32(parsing: text)
            witness = try WitnessProgram(parsed)
        } catch {
            throw .bech32(error)
        }
        guard parsed.prefix == network.witnessPrefix else {
            throw .wrongNetwork(UTXONetwork.allCases.filter { $0.witnessPrefix == parsed.prefix })
        }
        guard let address = Address(script: .payToWitness(witness), on: network) else { throw .unknown }
        return address
    }

    private static func legacy(_ text: String, on network: UTXONetwork) throws(AddressError) -> Address {
        let payload: [UInt8]
        do { payload = try Base58Check.decode(text) } catch { throw .base58(error) }
        guard payload.count == 21 else { throw .unknown }
        let version = payload[0]
        let hash = Array(payload[1...])
        let script: Script
        if version == network.keyHashVersion {
            script = .payToKeyHash(hash)
        } else if network.scriptHashVersions.contains(version) {
            script = .payToScriptHash(hash)
        } else {
            let owners = UTXONetwork.allCases.filter {
                $0.keyHashVersion == version || $0.scriptHashVersions.contains(version)
            }
            throw owners.isEmpty ? .unknown : .wrongNetwork(owners)
        }
        guard let address = Address(script: script, on: network) else { throw .unknown }
        return address
    }
}
