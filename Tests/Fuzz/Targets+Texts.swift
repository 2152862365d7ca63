import Crypto
import Domain
import Engine
import HTTP
import JSON
import Platform

extension FuzzTarget {
    /// Numbers, times, names and documents in text.
    static let texts: [FuzzTarget] = [amount, time, name, json]

    /// Amounts and rates: what is read is what is written, and nothing that is computed from it overflows.
    private static let amount = FuzzTarget(
        "amount", most: 80, words: ["0.", ".", "00", "1e", "170141183460469231731687303715884105728"],
        seeds: bytes(["0", "1", "19.99", "0.00000001", "65000.25", "1000000000000000000000000", "00", "1.", ".5"])
    ) { input throws(Flaw) in
        let text = input.text
        var isTaken = false
        for decimals: UInt8 in [0, 2, 8, 12, 18] {
            guard let units = try? DecimalText.units(text, decimals: decimals) else { continue }
            isTaken = true
            let written = DecimalText.text(units, decimals: decimals)
            try expect((try? DecimalText.units(written, decimals: decimals)) == units, "\(text) became \(written)")
            let full = DecimalText.text(units, decimals: decimals, atLeast: decimals)
            try expect((try? DecimalText.units(full, decimals: decimals)) == units, "\(text) became \(full)")
        }
        if let rate = try? Rate(parsing: text) {
            try expect(rate.mantissa > 0, "a rate of nothing: \(text)")
            let again = try? Rate(parsing: rate.text)
            try expect(again?.text == rate.text, "the rate \(text) became \(rate.text)")
            try due(at: rate)
        }
        if let number = (try? JSON.parse(input))?.asNumber {
            try expect((try? JSON.parse(Array(number.text.utf8)))?.asNumber == number, "\(text) is another number")
            _ = (number.asInt64, number.asUInt64)
        }
        return isTaken
    }

    /// What is asked at a rate pays at least the price, and one unit less does not.
    private static func due(at rate: Rate) throws(Flaw) {
        guard let code = AssetCode(parsing: "BTC"), let network = NetworkName(parsing: "bitcoin") else { return }
        for (decimals, payable) in [(8, 8), (18, 9), (6, 2)] as [(UInt8, UInt8)] {
            let asset = Asset(
                method: Domain.Method(asset: code, network: network), decimals: decimals, payableDecimals: payable,
                contract: nil, version: 1)
            for minor: UInt128 in [1, 2_500, Price.largest] {
                guard let price = try? Price(minor: minor, currency: Currency(code: "EUR", exponent: 2)),
                    let due = try? rate.amountDue(for: price, in: asset)
                else { continue }
                try expect(due > 0 && due < Transfer.amountLimit, "\(due) is due at \(rate.text)")
                // due × rate ≥ price, in units of 10^-(decimals + scale + 2).
                let paid = due.multipliedFullWidth(by: rate.mantissa)
                let asked = minor.multipliedFullWidth(by: .power10(decimals + rate.scale - 2))
                let pays = (paid.high, paid.low) >= (asked.high, asked.low)
                try expect(pays, "\(due) at \(rate.text) is less than \(minor)")
            }
        }
    }

    /// RFC 3339, HTTP's dates and `Retry-After`.
    private static let time = FuzzTarget(
        "time", most: 64, words: ["T", "Z", "+23:59", "-00:00", "GMT", "Sun, ", "Nov ", "9999", "0000", ".999"],
        seeds: bytes([
            "2026-01-01T00:00:00Z", "2024-02-29T23:59:59.999+23:59", "0000-01-01T00:00:00.1-00:01",
            "9999-12-31T23:59:60Z", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994", "120", "99999999999999999999",
        ])
    ) { input throws(Flaw) in
        let text = input.text
        let seconds = ClientResponse(
            status: Status(503), headers: ["Retry-After": text], body: [], isTruncated: false
        ).retryAfterSeconds(now: 1_800_000_000_000)
        try expect((seconds ?? 0) >= 0 && (seconds ?? 0) <= ClientLimits.retryAfterSeconds, "wait \(seconds ?? 0)")
        if let milliseconds = Timestamp.parse(text) {
            let written = Timestamp.text(milliseconds)
            try expect(Timestamp.parse(written) == milliseconds, "\(text) became \(written)")
            return true
        }
        guard let date = HTTPDate.parse(text) else { return seconds != nil }
        try expect(abs(date) < 300_000_000_000, "\(text) is \(date)")
        return true
    }

    /// Identities, tokens, cursors and encodings.
    private static let name = FuzzTarget(
        "name", most: 200, words: ["pay_", "mer_", "evt_", "root/", "wallet:", "="],
        seeds: bytes([
            "pay_01KDVDRZ60000000000000001S", "mer_7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "BTC", "bitcoin-testnet4",
            "01KDVDRZ60000000000000001S-00112233445566778899aabbccddeeff", "wallet:BTC", "reorg_loss",
            "00ff10AB", "aGVsbG8=", "aGVsbG8", "_-_-", "2NEpo7TZRRrLZSi2U", "127.0.0.1", "[::1]", "fe80::1",
        ])
    ) { input throws(Flaw) in
        let text = input.text
        var isTaken = false
        func same(_ written: String?, _ what: String) throws(Flaw) {
            guard let written else { return }
            isTaken = true
            try expect(written == text, "the \(what) \(text) became \(written)")
        }
        try same(ID<Payment>(parsing: text)?.text, "identity")
        try same(ID<Domain.Event>(parsing: text)?.text, "identity")
        try same(CheckoutToken(parsing: text)?.text, "token")
        try same(AssetCode(parsing: text)?.text, "asset")
        try same(NetworkName(parsing: text)?.text, "network")
        try same(Account(parsing: text)?.description, "account")
        try same(Crypto.Base64.decode(text).map { Crypto.Base64.encode($0) }, "Base64")
        try same(Platform.Base64.standard.decode(text).map { Platform.Base64.standard.encode($0) }, "Base64")
        try same(Platform.Base64.url.decode(text).map { Platform.Base64.url.encode($0) }, "Base64 for URLs")
        if let bytes = Hex.decode(text) {
            isTaken = true
            try expect(Hex.encode(bytes) == text.lowercased(), "hexadecimal \(text)")
        }
        if let address = IPAddress(text) {
            isTaken = true
            try expect(IPAddress("\(address)") == address, "\(text) became \(address)")
            _ = AddressGuard(allowsLoopback: false).refusal(of: address)
        }
        return isTaken
    }

    /// Any JSON: written again it is the same document, in one form.
    private static let json = FuzzTarget(
        "json", most: 4_096, words: ["\\u", "\\ud83d\\ude00", "null", "true", "1e9", "\":", "[", "{", "}", "]"],
        seeds: bytes([
            #"{"a":[1,-2.5e+3,true,null,"é\u00e9\ud83d\ude00"],"b":{}}"#, "[[[[[]]]]]", #""\"\\\/\b\f\n\r\t""#,
            "-0.0", "1E400", #"{"a":1,"a":2}"#, "\"\u{FEFF}\"", "  [ 1 , 2 ]  ",
        ])
    ) { input throws(Flaw) in
        let json: JSON
        do throws(JSONError) {
            json = try JSON.parse(input)
        } catch {
            try expect((0...input.count).contains(error.offset), "an error at \(error.offset) of \(input.count)")
            return false
        }
        let written = json.encodedText
        let again = try? JSON.parse(text: written)
        try expect(again == json && again?.encodedText == written, "written again: \(written)")
        return true
    }
}
