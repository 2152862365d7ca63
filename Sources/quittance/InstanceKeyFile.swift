import Crypto
import Engine
import Platform

/// The file with the instance's two keys: one seals secrets in the database, one signs webhooks and roots.
///
/// Whoever has it can read webhook secrets and sign in this instance's name; whoever loses it cannot read
/// sealed secrets any more. Only the service may read it, and it belongs into the backup.
enum InstanceKeyFile {
    static let name = "instance.key"
    private static let heading = "quittance instance key 1"
    private static let bytes = 4_096

    /// Reads the keys of a data folder, or makes them when the folder is new.
    ///
    /// *Atomicity*: the file is there whole or not at all. Throws `Failure` for a file that others may read
    /// or that is damaged, and `FileError`.
    static func open(folder: String, _ entropy: any Entropy) throws -> InstanceKeys {
        let path = folder + "/" + name
        if !Files.exists(path) {
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
