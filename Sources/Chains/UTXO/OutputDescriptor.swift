package import Crypto

/// Why a text is not an account that payments can be derived from.
package enum AccountKeyError: Error, Equatable {
    /// It holds a *private* key. Nothing of it was kept; whoever sent it should consider its coins at risk.
    case privateKey
    /// Longer than `UTXOLimits.descriptorCharacters`.
    case tooLong
    /// Not the form of a descriptor, or a character outside its alphabet.
    case syntax
    /// The checksum is another one than that of the text: a typing mistake, or a cut-off text.
    case checksum
    /// A descriptor of a kind that does not give one address a payment: `multi`, `combo`, `tr` with a tree.
    case unsupportedDescriptor(String)
    /// A single public key, or a path that does not end in `*`: every payment would have the same address.
    case notRanged
    /// A path behind the extended key with a hardened step, which needs the private key.
    case hardened
    /// Not one pair such as `<0;1>`, or more than one.
    case multipath
    /// More steps than `UTXOLimits.pathSteps`, or deeper than BIP 32 goes.
    case tooDeep
    /// The extended key is malformed.
    case key(ExtendedKeyError)
    /// The key's prefix belongs to networks of this family, not to the one asked for.
    case wrongNetwork(ExtendedKeyVersion)
    /// The prefix stands for another script type than the one asked for.
    case scriptTypeConflict(ScriptType)
    /// An `xpub` says nothing about scripts: the type has to be given, or a descriptor.
    case scriptTypeNeeded
    /// A cosigner's key of a shared wallet (`Zpub` and the like) gives no address alone.
    case sharedWallet
}

/// Where an extended key comes from: the master key's fingerprint and the steps from it.
package struct KeyOrigin: Hashable, Sendable {
    /// The first four bytes of the master key's hash160, as a big-endian number.
    package let fingerprint: UInt32

    /// Hardened steps have `ExtendedPublicKey.hardenedOffset` added.
    package let path: [UInt32]

    package init(fingerprint: UInt32, path: [UInt32]) { (self.fingerprint, self.path) = (fingerprint, path) }
}

/// A ranged, single-key output descriptor (BIP 380 to 382, 386, 389): `pkh`, `wpkh`, `sh(wpkh())` or `tr`
/// over an extended public key whose path ends in `*`.
package struct OutputDescriptor: Sendable {
    /// What its scripts are.
    package let scriptType: ScriptType

    /// What is known about the key's descent.
    package let origin: KeyOrigin?

    /// The key as it was given.
    package let key: ExtendedPublicKey

    /// The steps between the key and `*`; of a pair `<a;b>` the first, which is the receiving one.
    package let path: [UInt32]

    /// Whether the text had a checksum, which was right.
    package let hadChecksum: Bool

    package init(scriptType: ScriptType, origin: KeyOrigin?, key: ExtendedPublicKey, path: [UInt32]) {
        (self.scriptType, self.origin, self.key, self.path) = (scriptType, origin, key, path)
        hadChecksum = true
    }

    /// Parses a descriptor with or without a checksum.
    package init(parsing text: String) throws(AccountKeyError) {
        guard text.utf8.count <= UTXOLimits.descriptorCharacters else { throw .tooLong }
        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let body = parts[0]
        guard let checksum = DescriptorChecksum.compute(body) else { throw .syntax }
        if parts.count == 2, parts[1] != checksum { throw .checksum }
        hadChecksum = parts.count == 2
        let (scriptType, expression) = try Self.scriptType(of: body)
        self.scriptType = scriptType
        var key = expression
        origin = try Self.takeOrigin(&key)
        let steps = key.split(separator: "/", omittingEmptySubsequences: false)
        self.key = try Self.extendedKey(steps[0])
        path = try Self.path(steps.dropFirst())
        guard Int(self.key.depth) + path.count < Int(UInt8.max) else { throw .tooDeep }
    }

    /// The descriptor with its checksum, its key under the prefix `version`.
    package func text(as version: ExtendedKeyVersion) -> String {
        var expression = ""
        if let origin {
            let fingerprint = String(origin.fingerprint, radix: 16)
            expression = "[" + String(repeating: "0", count: 8 - fingerprint.count) + fingerprint
            expression += origin.path.map { "/" + Self.text(ofStep: $0) }.joined() + "]"
        }
        expression += key.text(as: version)
        expression += path.map { "/" + Self.text(ofStep: $0) }.joined() + "/*"
        let body =
            switch scriptType {
            case .p2pkh: "pkh(\(expression))"
            case .p2wpkh: "wpkh(\(expression))"
            case .p2shP2wpkh: "sh(wpkh(\(expression)))"
            case .p2tr: "tr(\(expression))"
            }
        return body + (DescriptorChecksum.compute(body).map { "#" + $0 } ?? "")
    }

    /// A step as descriptors write it: `84h` for a hardened one.
    static func text(ofStep step: UInt32) -> String {
        step >= ExtendedPublicKey.hardenedOffset ? "\(step - ExtendedPublicKey.hardenedOffset)h" : "\(step)"
    }
}

