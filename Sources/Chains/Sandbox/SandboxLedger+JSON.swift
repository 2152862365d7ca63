import Domain
internal import JSON

/// The world as it is kept when its commands are not: one document, the same for the same state.
extension SandboxLedger {
    /// The whole state in one line of JSON.
    package var json: String {
        var writer = JSONWriter(reservingBytes: 65_536)
        writer.object { writer in
            writer.member("sequence", sequence)
            writer.member("offset_seconds", offsetSeconds)
            writer.member("last_time", lastTime.milliseconds)
            writer.array("stories") { writer in
                for network in SandboxNetwork.allCases {
                    writer.object { story(network).write(into: &$0) }
                }
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Reads what `json` gave. Throws `malformed` for anything else, also for what reads and cannot have
    /// been.
    package init(json text: String) throws(ChainFault) {
        do {
            let limits = JSONLimits(bytes: SandboxLimits.worldBytes, depth: 8)
            var form = try JSONForm(try JSON.parse(text: text, limits: limits))
            let sequence = form.integer("sequence", .required, SandboxLimits.numbers)
            let offset = form.integer("offset_seconds", .required, 0...SandboxTime.largestOffsetSeconds)
            let lastTime = form.instant("last_time", orNever: true)
            let stories = form.objects("stories", .required, count: 2...2, SandboxStory.read)
            let read = try form.finish(sequence, offset, lastTime, stories)
            let byNetwork = Dictionary(read.3.map { ($0.network, $0) }) { first, _ in first }
            guard byNetwork.count == SandboxNetwork.allCases.count else {
                throw ChainFault(.malformed, "a network is there twice")
            }
            self.init(byNetwork, sequence: read.0, offsetSeconds: read.1, lastTime: read.2)
        } catch {
            throw ChainFault(.malformed, "The kept state of the sandbox does not read: \(error).")
        }
    }
}

extension SandboxStory {
    fileprivate func write(into w: inout JSONWriter) {
        w.member("network", network.rawValue)
        w.member("serial", serial)
        w.member("is_down", isDown)
        w.array("chain") { w in
            for block in active { w.object { block.write(into: &$0) } }
        }
        w.array("stale") { w in
            for block in stale.values.sorted(by: { $0.id.text < $1.id.text }) {
                w.object { block.write(into: &$0) }
            }
        }
        w.array("pool", pool)
        w.array("gone", gone.sorted())
        w.array("transactions") { w in
            for transaction in transactions.values.sorted(by: { $0.id < $1.id }) {
                w.object { transaction.write(into: &$0) }
            }
        }
        w.pairs("spenders", spenders)
        w.pairs("latest", latest)
    }

    fileprivate static func read(in form: inout JSONForm) -> SandboxStory? {
        let network = form.choice("network", .required, of: SandboxNetwork.self)
        let serial = form.integer("serial", .required, SandboxLimits.numbers)
        let isDown = form.bool("is_down", .required)
        let chain = form.objects("chain", .required, count: 1 ... .max, SandboxBlock.read)
        let stale = form.objects("stale", .required, count: 0 ... .max, SandboxBlock.read)
        let pool = form.names("pool")
        let gone = form.names("gone")
        let transactions = form.objects(
            "transactions", .required, count: 0 ... .max, SandboxTransaction.read)
        let spenders = form.pairs("spenders")
        let latest = form.pairs("latest")
        guard let network, let serial, let isDown, let chain, let stale, let pool, let gone, let transactions,
            let spenders, let latest
        else { return nil }
        let story = SandboxStory(
            network, active: chain, stale: stale, pool: pool, transactions: transactions, spenders: spenders,
            latest: latest, gone: gone, serial: UInt64(serial), isDown: isDown)
        let flaw = story.stale.count == stale.count ? story.unsoundness : "A block is there twice."
        if let flaw {
            form.report(FieldProblem(code: "unsound", detail: flaw))
            return nil
        }
        return story
    }
}

extension SandboxBlock {
    fileprivate func write(into w: inout JSONWriter) {
        w.member("id", id.text)
        w.member("height", height)
        w.member("parent", parent.text)
        w.member("time", time.milliseconds)
        w.array("transactions", transactions)
    }

    fileprivate static func read(in form: inout JSONForm) -> SandboxBlock? {
        let id = form.name("id")
        let height = form.integer("height", .required, SandboxLimits.numbers)
        let parent = form.name("parent")
        let time = form.instant("time")
        let transactions = form.names("transactions")
        guard let id, let height, let parent, let time, let transactions else { return nil }
        return SandboxBlock(
            id: BlockID(id), height: UInt64(height), parent: BlockID(parent), time: time,
            transactions: transactions)
    }
}

extension SandboxTransaction {
    fileprivate func write(into w: inout JSONWriter) {
        w.member("id", id)
        w.array("inputs", inputs)
        w.array("outputs") { w in
            for output in outputs { w.object { output.write(into: &$0) } }
        }
        w.member("fee", fee)
    }

    fileprivate static func read(in form: inout JSONForm) -> SandboxTransaction? {
        let id = form.name("id")
        let inputs = form.names("inputs")
        let outputs = form.objects(
            "outputs", .required, count: SandboxLimits.outputs, SandboxCommand.Output.read)
        let fee = form.integer("fee", .required, SandboxLimits.numbers)
        guard let id, let inputs, let outputs, let fee else { return nil }
        return SandboxTransaction(id: id, inputs: inputs, outputs: outputs, fee: UInt64(fee))
    }
}

extension JSONWriter {
    fileprivate mutating func pairs(_ key: String, _ pairs: [String: String]) {
        array(key, pairs.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] })
    }
}

extension JSONForm {
    private static let nameBytes = 256

    fileprivate mutating func name(_ member: String) -> String? {
        string(member, .required, maxBytes: Self.nameBytes)
    }

    fileprivate mutating func names(_ member: String) -> [String]? {
        strings(member, .required, count: 0 ... .max, maxBytes: Self.nameBytes)
    }

    /// A time of the sandbox; `orNever` where nothing may have happened yet.
    fileprivate mutating func instant(_ member: String, orNever: Bool = false) -> Instant? {
        let lowest = orNever ? Int64.min : SandboxTime.range.lowerBound
        return integer(member, .required, lowest...SandboxTime.latest).map { Instant(milliseconds: $0) }
    }

    /// Keys and values in turn.
    fileprivate mutating func pairs(_ member: String) -> [String: String]? {
        guard let names = names(member) else { return nil }
        guard names.count.isMultiple(of: 2) else {
            report(.required, at: member)
            return nil
        }
        let pairs = stride(from: 0, to: names.count, by: 2).map { (names[$0], names[$0 + 1]) }
        return Dictionary(pairs) { first, _ in first }
    }
}
