import Crypto
import Database
import Domain
import JSON
import Platform

/// Whose rate of which pair it is.
struct RateKey: Hashable {
    let owner: String
    let asset: String
    let currency: String
    let source: String
}

/// What the instance's own chain tells.
struct InstanceStory {
    /// Payments that are set aside, with what was kept of them.
    var aside: [String: Aside] = [:]
    /// How far the counts of keys were moved on by hand, or because a store came back from a backup.
    var advanced: [String: Int64] = [:]
    /// The fixed table.
    var rates: [RateKey: RateSource] = [:]
    /// What binds the texts of releases, by payment and number.
    var notes: [NoteKey: String] = [:]
    /// The instance's keys that followed each other, each signed by the one before.
    var successions: [KeySuccession] = []
    /// What the parts of payments are numbered above: restores only raise it.
    var floor: Int64 = 0
    /// The numbers from which roots may go on: those of restores.
    var floors: Set<UInt64> = []

    /// One payment that is set aside.
    struct Aside {
        let at: Instant
        var reason: String
        /// The facts that wait, from number 1 on.
        var facts: [Fact] = []
    }

    /// Where the text of a release is kept.
    struct NoteKey: Hashable {
        let payment: String
        let number: Int64
    }
}

extension Verifier {
    /// Folds the instance's records, and compares what they tell of.
    mutating func checkInstance() throws {
        var story = InstanceStory()
        let head = try walk(Self.instance) { verifier, stored in
            try verifier.fold(stored.record) { fields throws(Corruption) in
                try story.fold(stored.record, fields)
            }
        }
        guard head != nil else { return }
        self.story.successions = story.successions
        self.story.floors = story.floors
        rates.merge(story.rates) { first, _ in first }
        advanced.merge(story.advanced, uniquingKeysWith: max)
        try compareAside(story)
        releaseNotes = story.notes
        try compareKey(story)
        if try tx.setting(Transaction.floorSetting) ?? "0" != String(story.floor) {
            report.add("setting \(Transaction.floorSetting)", "is not what the log says, \(story.floor)")
        }
    }

    /// The key in force is the last one that the log tells of.
    private mutating func compareKey(_ story: InstanceStory) throws {
        guard let last = story.successions.last else { return }
        if try tx.setting("instance_key_fingerprint") != KeySuccession.fingerprint(last.new) {
            report.add("setting instance_key_fingerprint", "is not what the log says")
        }
    }

    /// Reads a record's body and hands it to `body`, with the notice in it compared. Gives what is wrong with
    /// it.
    mutating func fold(
        _ record: Record, _ body: (Fields) throws(Corruption) -> Void
    ) throws -> String? {
        let notice: Notice?
        do {
            let fields = try Fields(JSON.parse(record.body))
            try body(fields)
            notice = try fields.nestedOrNil("notice")
        } catch let error as Corruption {
            return error.description
        } catch {
            return "its body is not JSON"
        }
        if let notice { try compare(notice) }
        return nil
    }

    /// Compares the event of a notice with the record that binds it.
    private mutating func compare(_ notice: Notice) throws {
        let id = notice.id.text
        try compare(
            "event", id, where: "id = \(id)",
            [
                ("type", .text(notice.type)), ("merchant", .text(notice.merchant.text)),
                ("subject", .text(id)), ("sequence", .integer(1)), ("at", .time(notice.at)),
                ("is_test", .flag(notice.isTest)),
            ])
        let row = try tx.connection.first("SELECT body FROM event WHERE id = \(id)")
        if let row {
            let body = try row.text(0)
            if Notice.hash(Array(body.utf8)) != notice.hash {
                report.add("event \(id)", "body is not what the log binds")
            }
            try compareRoot(namedIn: body, of: notice.merchant.text, "event \(id)")
        }
        notices.insert(id)
    }

    /// Where there are more events than the log tells of: those that belong to no payment, and no record
    /// tells of. Those of payments are found with them.
    mutating func checkNotices() throws {
        guard try count("SELECT count(*) FROM event") != explained["event"] ?? 0 else { return }
        try tx.connection.forEach(
            """
            SELECT id FROM event WHERE subject = id OR substr(subject, 1, 4) <> \(Payment.prefix) ORDER BY id
            """
        ) { row in
            let id = try row.text(0)
            if !notices.contains(id) { report.add("event \(id)", "the log does not tell of it") }
        }
    }

    /// Compares the table of rates with what was set and pushed.
    mutating func checkRates() throws {
        var rest = rates
        try tx.connection.forEach(
            """
            SELECT merchant, asset, currency, source, rate, at, is_test FROM rate
            ORDER BY merchant, asset, currency
            """
        ) { row in
            let key = RateKey(
                owner: try row.text(0), asset: try row.text(1), currency: try row.text(2),
                source: try row.text(3))
            let place = "rate \(key.asset)/\(key.currency) of \(key.owner.isEmpty ? "all" : key.owner)"
            guard let source = rest.removeValue(forKey: key) else {
                return report.add(place, "the log does not tell of it")
            }
            explained["rate", default: 0] += 1
            compare(
                place, Row(Array(row.values[4...])),
                [
                    ("rate", .text(source.rate.text)), ("at", .time(source.at)),
                    ("is_test", .flag(StoredRate.isTest(key.owner))),
                ])
        }
        for key in rest.keys { report.add("rate \(key.asset)/\(key.currency)", "the row is missing") }
    }