extension OutputDescriptor {
    private static func scriptType(
        of body: Substring
    ) throws(AccountKeyError) -> (ScriptType, Substring) {
        let forms: [(prefix: String, suffix: String, type: ScriptType)] = [
            ("pkh(", ")", .p2pkh), ("wpkh(", ")", .p2wpkh), ("sh(wpkh(", "))", .p2shP2wpkh),
            ("tr(", ")", .p2tr),
        ]
        for form in forms where body.hasPrefix(form.prefix) && body.hasSuffix(form.suffix) {
            let expression = body.dropFirst(form.prefix.count).dropLast(form.suffix.count)
            guard !expression.contains(",") else {
                throw .unsupportedDescriptor("\(form.type.rawValue) with a tree")
            }
            guard !expression.contains("("), !expression.contains(")") else { throw .syntax }
            return (form.type, expression)
        }
        guard let parenthesis = body.firstIndex(of: "("), body.hasSuffix(")") else { throw .syntax }
        throw .unsupportedDescriptor(String(body[..<parenthesis]))
    }

    private static func takeOrigin(_ key: inout Substring) throws(AccountKeyError) -> KeyOrigin? {
        guard key.hasPrefix("[") else { return nil }
        guard let end = key.firstIndex(of: "]") else { throw .syntax }
        let steps = key[key.index(after: key.startIndex)..<end]
            .split(separator: "/", omittingEmptySubsequences: false)
        key = key[key.index(after: end)...]
        guard steps[0].utf8.count == 8, steps[0].allSatisfy(\.isHexDigit),
            let fingerprint = UInt32(steps[0], radix: 16)
        else { throw .syntax }
        guard steps.count - 1 <= UTXOLimits.pathSteps else { throw .tooDeep }
        var path: [UInt32] = []
        for step in steps.dropFirst() { path.append(try Self.step(step)) }
        return KeyOrigin(fingerprint: fingerprint, path: path)
    }

    private static func extendedKey(_ text: Substring) throws(AccountKeyError) -> ExtendedPublicKey {
        do {
            return try ExtendedPublicKey(parsing: String(text))
        } catch {
            if error == .privateKey || isPrivateKey(text) { throw .privateKey }
            let isPublicKey = [64, 66, 130].contains(text.utf8.count) && text.allSatisfy(\.isHexDigit)
            throw isPublicKey ? .notRanged : .key(error)
        }
    }

    /// Whether the text is a single private key in the wallets' import format, of any network here.
    static func isPrivateKey(_ text: Substring) -> Bool {
        guard let payload = try? Base58Check.decode(String(text)) else { return false }
        return [33, 34].contains(payload.count) && [128, 176, 239].contains(payload[0])
    }

    private static func path(_ steps: ArraySlice<Substring>) throws(AccountKeyError) -> [UInt32] {
        guard let last = steps.last else { throw .notRanged }
        guard steps.count <= UTXOLimits.pathSteps else { throw .tooDeep }
        guard !["*h", "*'", "*H"].contains(last) else { throw .hardened }
        guard last == "*" else { throw .notRanged }
        var path: [UInt32] = []
        var pairs = 0
        for step in steps.dropLast() {
            if step.hasPrefix("<") {
                pairs += 1
                path.append(try receivingStep(step))
            } else {
                path.append(try Self.step(step))
            }
        }
        guard pairs <= 1 else { throw .multipath }
        guard path.allSatisfy({ $0 < ExtendedPublicKey.hardenedOffset }) else { throw .hardened }
        return path
    }

    /// The first step of a pair `<a;b>` (BIP 389).
    private static func receivingStep(_ text: Substring) throws(AccountKeyError) -> UInt32 {
        guard text.hasSuffix(">") else { throw .syntax }
        let choices = text.dropFirst().dropLast().split(separator: ";", omittingEmptySubsequences: false)
        guard choices.count == 2, choices[0] != choices[1] else { throw .multipath }
        let receiving = try step(choices[0])
        guard try step(choices[1]) < ExtendedPublicKey.hardenedOffset else { throw .hardened }
        return receiving
    }

    private static func step(_ text: Substring) throws(AccountKeyError) -> UInt32 {
        let isHardened = text.hasSuffix("h") || text.hasSuffix("'") || text.hasSuffix("H")
        let digits = isHardened ? text.dropLast() : text
        guard !digits.isEmpty, digits.utf8.count <= 10,
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = UInt32(digits), number < ExtendedPublicKey.hardenedOffset
        else { throw .syntax }
        return isHardened ? number + ExtendedPublicKey.hardenedOffset : number
    }
}
