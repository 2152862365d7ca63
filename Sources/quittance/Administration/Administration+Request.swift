import Engine
import JSON

extension Administration {
    /// One thing that is asked for.
    enum Request: Sendable, Hashable {
        /// How the serving process does; null where none serves.
        case status
        /// `[{"good", "what", "detail", "advice"}]`: the database and what is in it.
        case examination
        /// A `Verdict`, also on roots that the store must have.
        case verification([KeptRoot])
        /// `[{"id", "name"}]`
        case merchants
        /// `{"id", "name"}`
        case newMerchant(name: String)
        /// `[{"id", "merchant", "name", "hint", "test", "scopes", "revoked"}]`, of one merchant or of all.
        case keys(merchant: String?)
        /// `{"id", "key"}`; the key's text is nowhere else.
        case newKey(NewKey)
        /// `{"id"}`
        case revokeKey(id: String)
        /// `[{"id", "since", "waiting", "reason"}]`
        case setAside
        /// A payment's file: see docs/DOSSIER.md.
        case dossier(payment: String, showsPersonal: Bool)
        /// `{"facts", "rebuilt"}`, or `{"still_aside"}` with the reason.
        case release(payment: String, reason: String)

        /// `{"payments", "answers"}`: how many were erased, of one payment or of all before a time.
        case erase(payment: String?, before: Int64?)

        /// The key that is to be made.
        struct NewKey: Sendable, Hashable {
            /// The merchant's identity; nil for the only one.
            let merchant: String?
            let name: String
            let scopes: [Scope]
            let isTest: Bool
        }
    }
}

extension Administration.Request {
    /// Whether asking twice does no more than asking once.
    var isReading: Bool {
        switch self {
        case .status, .examination, .verification, .merchants, .keys, .setAside, .dossier: true
        case .newMerchant, .newKey, .revokeKey, .release, .erase: false
        }
    }

    /// As it goes to another process.
    var json: JSON {
        switch self {
        case .status: ["do": "status"]
        case .examination: ["do": "examine"]
        case .verification(let roots):
            ["do": "verify", "roots": .array(roots.map { .string($0.text) })]
        case .merchants: ["do": "merchant.list"]
        case .newMerchant(let name): ["do": "merchant.create", "name": .string(name)]
        case .keys(let merchant): ["do": "key.list", "merchant": .optional(merchant)]
        case .newKey(let wish):
            [
                "do": "key.create", "merchant": .optional(wish.merchant), "name": .string(wish.name),
                "scopes": .array(wish.scopes.map { .string($0.rawValue) }), "test": .bool(wish.isTest),
            ]
        case .revokeKey(let id): ["do": "key.revoke", "id": .string(id)]
        case .setAside: ["do": "payment.list"]
        case .dossier(let payment, let showsPersonal):
            ["do": "payment.dossier", "id": .string(payment), "personal": .bool(showsPersonal)]
        case .release(let payment, let reason):
            ["do": "payment.release", "id": .string(payment), "reason": .string(reason)]
        case .erase(let payment, let end):
            ["do": "erase", "id": .optional(payment), "before": end.map { .integer($0) } ?? .null]
        }
    }

    /// Nil for what this version does not know.
    init?(_ json: JSON) {
        func text(_ name: String) -> String? { json[name]?.asString }
        switch text("do") {
        case "status": self = .status
        case "examine": self = .examination
        case "verify":
            let texts = (json["roots"]?.asArray ?? []).map(\.asString)
            guard let roots = try? texts.map({ try KeptRoot(parsing: $0 ?? "") }) else { return nil }
            self = .verification(roots)
        case "merchant.list": self = .merchants
        case "merchant.create":
            guard let name = text("name") else { return nil }
            self = .newMerchant(name: name)
        case "key.list": self = .keys(merchant: text("merchant"))
        case "key.create":
            guard let name = text("name"), let scopes = json["scopes"]?.asArray,
                let isTest = json["test"]?.asBool
            else { return nil }
            let known = scopes.compactMap { $0.asString.flatMap(Scope.init) }
            guard known.count == scopes.count else { return nil }
            self = .newKey(
                NewKey(merchant: text("merchant"), name: name, scopes: known, isTest: isTest))
        case "key.revoke":
            guard let id = text("id") else { return nil }
            self = .revokeKey(id: id)
        case "payment.list": self = .setAside
        case "payment.dossier":
            guard let id = text("id"), let showsPersonal = json["personal"]?.asBool else { return nil }
            self = .dossier(payment: id, showsPersonal: showsPersonal)
        case "payment.release":
            guard let id = text("id"), let reason = text("reason") else { return nil }
            self = .release(payment: id, reason: reason)
        case "erase": self = .erase(payment: text("id"), before: json["before"]?.asInt64)
        default: return nil
        }
    }
}
