package import Domain
package import JSON
import Platform

extension Domain.Method: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("asset", asset.text)
        writer.member("network", network.text)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            asset: try fields.parsed("asset", AssetCode.init(parsing:)),
            network: try fields.parsed("network", NetworkName.init(parsing:)))
    }

    /// Reads `BTC@bitcoin`.
    package init?(parsing text: String) {
        let parts = text.split(separator: "@", maxSplits: 1)
        guard parts.count == 2, let asset = AssetCode(parsing: parts[0]),
            let network = NetworkName(parsing: parts[1])
        else { return nil }
        self.init(asset: asset, network: network)
    }
}

extension Asset: Stored {
    package func write(_ writer: inout JSONWriter) {
        method.write(&writer)
        writer.member("decimals", decimals)
        writer.member("payable_decimals", payableDecimals)
        writer.member("contract", contract)
        writer.member("version", version)
    }

    package init(_ fields: Fields) throws(Corruption) {
        let decimals: UInt8 = try fields.integer("decimals")
        let payable: UInt8 = try fields.integer("payable_decimals")
        guard decimals <= 18, payable <= decimals else {
            throw Corruption("a stored asset has impossible decimals")
        }
        self.init(
            method: try Domain.Method(fields), decimals: decimals, payableDecimals: payable,
            contract: try fields.textOrNil("contract"), version: try fields.integer("version"))
    }
}

extension Price: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("minor", String(minor))
        writer.member("currency", currency.code)
        writer.member("exponent", currency.exponent)
    }

    package init(_ fields: Fields) throws(Corruption) {
        let exponent: UInt8 = try fields.integer("exponent")
        guard exponent <= 18 else { throw Corruption("a stored price has an impossible exponent") }
        let currency = Currency(code: try fields.text("currency"), exponent: exponent)
        let minor: UInt128 = try fields.parsed("minor") { UInt128($0) }
        do throws(Refusal) {
            try self.init(minor: minor, currency: currency)
        } catch {
            throw Corruption("a stored price is out of range")
        }
    }
}

extension Rate {
    init?(stored text: String) {
        guard let rate = try? Rate(parsing: text) else { return nil }
        self = rate
    }
}

extension RateSource: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("name", name)
        writer.member("rate", rate.text)
        writer.member("at", at.milliseconds)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            name: try fields.text("name"), rate: try fields.parsed("rate", Rate.init(stored:)),
            at: try fields.instant("at"))
    }
}

extension Destination: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("id", id.text)
        writer.member("wallet", wallet.text)
        writer.member("address", address)
        writer.member("script", script)
        writer.member("path", path)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            id: try fields.id("id"), wallet: try fields.id("wallet"), address: try fields.text("address"),
            script: try fields.text("script"), path: try fields.textOrNil("path"))
    }
}

extension Quote: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("id", id.text)
        writer.stored("asset", asset)
        writer.member("due", String(amountDue))
        writer.stored("covers", covers)
        writer.member("rate", rate.text)
        writer.list("sources", sources)
        writer.member("locked_at", lockedAt.milliseconds)
        writer.member("ends_at", endsAt.milliseconds)
        writer.stored("destination", destination)
        writer.member("top_up", isTopUp)
    }

    package init(_ fields: Fields) throws(Corruption) {
        let due: UInt128 = try fields.parsed("due") { UInt128($0) }
        guard due > 0 else { throw Corruption("a stored quote asks for nothing") }
        self.init(
            id: try fields.id("id"), asset: try fields.nested("asset"), amountDue: due,
            covers: try fields.nested("covers"), rate: try fields.parsed("rate", Rate.init(stored:)),
            sources: try fields.list("sources"), lockedAt: try fields.instant("locked_at"),
            endsAt: try fields.instant("ends_at"), destination: try fields.nested("destination"),
            isTopUp: try fields.flag("top_up"))
    }
}

extension Fields {
    func id<Kind: Identified>(_ key: String) throws(Corruption) -> ID<Kind> {
        try parsed(key) { ID<Kind>(parsing: $0) }
    }

    func instant(_ key: String) throws(Corruption) -> Instant { Instant(milliseconds: try integer(key)) }

    func instantOrNil(_ key: String) throws(Corruption) -> Instant? {
        value(key) == nil ? nil : try instant(key)
    }

    func commitment(_ key: String) throws(Corruption) -> Commitment {
        try parsed(key) { Hex.decode($0).flatMap(Commitment.init) }
    }

    func units(_ key: String) throws(Corruption) -> UInt128 { try parsed(key) { UInt128($0) } }
    func unitsOrNil(_ key: String) throws(Corruption) -> UInt128? { try parsedOrNil(key) { UInt128($0) } }
    func signed(_ key: String) throws(Corruption) -> Int128 { try parsed(key) { Int128($0) } }

    /// What an account holds of one transfer: all of them can be added up.
    func held(_ key: String) throws(Corruption) -> Int128 {
        let amount = try signed(key)
        guard amount.magnitude < Transfer.amountLimit else { throw Corruption("“\(key)” is no amount") }
        return amount
    }

    /// A number that counts up from 0, with much room above it.
    func count(_ key: String) throws(Corruption) -> Int {
        let number: Int = try integer(key)
        guard (0...Int(Int32.max)).contains(number) else { throw Corruption("“\(key)” is no count") }
        return number
    }
}
