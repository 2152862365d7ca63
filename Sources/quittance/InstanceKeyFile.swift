import Crypto
import Engine
import Platform
import Storage

/// The file with the instance's two keys: one seals secrets in the database, one signs webhooks and roots.
///
/// Whoever has it can read webhook secrets and sign in this instance's name; whoever loses it cannot read
/// sealed secrets any more. Only the service may read it, and it belongs into the backup.
enum InstanceKeyFile {
    static let name = "instance.key"
    private static let heading = "quittance instance key 1"
    private static let bytes = 4_096

    /// Reads the keys of a data folder, or makes them when the instance is new. An instance whose store
    /// knows a key's fingerprint is not new: it is opened with that key or not at all, since another one
    /// can neither read its sealed secrets nor sign so that anybody believes it.
    ///
    /// *Atomicity*: the file is there whole or not at all. Throws `Failure` for a file that others may read,
    /// that is damaged, or that is not the one the store knows, and `FileError`.
    static func open(
        folder: String, known fingerprint: String? = nil, _ entropy: any Entropy
    ) throws -> InstanceKeys {
        let path = folder + "/" + name
        if !Files.exists(path) {
            guard fingerprint == nil else {
                throw Failure(
                    "\(path) is missing, and this database belongs to the key that was in it.",
                    advice: "Restore it from a backup: without it sealed secrets are lost.")
            }
            let keys = (seal: entropy.bytes(SecretBox.keySize), signing: entropy.bytes(Ed25519.keySize))
            let text = "\(heading)\nseal \(Hex.encode(keys.seal))\nsign \(Hex.encode(keys.signing))\n"
            try Files.write(Array(text.utf8), to: path, mode: 0o600)
        }
        let mode = try Files.permissions(of: path)
        guard mode & 0o077 == 0 else {
            throw Failure(
                "\(path) can be read by other users of this machine.",
                advice: "Run “chmod 600 \(path)”, and think about who may have read it.")
        }
        guard let keys = parse(try Files.read(path, maxBytes: bytes)) else {
            throw Failure(
                "\(path) is damaged.",
                advice: "Restore it from a backup: without it sealed secrets are lost.")
        }
        guard fingerprint == nil || fingerprint == keys.fingerprint else {
            throw Failure(
                "\(path) is not the key that this database belongs to.",
                advice: "Restore the key from the backup that the database is from, or name the data folder "
                    + "of this database.")
        }
        return keys
    }

    private static func parse(_ bytes: [UInt8]) -> InstanceKeys? {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard lines.count == 3, lines[0] == heading, lines[1].hasPrefix("seal "),
            lines[2].hasPrefix("sign "),
            var seal = Hex.decode(lines[1].dropFirst(5)), var sign = Hex.decode(lines[2].dropFirst(5)),
            let box = SecretBox(key: Secret(wiping: &seal)),
            let pair = Ed25519.KeyPair(seed: Secret(wiping: &sign))
        else { return nil }
        return InstanceKeys(box: box, signing: pair)
    }
}

extension InstanceKeys {
    /// The SHA-256 of the public signing key: what a store knows its instance by.
    var fingerprint: String { Hex.encode(SHA256.hash(signing.publicKey.bytes)) }

    /// Reads the keys that belong to a store; a new store takes those of the folder for good.
    ///
    /// *Replay*: safe. Two processes on a new database come one after the other, and the second one must
    /// have the first one's key. Throws as `InstanceKeyFile.open` does, and what the database throws.
    static func open(folder: String, _ store: Store, _ entropy: any Entropy) async throws -> InstanceKeys {
        let known = try await store.read { try $0.setting(fingerprintName) }
        let keys = try InstanceKeyFile.open(folder: folder, known: known, entropy)
        guard known == nil else { return keys }
        let fingerprint = keys.fingerprint
        let first = try await store.write { tx in
            if let other = try tx.setting(fingerprintName) { return other }
            try tx.set(fingerprintName, fingerprint)
            return fingerprint
        }
        return first == fingerprint
            ? keys : try InstanceKeyFile.open(folder: folder, known: first, entropy)
    }

    private static let fingerprintName = "instance_key_fingerprint"
}
