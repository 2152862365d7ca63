import Crypto
import Engine
import Platform
import Storage

/// The file with the instance's two keys: one seals secrets in the database, one signs webhooks and roots.
///
/// Whoever has it can read webhook secrets and sign in this instance's name; whoever loses it cannot read
/// sealed secrets any more. Only the service may read it, and it belongs into the backup. While the keys are
/// being replaced, it holds the next ones too.
enum InstanceKeyFile {
    static let name = "instance.key"
    private static let heading = "quittance instance key 1"
    private static let bytes = 4_096

    /// The keys in the file.
    struct Content {
        var present: Pair
        /// Those that are to follow, from before the store knows of them until it is sure that it does.
        var next: Pair?

        /// The two secrets of one key, in hexadecimal.
        struct Pair: Hashable {
            let seal: String
            let sign: String

            init(_ entropy: any Entropy) {
                seal = Hex.encode(entropy.bytes(SecretBox.keySize))
                sign = Hex.encode(entropy.bytes(Ed25519.keySize))
            }

            /// Reads two lines. Nil for others.
            init?(_ first: Substring, _ second: Substring, _ prefix: String) {
                guard first.hasPrefix(prefix + "seal "), second.hasPrefix(prefix + "sign ") else {
                    return nil
                }
                seal = String(first.dropFirst(prefix.count + 5))
                sign = String(second.dropFirst(prefix.count + 5))
                if keys == nil { return nil }
            }

            /// Nil for malformed secrets.
            var keys: InstanceKeys? {
                guard var seal = Hex.decode(seal), var sign = Hex.decode(sign),
                    let box = SecretBox(key: Secret(wiping: &seal)),
                    let pair = Ed25519.KeyPair(seed: Secret(wiping: &sign))
                else { return nil }
                return InstanceKeys(box: box, signing: pair)
            }

            func lines(_ prefix: String) -> String { "\(prefix)seal \(seal)\n\(prefix)sign \(sign)\n" }
        }

        /// Nil for what is not such a file.
        init?(_ bytes: [UInt8]) {
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            guard [3, 5].contains(lines.count), lines[0] == heading,
                let present = Pair(lines[1], lines[2], "")
            else { return nil }
            self.present = present
            guard lines.count == 5 else { return }
            next = Pair(lines[3], lines[4], "next-")
            if next == nil { return nil }
        }

        init(_ entropy: any Entropy) { present = Pair(entropy) }

        var bytes: [UInt8] {
            Array("\(heading)\n\(present.lines(""))\(next?.lines("next-") ?? "")".utf8)
        }
    }

    /// Reads the keys of a data folder, or makes them when the instance is new. An instance whose store
    /// knows a key's fingerprint is not new: it is opened with that key or not at all, since another one
    /// can neither read its sealed secrets nor sign so that anybody believes it. Which of two keys is in
    /// force, the fingerprint tells.
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
            try Files.write(Content(entropy).bytes, to: path, mode: 0o600)
        }
        let content = try read(path)
        let pairs = [content.present, content.next].compactMap { $0 }
        let found = pairs.compactMap(\.keys).first { fingerprint == nil || fingerprint == $0.fingerprint }
        guard let found else {
            throw Failure(
                "\(path) is not the key that this database belongs to.",
                advice: "Restore the key from the backup that the database is from, or name the data folder "
                    + "of this database.")
        }
        if let next = content.next, next.keys?.fingerprint == fingerprint { try keep(next, folder: folder) }
        return found
    }

    /// Puts the next keys beside the present ones, or gives those that an interrupted replacement put there.
    ///
    /// *Atomicity*: durable when this returns. Throws as `open` does.
    static func prepare(folder: String, _ entropy: any Entropy) throws -> InstanceKeys {
        let path = folder + "/" + name
        var content = try read(path)
        let next = content.next ?? Content.Pair(entropy)
        content.next = next
        try Files.write(content.bytes, to: path, mode: 0o600)
        guard let keys = next.keys else { throw damage(path) }
        return keys
    }

    /// Lets the next keys be the only ones: the store has them in force, durably.
    static func finish(folder: String) throws {
        if let next = try read(folder + "/" + name).next { try keep(next, folder: folder) }
    }

    private static func keep(_ pair: Content.Pair, folder: String) throws {
        var content = try read(folder + "/" + name)
        content.present = pair
        content.next = nil
        try Files.write(content.bytes, to: folder + "/" + name, mode: 0o600)
    }

    private static func read(_ path: String) throws -> Content {
        let mode = try Files.permissions(of: path)
        guard mode & 0o077 == 0 else {
            throw Failure(
                "\(path) can be read by other users of this machine.",
                advice: "Run “chmod 600 \(path)”, and think about who may have read it.")
        }
        guard let content = Content(try Files.read(path, maxBytes: bytes)) else { throw damage(path) }
        return content
    }

    private static func damage(_ path: String) -> Failure {
        Failure(
            "\(path) is damaged.", advice: "Restore it from a backup: without it sealed secrets are lost.")
    }
}

extension InstanceKeys {
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
}

extension Instance {
    /// Replaces the instance key. At every moment, also after a crash, the file holds the key that opens
    /// what is in the database: the next one is in it before the store is changed, the old one until the
    /// change is durable. Done again, it goes on where it was interrupted.
    ///
    /// The instance is of no use afterwards but to be closed. Throws what the store and the file throw.
    func replaceKey() async throws -> (rotation: Rotation, fingerprint: String) {
        let folder = configuration.data
        let next = try InstanceKeyFile.prepare(folder: folder, gateway.world.entropy)
        let rotation = try await gateway.rotateKeys(to: next, cause: "quittance key rotate-instance")
        try InstanceKeyFile.finish(folder: folder)
        return (rotation, next.fingerprint)
    }
}

/// Ends a process whose key was replaced meanwhile, which only happens where several share a database.
struct KeyWatch: Resident {
    let gateway: Gateway

    private static let pauseMilliseconds: Int64 = 5_000

    var name: String { "key" }

    func run() async throws {
        while !Task.isCancelled {
            try await gateway.checkKey()
            try await gateway.world.clock.sleep(milliseconds: Self.pauseMilliseconds)
        }
    }
}
