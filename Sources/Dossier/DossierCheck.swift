import Crypto
import Domain
import JSON
import Platform
import Storage

/// Checks a dossier against nothing but itself and what whoever checks it trusts already. Asks no store, no
/// network and no clock; what is in the file is a stranger's, and never traps.
package struct DossierCheck {
    /// What is trusted beforehand, from elsewhere.
    package struct Trust: Sendable {
        /// SHA-256 of public keys, in hexadecimal.
        package var keys: Set<String>
        /// Blocks that are known to be of the chain with the most work.
        package var headers: [TrustedHeader]

        package init(keys: Set<String> = [], headers: [TrustedHeader] = []) {
            self.keys = keys
            self.headers = headers
        }
    }

    /// A block's name at its height.
    package struct TrustedHeader: Hashable, Sendable {
        package let height: UInt64
        /// As nodes print it.
        package let block: String

        package init(height: UInt64, block: String) {
            self.height = height
            self.block = block
        }
    }

    let trust: Trust
    var report = DossierReport()

    /// Checks the bytes of a file.
    package static func report(on bytes: [UInt8], trusting trust: Trust = Trust()) -> DossierReport {
        var check = DossierCheck(trust: trust)
        check.run(bytes)
        return check.report
    }

    private init(trust: Trust) { self.trust = trust }

    private mutating func run(_ bytes: [UInt8]) {
        guard let file = read(bytes) else { return }
        let keys = trustedKeys(file)
        checkSignature(file, keys)
        guard checkRecords(file) else { return }
        checkSeal(file, keys)
        guard file.rules == Payment.rules else {
            report.add(
                .open, .word,
                "what the records come to: they were made by version \(file.rules) of the rules, and this"
                    + " program has version \(Payment.rules)")
            return
        }
        guard let story = retell(file) else { return }
        checkNetworks(file, story)
        checkPersonal(file, story)
    }

    /// Reads the document, which has one form only: so no other program reads another document in it.
    private mutating func read(_ bytes: [UInt8]) -> DossierFile? {
        guard bytes.count <= DossierLimits.fileBytes else {
            report.add(.failed, .file, "it has more than \(DossierLimits.fileBytes) bytes")
            return nil
        }
        let document = bytes.last == 0x0a ? Array(bytes.dropLast()) : bytes
        do {
            let limits = JSONLimits(bytes: DossierLimits.fileBytes, depth: DossierLimits.depth)
            let file = try DossierFile(Fields(try JSON.parse(document, limits: limits)))
            guard file.storedBytes == document else {
                report.add(.failed, .file, "it is not in its one form: another program has written it anew")
                return nil
            }
            report.add(.done, .file, "one document of the format \(DossierFile.format), in its one form")
            return file
        } catch {
            report.add(.failed, .file, "it is no dossier: \(error)")
            return nil
        }
    }

    // MARK: Keys

    static func fingerprint(_ key: [UInt8]) -> String { Hex.encode(SHA256.hash(key)) }

    static func isSigned(_ message: [UInt8], _ signature: [UInt8], by key: [UInt8]) -> Bool {
        Ed25519.PublicKey(key)?.isValid(signature, of: message) ?? false
    }

    /// The trusted keys, and those that they were followed by. Never those that they followed: whoever has a
    /// key can make an older one up.
    private mutating func trustedKeys(_ file: DossierFile) -> Set<String> {
        var keys = trust.keys
        for succession in file.successions {
            let message =
                Array("quittance/instance-key/1\n".utf8) + succession.old + succession.new
            guard Self.isSigned(message, succession.signature, by: succession.old) else {
                report.add(.failed, .word, "a key in it was not signed by the one that it follows")
                continue
            }
            if keys.contains(Self.fingerprint(succession.old)) {
                keys.insert(Self.fingerprint(succession.new))
            }
        }
        if let last = file.successions.last, last.new != file.key {
            report.add(.failed, .word, "its keys do not lead to the one that signed it")
        }
        for (one, next) in zip(file.successions, file.successions.dropFirst()) where one.new != next.old {
            report.add(.failed, .word, "its keys do not follow each other")
        }
        return keys
    }

    private mutating func checkSignature(_ file: DossierFile, _ keys: Set<String>) {
        let message = DossierFile.message(SHA256.hash(file.unsignedBytes))
        guard Self.isSigned(message, file.signature, by: file.key) else {
            return report.add(.failed, .word, "its signature is not that of the key that it names")
        }
        compare(file.key, "the file was signed on \(Timestamp.text(file.madeAt.milliseconds))", keys)
    }

    /// Says whose signature it is that holds.
    mutating func compare(_ key: [UInt8], _ what: String, _ keys: Set<String>) {
        let name = Self.fingerprint(key)
        if keys.contains(name) {
            report.add(.done, .word, "\(what), by a key that you trust (\(name))")
        } else if trust.keys.isEmpty {
            report.add(
                .open, .word, "\(what), by the key \(name), which was compared with nothing: see --key")
        } else {
            report.add(.failed, .word, "\(what), by the key \(name), which none that you trust leads to")
        }
    }

    // MARK: Records

    private mutating func checkRecords(_ file: DossierFile) -> Bool {
        guard !file.records.isEmpty else {
            report.add(.failed, .word, "it has no records")
            return false
        }
        for (number, line) in file.records.enumerated() {
            guard line.record.sequence == UInt64(number) else {
                report.add(.failed, .word, "record \(number) is numbered \(line.record.sequence)")
                return false
            }
            guard SHA256.hash(line.record.preimage) == line.hash else {
                report.add(.failed, .word, "the hash of record \(number) is not that of its content")
                return false
            }
        }
        report.add(
            .done, .word, "\(file.records.count) records, each bound by its hash to the one before")
        return true
    }

    /// Applies the rules to every fact from the first on.
    private mutating func retell(_ file: DossierFile) -> PaymentStory? {
        guard let id = ID<Payment>(parsing: file.payment) else {
            report.add(.failed, .word, "“\(file.payment)” is no payment's name")
            return nil
        }
        var story = PaymentStory(id)
        for line in file.records {
            guard let problem = story.take(line.record) else { continue }
            report.add(.failed, .word, "record \(line.record.sequence): \(problem)")
            return nil
        }
        guard let payment = story.payment, payment.terms.merchant.text == file.merchant else {
            report.add(.failed, .word, "it names another merchant than its records do")
            return nil
        }
        report.add(
            .done, .word, "the rules come to what each of the records tells: \(payment.state.rawValue)")
        describe(file, payment)
        return story
    }

    private mutating func describe(_ file: DossierFile, _ payment: Payment) {
        let terms = payment.terms
        let (exponent, code) = (terms.price.currency.exponent, terms.price.currency.code)
        let price = DecimalText.text(terms.price.minor, decimals: exponent, atLeast: exponent)
        report.subject.append(
            "payment \(payment.id), order \(terms.orderID), of merchant \(terms.merchant), asked for"
                + " \(price) \(code)")
        let last = file.records[file.records.count - 1].record
        let fulfilled = payment.fulfilment?.reportedAt == nil ? "" : ", reported as fulfilled"
        let ruled = payment.assessment.isByRuling ? ", by a ruling" : ""
        report.subject.append(
            "as it stood at record \(last.sequence), \(Timestamp.text(last.at.milliseconds)):"
                + " \(payment.state.rawValue)\(ruled)\(fulfilled); what came later is not in the file")
        if terms.isTest {
            report.add(
                .open, .network, "whether it is money: it was made with a test key, on networks for play")
        }
    }

    // MARK: Personal part

    private mutating func checkPersonal(_ file: DossierFile, _ story: PaymentStory) {
        guard let payment = story.payment, let part = file.personal else { return }
        let personal = Personal(salt: part.salt, customer: part.customer, body: part.body)
        guard personal.commitment == payment.terms.personal else {
            return report.add(.failed, .word, "customer or metadata are not what the first record binds")
        }
        for note in part.notes {
            let reason = payment.evidence.rulings.first { $0.number == note.ruling }?.reason
            let code = HMAC<SHA256>.code(Array(note.text.utf8), key: note.salt)
            guard let reason, reason.bytes == code else {
                return report.add(
                    .failed, .word, "the note on ruling \(note.ruling) is not the one that was made")
            }
        }
        report.add(.done, .word, "customer, metadata and \(part.notes.count) notes are what the records bind")
    }
}
