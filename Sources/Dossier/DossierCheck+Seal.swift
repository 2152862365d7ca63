import Crypto
import Domain
import Platform
package import Storage

extension DossierCheck {
    /// Whether the records are under a signed root, up to which one, and by whose key.
    mutating func checkSeal(_ file: DossierFile, _ keys: Set<String>) {
        guard let seal = file.seal else {
            return report.add(
                .open, .word, "that the records were not written anew: no root covers them yet")
        }
        if let flaw = Self.flaw(of: seal, in: file) { return report.add(.failed, .word, flaw) }
        let root = seal.root
        let what =
            "records 0 to \(seal.record) are under root \(root.number) of"
            + " \(Timestamp.text(root.at.milliseconds)), \(Hex.encode(root.hash))"
        compareSigner(of: seal, what, file, keys)
        guard let last = file.records.last?.record.sequence, seal.record < last else { return }
        let first = seal.record + 1
        report.add(
            .open, .word,
            "that \(first == last ? "record \(last) was" : "records \(first) to \(last) were") not written"
                + " anew: younger than that root")
    }

    /// What is wrong with a seal by itself; nil when nothing is.
    private static func flaw(of seal: DossierFile.Seal, in file: DossierFile) -> String? {
        let root = seal.root
        guard root.scope == file.merchant else { return "its root is not one of its merchant's" }
        guard let number = Int(exactly: seal.record), file.records.indices.contains(number) else {
            return "its root covers a record that is not there"
        }
        let leaf = Leaf(chain: file.payment, sequence: seal.record, hash: file.records[number].hash)
        let path = seal.path.compactMap { Hash256($0) }
        guard path.count == seal.path.count,
            let head = MerkleTree.head(of: leaf.preimage, at: seal.place, of: root.leaves, path: path),
            head.bytes == root.tree
        else { return "record \(seal.record) is not in the tree of its root" }
        let known = file.successions.map(\.old) + [file.key]
        var last: DossierFile.SealedRoot?
        for root in [root] + seal.later {
            let message = Root.message(root.hash)
            guard known.contains(root.key), isSigned(message, root.signature, by: root.key) else {
                return "root \(root.number) was not signed by a key of the instance that made the file"
            }
            if let last {
                let follows = root.number > last.number && root.previous == last.hash
                guard follows, root.scope == last.scope else {
                    return "root \(root.number) is not one that follows root \(last.number)"
                }
            }
            last = root
        }
        return nil
    }

    /// Says whose signature is on the root. A key that was followed by another cannot be vouched for by that
    /// one's signature alone; but each root holds the one before it, so a later root that is signed by a key
    /// which is trusted vouches for it.
    private mutating func compareSigner(
        of seal: DossierFile.Seal, _ what: String, _ file: DossierFile, _ keys: Set<String>
    ) {
        let name = Self.fingerprint(seal.root.key)
        if keys.contains(name) || trust.keys.isEmpty { return compare(seal.root.key, what, keys) }
        if let later = seal.later.last(where: { keys.contains(Self.fingerprint($0.key)) }) {
            report.add(
                .done, .word,
                "\(what), by the key \(name); root \(later.number) of"
                    + " \(Timestamp.text(later.at.milliseconds)) holds it, by a key that you trust"
                    + " (\(Self.fingerprint(later.key)))")
        } else if keys.contains(Self.fingerprint(file.key)) {
            report.add(
                .open, .word,
                "\(what), by the key \(name), which came before the one that you trust; no later root in the"
                    + " file vouches for it: give --key \(name) as well if you trusted that one then")
        } else {
            compare(seal.root.key, what, keys)
        }
    }
}

extension DossierFile.SealedRoot {
    private var root: Root {
        Root(
            scope: scope, number: number, at: at, leaves: leaves, tree: tree, previous: previous, key: key)
    }

    /// What is signed, and what the next root holds of it.
    var hash: [UInt8] { SHA256.hash(root.preimage) }

    /// A root as the store has it.
    package init(_ stored: StoredRoot) {
        let root = stored.root
        self.init(
            scope: root.scope, number: root.number, at: root.at, leaves: root.leaves, tree: root.tree,
            previous: root.previous, key: root.key, signature: stored.signature)
    }
}