    private mutating func compareAside(_ story: InstanceStory) throws {
        for (payment, aside) in story.aside.sorted(by: { $0.key < $1.key }) {
            try compare(
                "quarantine", payment, where: "payment = \(payment)",
                [("at", .time(aside.at)), ("reason", .text(aside.reason))])
            for (index, fact) in aside.facts.enumerated() {
                try compare(
                    "quarantined_fact", "\(index + 1) of \(payment)",
                    where: "payment = \(payment) AND number = \(index + 1)",
                    [
                        ("at", .time(fact.at)),
                        ("fact", .text(String(decoding: fact.storedBytes, as: UTF8.self))),
                    ])
            }
        }
        try comparePlaces(story)
        try tx.connection.forEach("SELECT payment FROM quarantine ORDER BY payment") { row in
            let payment = try row.text(0)
            if story.aside[payment] == nil {
                report.add("quarantine \(payment)", "the log does not tell of it")
            }
        }
        try tx.connection.forEach(
            "SELECT payment, number FROM quarantined_fact ORDER BY payment, number"
        ) { row in
            let (payment, number) = (try row.text(0), try row.integer(1))
            if number < 1 || number > story.aside[payment]?.facts.count ?? 0 {
                report.add("quarantined_fact \(number) of \(payment)", "the log does not tell of it")
            }
        }
    }

    /// The outputs that kept facts tell of are exactly those in the list that spends are looked for in.
    private mutating func comparePlaces(_ story: InstanceStory) throws {
        var owners: [Transfer.Key: String] = [:]
        for (payment, aside) in story.aside.sorted(by: { $0.key < $1.key }) {
            for fact in aside.facts {
                guard case .sighted(let sightings, _) = fact.news else { continue }
                for sighting in sightings { owners[sighting.key] = owners[sighting.key] ?? payment }
            }
        }
        try tx.connection.forEach(
            "SELECT network, place, payment FROM quarantined_place ORDER BY network, place"
        ) { row in
            let (network, place) = (try row.text(0), try row.text(1))
            let key = NetworkName(parsing: network).map { Transfer.Key(network: $0, place: place) }
            if try key.flatMap({ owners.removeValue(forKey: $0) }) != row.text(2) {
                report.add("quarantined_place \(network)/\(place)", "the log does not tell of it")
            }
        }
        for (key, payment) in owners.sorted(by: { $0.key < $1.key }) {
            report.add("quarantined_place \(key)", "the row is missing, \(payment) was paid there")
        }
    }

    /// Compares the texts of releases with what binds them. After the merchants' chains, which tell what was
    /// erased.
    mutating func compareReleaseNotes() throws {
        guard var rest = releaseNotes else { return }
        for erasure in erasures.values.joined() {
            for number in erasure.notes where number < 0 {
                rest[InstanceStory.NoteKey(payment: erasure.payment.text, number: number)] = nil
            }
        }
        try tx.connection.forEach(
            "SELECT payment, ruling, salt, text FROM note WHERE ruling < 0 ORDER BY payment, ruling"
        ) { row in
            let key = InstanceStory.NoteKey(payment: try row.text(0), number: try row.integer(1))
            let code = ReleaseNote.code(try row.text(3), salt: try row.blob(2))
            if rest.removeValue(forKey: key) != code {
                report.add("note \(key.number) of \(key.payment)", "the log does not bind it")
            }
        }
        for key in rest.keys { report.add("note \(key.number) of \(key.payment)", "the row is missing") }
    }
}

extension InstanceStory {
    fileprivate mutating func fold(_ record: Record, _ fields: Fields) throws(Corruption) {
        let payment = record.subject
        let note = NoteKey(payment: payment, number: -Int64(clamping: record.sequence))
        switch record.kind {
        case "fixed_rates_set": try setRates(fields, at: record.at)
        case "indices_advanced":
            let key = try fields.text("fingerprint")
            advanced[key] = max(advanced[key] ?? 0, try fields.integer("next"))
        case "payment_set_aside":
            guard aside[payment] == nil else { throw Corruption("the payment was aside already") }
            aside[payment] = Aside(at: record.at, reason: try fields.text("reason"))
        case "payment_fact_kept":
            guard let kept = aside[payment]?.facts.count else { throw notAside }
            guard try fields.integer("number") == kept + 1 else {
                throw Corruption("it is not the fact after the last one")
            }
            aside[payment]?.facts.append(try fields.nested("fact"))
        case "payment_released":
            guard let known = aside.removeValue(forKey: payment) else { throw notAside }
            guard try fields.integer("facts") == known.facts.count else {
                throw Corruption("another number of facts was kept")
            }
            notes[note] = try fields.text("note")
        case "payment_release_refused":
            guard aside[payment] != nil else { throw notAside }
            aside[payment]?.reason = try fields.text("reason")
            notes[note] = try fields.text("note")
        case "restored", "numbers_raised":
            let raised: Int64 = try fields.integer("floor")
            floor = max(floor, raised)
            floors.insert(Root.first(above: Int(clamping: raised)))
        case KeySuccession.kind:
            let succession = try KeySuccession(fields)
            guard successions.last.map({ $0.new == succession.old }) ?? true,
                record.subject == KeySuccession.fingerprint(succession.new)
            else { throw Corruption("it does not follow the instance key before") }
            successions.append(succession)
        default: break
        }
    }

    /// A rate that stays as it was keeps the time from which it held.
    private mutating func setRates(_ fields: Fields, at: Instant) throws(Corruption) {
        var table: [RateKey: RateSource] = [:]
        for rate in try fields.elements("rates", { json throws(Corruption) in try Fields(json) }) {
            let key = RateKey(
                owner: "", asset: try rate.text("asset"), currency: try rate.text("currency"),
                source: "fixed")
            let source = RateSource(
                name: "fixed", rate: try rate.parsed("rate", Rate.init(stored:)), at: at)
            table[key] = rates[key]?.rate.text == source.rate.text ? rates[key] : source
        }
        rates = table
    }

    private var notAside: Corruption { Corruption("the payment was not aside") }
}
