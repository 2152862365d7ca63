import Domain
package import JSON
import Platform
package import Storage

extension DossierFile: Stored {
    package func write(_ writer: inout JSONWriter) {
        writeUnsigned(&writer)
        writer.member("signature", Hex.encode(signature))
    }

    func writeUnsigned(_ writer: inout JSONWriter) {
        writer.member("format", Self.format)
        writer.member("rules", rules)
        writer.member("payment", payment)
        writer.member("merchant", merchant)
        writer.list("records", records)
        writer.storedOrNull("seal", seal)
        writer.list("keys", successions)
        writer.list("networks", networks)
        writer.storedOrNull("personal", personal)
        writer.member("made_at", madeAt.milliseconds)
        writer.member("key", Hex.encode(key))
    }

    package init(_ fields: Fields) throws(Corruption) {
        guard try fields.text("format") == Self.format else { throw Corruption("its format is another one") }
        let payment = try fields.text("payment")
        let records = try Self.records(fields, of: payment)
        let networks: [Network] = try fields.bounded("networks", DossierLimits.networks)
        self.init(
            payment: payment, merchant: try fields.text("merchant"), records: records, networks: networks,
            madeAt: Instant(milliseconds: try fields.integer("made_at")), key: try fields.bytes("key", 32))
        rules = try fields.integer("rules")
        seal = try fields.nestedOrNil("seal")
        successions = try fields.bounded("keys", DossierLimits.successions)
        personal = try fields.nestedOrNil("personal")
        signature = try fields.bytes("signature", 64)
    }

    /// The lines as records of one chain, each after the one before.
    private static func records(_ fields: Fields, of chain: String) throws(Corruption) -> [Line] {
        let bare: [Line] = try fields.bounded("records", DossierLimits.records)
        var previous = [UInt8](repeating: 0, count: 32)
        return bare.map { line in
            let bare = line.record
            let record = Record(
                chain: chain, sequence: bare.sequence, at: bare.at, kind: bare.kind, subject: bare.subject,
                cause: bare.cause, actor: bare.actor, body: bare.body, previous: previous)
            previous = line.hash
            return Line(record: record, hash: line.hash)
        }
    }
}

extension DossierFile.Line: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("sequence", record.sequence)
        writer.member("at", record.at.milliseconds)
        writer.member("kind", record.kind)
        writer.member("subject", record.subject)
        writer.member("cause", record.cause)
        writer.member("actor", record.actor)
        writer.member("body", String(decoding: record.body, as: UTF8.self))
        writer.member("hash", Hex.encode(hash))
    }

    package init(_ fields: Fields) throws(Corruption) {
        let record = Record(
            chain: "", sequence: try fields.integer("sequence"),
            at: Instant(milliseconds: try fields.integer("at")),
            kind: try fields.text("kind"), subject: try fields.text("subject"),
            cause: try fields.text("cause"), actor: try fields.text("actor"),
            body: Array(try fields.text("body").utf8), previous: [])
        self.init(record: record, hash: try fields.bytes("hash", 32))
    }
}

extension DossierFile.Seal: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("record", record)
        writer.member("place", place)
        writer.array("path", path.map { Hex.encode($0) })
        writer.stored("root", root)
        writer.list("later", later)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            record: try fields.integer("record"), place: try fields.integer("place"),
            path: try fields.hashes("path", DossierLimits.path), root: try fields.nested("root"),
            later: try fields.bounded("later", DossierLimits.roots))
    }
}

extension DossierFile.SealedRoot: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("scope", scope)
        writer.member("number", number)
        writer.member("at", at.milliseconds)
        writer.member("leaves", leaves)
        writer.member("tree", Hex.encode(tree))
        writer.member("previous", Hex.encode(previous))
        writer.member("key", Hex.encode(key))
        writer.member("signature", Hex.encode(signature))
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            scope: try fields.text("scope"), number: try fields.integer("number"),
            at: Instant(milliseconds: try fields.integer("at")), leaves: try fields.integer("leaves"),
            tree: try fields.bytes("tree", 32), previous: try fields.bytes("previous", 32),
            key: try fields.bytes("key", 32), signature: try fields.bytes("signature", 64))
    }
}

extension DossierFile.Succession: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("old", Hex.encode(old))
        writer.member("new", Hex.encode(new))
        writer.member("signature", Hex.encode(signature))
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            old: try fields.bytes("old", 32), new: try fields.bytes("new", 32),
            signature: try fields.bytes("signature", 64))
    }
}

extension DossierFile.Network: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("network", name)
        writer.list("transactions", transactions)
        writer.list("headers", headers)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            name: try fields.text("network"),
            transactions: try fields.bounded("transactions", DossierLimits.transactions),
            headers: try fields.bounded("headers", DossierLimits.runs))
    }
}

extension DossierFile.Mined: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("transaction", transaction)
        writer.member("block", block)
        writer.member("height", height)
        writer.member("place", place)
        writer.array("branch", branch.map { Hex.encode($0) })
        writer.member("raw", raw.map { Hex.encode($0) })
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            transaction: try fields.text("transaction"), block: try fields.text("block"),
            height: try fields.integer("height"), place: try fields.integer("place"),
            branch: try fields.hashes("branch", DossierLimits.path),
            raw: fields.value("raw") == nil ? nil : try fields.bytes("raw", nil))
    }
}

extension DossierFile.Run: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("height", height)
        writer.array("raw", headers.map { Hex.encode($0) })
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            height: try fields.integer("height"),
            headers: try fields.hashes("raw", DossierLimits.headers, size: 80))
    }
}

extension DossierFile.PersonalPart: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("salt", Hex.encode(salt))
        writer.member("customer", customer)
        writer.member("body", String(decoding: body, as: UTF8.self))
        writer.list("notes", notes)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            salt: try fields.bytes("salt", nil), customer: try fields.textOrNil("customer"),
            body: Array(try fields.text("body").utf8),
            notes: try fields.bounded("notes", DossierLimits.notes))
    }
}

extension DossierFile.Note: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("ruling", ruling)
        writer.member("salt", Hex.encode(salt))
        writer.member("text", text)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            ruling: try fields.integer("ruling"), salt: try fields.bytes("salt", nil),
            text: try fields.text("text"))
    }
}

extension Fields {
    /// Bytes in hexadecimal, of one length if that is fixed.
    fileprivate func bytes(_ key: String, _ count: Int?) throws(Corruption) -> [UInt8] {
        guard let bytes = Hex.decode(try text(key)), count == nil || bytes.count == count else {
            throw Corruption("“\(key)” is not \(count.map { "\($0) " } ?? "")bytes in hexadecimal")
        }
        return bytes
    }

    fileprivate func hashes(
        _ key: String, _ most: Int, size: Int = 32
    ) throws(Corruption) -> [[UInt8]] {
        let hashes = try elements(key) { json throws(Corruption) in
            guard let bytes = json.asString.flatMap({ Hex.decode($0) }), bytes.count == size else {
                throw Corruption("“\(key)” has an element that is not \(size) bytes in hexadecimal")
            }
            return bytes
        }
        guard hashes.count <= most else { throw Corruption("“\(key)” has more than \(most) elements") }
        return hashes
    }

    fileprivate func bounded<T: Stored>(_ key: String, _ most: Int) throws(Corruption) -> [T] {
        let values: [T] = try list(key)
        guard values.count <= most else { throw Corruption("“\(key)” has more than \(most) elements") }
        return values
    }
}
