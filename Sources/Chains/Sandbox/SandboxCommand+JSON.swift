internal import Domain
internal import JSON

extension SandboxCommand {
    /// One line of JSON, always the same for the same command.
    package var json: String {
        var writer = JSONWriter()
        writer.object { w in
            w.member("at", at)
            write(into: &w)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func write(into w: inout JSONWriter) {
        func head(_ name: String, _ network: SandboxNetwork? = nil) {
            w.member("do", name)
            w.member("network", ifPresent: network?.rawValue)
        }
        switch action {
        case .pay(let network, let outputs, let isMined):
            head("pay", network)
            w.array("outputs") { w in
                for output in outputs { w.object { output.write(into: &$0) } }
            }
            w.member("mine", isMined)
        case .replace(let network, let txid, let replacement):
            head("replace", network)
            w.member("txid", txid)
            switch replacement {
            case .feeBump: w.member("by", "fee_bump")
            case .elsewhere: w.member("by", "elsewhere")
            case .lessAmount(let percent):
                w.member("by", "less_amount")
                w.member("percent", percent)
            }
        case .evict(let network, let txid):
            head("evict", network)
            w.member("txid", txid)
        case .rebroadcast(let network, let txid):
            head("rebroadcast", network)
            w.member("txid", txid)
        case .mine(let network, let blocks):
            head("mine", network)
            w.member("blocks", blocks)
        case .confirm(let network, let scripts, let blocks):
            head("confirm", network)
            w.array("scripts", scripts)
            w.member("blocks", blocks)
        case .reorg(let network, let reorg):
            head("reorg", network)
            w.member("depth", reorg.depth)
            w.member("fate", reorg.fate.rawValue)
            w.array("except") { w in
                for (txid, fate) in reorg.except.sorted(by: { $0.key < $1.key }) {
                    w.object { w in
                        w.member("txid", txid)
                        w.member("fate", fate.rawValue)
                    }
                }
            }
        case .spend(let network, let place):
            head("spend", network)
            w.member("place", place)
        case .clock(let seconds):
            head("clock")
            w.member("seconds", seconds)
        case .fail(let network): head("fail", network)
        case .recover(let network): head("recover", network)
        }
    }

    /// Reads what `json` gave. Throws `malformed` for anything else.
    package init(json text: String) throws(ChainFault) {
        do {
            let limits = JSONLimits(bytes: SandboxLimits.commandBytes, depth: 8)
            var form = try JSONForm(try JSON.parse(text: text, limits: limits))
            let at = form.integer("at", .required, .min ... .max)
            let action = Self.action(in: &form)
            let read = try form.finish(at, action)
            self.init(at: read.0, read.1)
        } catch {
            throw ChainFault(.malformed, "A command of the sandbox does not read: \(error).")
        }
    }

    private enum Name: String, CaseIterable {
        case pay, replace, evict, rebroadcast, mine, confirm, reorg, spend, clock, fail, recover
    }

    private static func action(in form: inout JSONForm) -> Action? {
        guard let name = form.choice("do", .required, of: Name.self) else { return nil }
        if name == .clock {
            return form.integer("seconds", .required, .min ... .max).map { .clock(advanceSeconds: $0) }
        }
        guard let network = form.choice("network", .required, of: SandboxNetwork.self) else { return nil }
        switch name {
        case .pay:
            let outputs = form.objects("outputs", .required, count: SandboxLimits.outputs, Output.read)
            let isMined = form.bool("mine", .required)
            guard let outputs, let isMined else { return nil }
            return .pay(network, outputs, isMined: isMined)
        case .replace:
            let txid = form.string("txid", .required, maxBytes: 128)
            let replacement = Self.replacement(in: &form)
            guard let txid, let replacement else { return nil }
            return .replace(network, txid: txid, by: replacement)
        case .evict: return form.string("txid", .required, maxBytes: 128).map { .evict(network, txid: $0) }
        case .rebroadcast:
            return form.string("txid", .required, maxBytes: 128).map { .rebroadcast(network, txid: $0) }
        case .mine: return form.integer("blocks", .required, .min ... .max).map { .mine(network, blocks: $0) }
        case .confirm:
            let scripts = form.strings(
                "scripts", .required, count: SandboxLimits.confirmedScripts, maxBytes: 128)
            let blocks = form.integer("blocks", .required, .min ... .max)
            guard let scripts, let blocks else { return nil }
            return .confirm(network, scripts: scripts, blocks: blocks)
        case .reorg: return Self.reorg(in: &form).map { .reorg(network, $0) }
        case .spend: return form.string("place", .required, maxBytes: 160).map { .spend(network, place: $0) }
        case .fail: return .fail(network)
        case .recover: return .recover(network)
        case .clock: return nil
        }
    }

    private static func replacement(in form: inout JSONForm) -> Replacement? {
        switch form.string("by", .required, maxBytes: 16) {
        case "fee_bump": return .feeBump
        case "elsewhere": return .elsewhere
        case "less_amount":
            return form.integer("percent", .required, .min ... .max).map { .lessAmount(percent: $0) }
        case nil: return nil
        default:
            form.report(.notOneOf(["fee_bump", "elsewhere", "less_amount"]), at: "by")
            return nil
        }
    }

    private static func reorg(in form: inout JSONForm) -> Reorg? {
        let depth = form.integer("depth", .required, .min ... .max)
        let fate = form.choice("fate", .required, of: Fate.self)
        let except = form.objects("except", .required, count: SandboxLimits.reorgExceptions) { form in
            let txid = form.string("txid", .required, maxBytes: 128)
            let fate = form.choice("fate", .required, of: Fate.self)
            return txid.flatMap { txid in fate.map { (txid, $0) } }
        }
        guard let depth, let fate, let except else { return nil }
        let fates = Dictionary(except, uniquingKeysWith: { first, _ in first })
        guard fates.count == except.count else {
            form.report(.duplicate, at: "except")
            return nil
        }
        return Reorg(depth: depth, fate: fate, except: fates)
    }
}

extension SandboxCommand.Output {
    /// Writes the members of one output.
    func write(into w: inout JSONWriter) {
        w.member("script", script)
        w.member("asset", asset.text)
        w.member("amount", String(amount))
    }

    /// Reads what `write` gave; nil when the form has the reason.
    static func read(in form: inout JSONForm) -> Self? {
        let script = form.string("script", .required, maxBytes: 128)
        let asset = form.value("asset", .required, maxBytes: 12) { text throws(FieldProblem) in
            guard let code = AssetCode(parsing: text) else { throw .invalidText }
            return code
        }
        let amount = form.value("amount", .required, maxBytes: 39) { text throws(FieldProblem) in
            guard let amount = UInt128(text), String(amount) == text else { throw .invalidText }
            return amount
        }
        guard let script, let asset, let amount else { return nil }
        return Self(script: script, asset: asset, amount: amount)
    }
}
