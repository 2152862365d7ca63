import Crypto
import Domain
import JSON
import Platform
import Storage

/// The instance key was replaced, by this program in another process: what this one would seal or sign
/// nobody could open or believe. It has to start again.
package struct KeyReplaced: FatefulError, Hashable, CustomStringConvertible {
    package init() {}

    package var isFatal: Bool { true }
    package var description: String { "the instance key was replaced; start again to read the new one" }
}

extension InstanceKeys {
    /// The SHA-256 of the public signing key: what a store knows its instance by.
    package var fingerprint: String { Hex.encode(SHA256.hash(signing.publicKey.bytes)) }

    /// The setting that holds the fingerprint of the key in force.
    package static let fingerprintName = "instance_key_fingerprint"
}

/// What a rotation has sealed again.
package struct Rotation: Hashable, Sendable {
    package internal(set) var endpoints = 0
    package internal(set) var answers = 0
}

extension Gateway {
    /// Throws `KeyReplaced` when another key than this process has is in force. To be asked in the
    /// transaction that stores what is sealed.
    func checkKey(_ tx: Storage.Transaction) throws {
        let known = try tx.setting(InstanceKeys.fingerprintName)
        guard known == nil || known == keys.fingerprint else { throw KeyReplaced() }
    }

    /// Whether the key of this process is in force.
    package func checkKey() async throws {
        try await store.read { try self.checkKey($0) }
    }

    /// Seals everything that is sealed with the instance key under another one, and makes that the one in
    /// force. The instance's chain records it, with a signature of the old key over the new one, so that
    /// whoever trusts the old one can trust the new one, and one of the new key over the last root of each
    /// scope, so that the old one can sign no other. This gateway must not be used afterwards.
    ///
    /// *Atomicity*: one transaction; before it only the old key opens anything, after it only the new one.
    /// *On failure*: nothing has changed, unless the outcome is unknown: the setting `fingerprintName` tells.
    /// Throws `KeyReplaced`, `SecretBoxError` for what the present key does not open, and what the store
    /// throws.
    package func rotateKeys(to new: InstanceKeys, cause: String) async throws -> Rotation {
        try await write { work in
            try self.checkKey(work.tx)
            var rotation = Rotation()
            for merchant in try work.tx.merchants() {
                for endpoint in try work.tx.endpoints(of: merchant.id) {
                    try self.sealAgain(endpoint, new, cause: cause, work)
                    rotation.endpoints += 1
                }
            }
            rotation.answers = try self.sealAnswersAgain(new, work)
            try work.tx.set(InstanceKeys.fingerprintName, new.fingerprint)
            try self.record(rotation, to: new, cause: cause, work)
            return rotation
        }
    }

    private func sealAgain(
        _ endpoint: StoredEndpoint, _ new: InstanceKeys, cause: String, _ work: Work
    ) throws {
        var endpoint = endpoint
        let place = Array("endpoint \(endpoint.id)".utf8)
        func again(_ sealed: [UInt8]) throws -> [UInt8] {
            new.box.seal(
                try keys.box.open(sealed, authenticating: place), authenticating: place,
                nonce: world.entropy.bytes(SecretBox.nonceSize))
        }
        endpoint.secret = try again(endpoint.secret)
        endpoint.previousSecret = try endpoint.previousSecret.map(again)
        try work.tx.save(endpoint)
        try record(
            endpoint, "endpoint_sealed_again", at: world.now, cause: cause, by: .operatorAtMachine, work.tx)
    }

    private func sealAnswersAgain(_ new: InstanceKeys, _ work: Work) throws -> Int {
        var count = 0
        var last: AnswerPlace?
        while true {
            let page = try work.tx.answers(after: last, limit: EngineLimits.sealedAnswers)
            for (place, answer) in page where Self.isSealed(answer) {
                let context = Self.context(place.merchant.text, place.operation, place.key)
                let body = new.box.seal(
                    try keys.box.open(answer.body, authenticating: context), authenticating: context,
                    nonce: world.entropy.bytes(SecretBox.nonceSize))
                try work.tx.replaceAnswer(at: place, body: body)
                count += 1
            }
            guard let end = page.last else { return count }
            last = end.place
        }
    }

    private func record(_ rotation: Rotation, to new: InstanceKeys, cause: String, _ work: Work) throws {
        let roots = try work.tx.lastRoots()
        var writer = JSONWriter()
        writer.object { writer in
            KeySuccession.write(from: keys.signing, to: new.signing, roots: roots, &writer)
            writer.member("endpoints", rotation.endpoints)
            writer.member("answers", rotation.answers)
        }
        try work.tx.record(
            chain: Storage.Transaction.instanceChain, at: world.now, kind: KeySuccession.kind,
            subject: new.fingerprint, cause: cause, actor: .operatorAtMachine, body: writer.bytes)
    }
}
