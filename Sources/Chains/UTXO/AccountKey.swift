package import Crypto
import Platform

/// A merchant's receiving account on one network, watch-only: script after script, address after address, by
/// index.
package struct AccountKey: Sendable {
    /// Something that is allowed and worth a question to whoever set it up.
    package enum Warning: Hashable, Sendable {
        /// Accounts of BIP 44 lie at depth 3; another depth is another wallet's habit, or the wrong key.
        case unusualDepth(UInt8)
        /// The descriptor came without a checksum, so a cut-off text could go unnoticed.
        case noChecksum
        /// The origin's path has another length than the key's depth: one of them is wrong.
        case originDepth(Int, key: UInt8)
        /// The path behind the key is not the receiving branch `0` of an account.
        case unusualBranch([UInt32])
    }

    /// One place to be paid at.
    package struct Destination: Hashable, Sendable {
        /// Its number within the account's receiving branch.
        package let index: UInt32

        /// What an output to it looks like.
        package let script: Script

        /// What the customer is shown.
        package let address: Address

        /// The steps to its key: from the master key, `m/84h/0h/0h/0/7`, where the origin is known, else from
        /// the account key, `0/7`.
        package let path: String
    }

    /// Where its addresses can be paid.
    package let network: UTXONetwork

    /// The account as a descriptor.
    package let descriptor: OutputDescriptor

    /// What its operator should look at.
    package let warnings: [Warning]

    /// The parent of all receiving keys, derived once.
    private let branch: ExtendedPublicKey

    /// Parses a descriptor, or a bare extended key. A bare key receives on branch 0 of itself and needs a
    /// `scriptType` unless its prefix says one (`ypub`, `zpub`, …); given for a descriptor, it must be the
    /// descriptor's own.
    package init(
        parsing text: String, on network: UTXONetwork, scriptType: ScriptType? = nil
    ) throws(AccountKeyError) {
        // Before anything else that may be wrong with it.
        if SpendingKey.isIn(text) { throw .privateKey }
        guard text.utf8.count <= UTXOLimits.descriptorCharacters else { throw .tooLong }
        let descriptor =
            text.contains("(")
            ? try OutputDescriptor(parsing: text)
            : try Self.descriptor(bareKey: text, on: network, scriptType: scriptType)
        try self.init(descriptor, on: network)
        if let scriptType, scriptType != descriptor.scriptType {
            throw .scriptTypeConflict(descriptor.scriptType)
        }
    }

    /// Checks that the descriptor's key is for `network` and for the descriptor's scripts, and derives its
    /// branch.
    package init(_ descriptor: OutputDescriptor, on network: UTXONetwork) throws(AccountKeyError) {
        let version = descriptor.key.version
        guard version.hint != .shared else { throw .sharedWallet }
        guard network.accepts(version) else { throw .wrongNetwork(version) }
        if let hinted = Self.scriptType(version.hint), hinted != descriptor.scriptType {
            throw .scriptTypeConflict(hinted)
        }
        var branch = descriptor.key
        for step in descriptor.path {
            do { branch = try branch.child(step) } catch { throw .key(error) }
        }
        (self.network, self.descriptor, self.branch) = (network, descriptor, branch)
        warnings = Self.warnings(descriptor)
    }

    /// The destination with number `index`, below 2³¹. An index without a key (one in 2¹²⁷) throws `noChild`:
    /// take the next one.
    package func destination(at index: UInt32) throws(ExtendedKeyError) -> Destination {
        let key = try branch.childPublicKey(index)
        guard let script = try? Script.paying(key, as: descriptor.scriptType),
            let address = Address(script: script, on: network)
        else { throw .noChild }
        return Destination(index: index, script: script, address: address, path: path(of: index))
    }

    /// Names the chain of keys, whatever they are called and whatever scripts they are put into: 32
    /// hexadecimal digits of a hash over the branch's point and chain code. Destination indices are counted
    /// by it, so that no key is handed out twice.
    package var branchID: String { Self.branchID(of: branch) }

    static func branchID(of branch: ExtendedPublicKey) -> String {
        Hex.encode(SHA256.hash(branch.publicKey.compressed + branch.chainCode).prefix(16))
    }

    /// The account in one canonical form, with checksum, as wallets import it.
    package var canonicalText: String { descriptor.text(as: network.descriptorKeyVersion) }

    private func path(of index: UInt32) -> String {
        let steps = (descriptor.origin?.path ?? []) + descriptor.path + [index]
        let text = steps.map(OutputDescriptor.text(ofStep:)).joined(separator: "/")
        return descriptor.origin == nil ? text : "m/" + text
    }

    private static func descriptor(
        bareKey text: String, on network: UTXONetwork, scriptType: ScriptType?
    ) throws(AccountKeyError) -> OutputDescriptor {
        let key: ExtendedPublicKey
        do {
            key = try ExtendedPublicKey(parsing: text)
        } catch {
            throw error == .privateKey || OutputDescriptor.isPrivateKey(text[...]) ? .privateKey : .key(error)
        }
        guard key.version.hint != .shared else { throw .sharedWallet }
        // Before anything is asked for that would be refused for it.
        guard network.accepts(key.version) else { throw .wrongNetwork(key.version) }
        guard let type = Self.scriptType(key.version.hint) ?? scriptType else { throw .scriptTypeNeeded }
        guard key.depth < UInt8.max - 1 else { throw .tooDeep }
        return OutputDescriptor(scriptType: type, origin: nil, key: key, path: [0])
    }

    private static func scriptType(_ hint: ExtendedKeyVersion.Hint) -> ScriptType? {
        switch hint {
        case .any, .shared: nil
        case .nestedWitness: .p2shP2wpkh
        case .witness: .p2wpkh
        }
    }

    private static func warnings(_ descriptor: OutputDescriptor) -> [Warning] {
        var warnings: [Warning] = []
        let depth = descriptor.key.depth
        if depth != 3 { warnings.append(.unusualDepth(depth)) }
        if !descriptor.hadChecksum { warnings.append(.noChecksum) }
        if let origin = descriptor.origin, origin.path.count != Int(depth) {
            warnings.append(.originDepth(origin.path.count, key: depth))
        }
        if descriptor.path != [0] { warnings.append(.unusualBranch(descriptor.path)) }
        return warnings
    }
}
