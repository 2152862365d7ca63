import Domain
import JSON
import Platform

extension Configuration {
    /// The default folder of an instance.
    static let defaultData = "./quittance-data"
    private static let fileBytes = 1 << 20

    /// Variables that other parts of the project read; they are no settings.
    static let otherVariables: Set<String> = [
        "QUITTANCE_DATA", "QUITTANCE_CONFIG", "QUITTANCE_RUN", "QUITTANCE_CACHE", "QUITTANCE_BITCOIND",
        "QUITTANCE_LITECOIND", "QUITTANCE_EVM", "QUITTANCE_BUILD", "QUITTANCE_REQUIRE", "QUITTANCE_GOLDEN",
        "QUITTANCE_PICTURES", "QUITTANCE_FUZZ", "QUITTANCE_FUZZ_SEED", "QUITTANCE_KILL_SEED",
        "QUITTANCE_FLIPS", "QUITTANCE_PAYMENTS",
    ]

    /// Reads the file, the variables over it, and the command's options over both, and checks everything.
    ///
    /// Throws `WrongUse` that names the option, the variable, or the file and the place in it, for each thing
    /// that is wrong.
    static func load(_ arguments: Arguments, _ variables: [String: String]) throws -> Configuration {
        let data = arguments["data"] ?? variables["QUITTANCE_DATA"] ?? defaultData
        let named = arguments["config"] ?? variables["QUITTANCE_CONFIG"]
        var configuration = Configuration(data: data)
        let path = named ?? data + "/quittance.json"
        var document = JSONObject()
        if named != nil || Files.exists(path) { document = try read(path) }
        var flaws: [WrongUse] = []
        configuration.apply(document, file: path, &flaws)
        configuration.apply(variables, &flaws)
        for setting in Setting.all {
            guard let value = arguments[setting.key] else { continue }
            flaws.note { () throws(WrongUse) in
                try configuration.apply(setting, value, from: "--\(setting.key)")
            }
        }
        if let all = flaws.together { throw all }
        return configuration
    }

    private static func read(_ path: String) throws -> JSONObject {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try Files.read(path, maxBytes: fileBytes)
        } catch {
            throw WrongUse("the configuration cannot be read: \(error).")
        }
        let document: JSON
        do throws(JSONError) {
            document = try JSON.parse(bytes)
        } catch {
            throw WrongUse(
                "\(path) is not JSON: \(error.code.rawValue) \(place(of: error.offset, in: bytes)).",
                hint: isComma(before: error.offset, in: bytes)
                    ? "After the last member there is no comma." : nil)
        }
        guard case .object(let object) = document else { throw WrongUse("\(path) is not a JSON object.") }
        return object
    }

    /// Where a byte stands, for an editor.
    private static func place(of offset: Int, in bytes: [UInt8]) -> String {
        let before = bytes.prefix(offset)
        let lines = before.split(separator: 0x0a, omittingEmptySubsequences: false)
        let column = String(decoding: lines.last ?? [], as: UTF8.self).count + 1
        return "at line \(max(lines.count, 1)), column \(column)"
    }

    /// Whether a bracket follows a comma there.
    private static func isComma(before offset: Int, in bytes: [UInt8]) -> Bool {
        guard bytes.indices.contains(offset), [0x5d, 0x7d].contains(bytes[offset]) else { return false }
        return bytes[..<offset].last { ![0x20, 0x09, 0x0a, 0x0d].contains($0) } == UInt8(ascii: ",")
    }

    private mutating func apply(_ document: JSONObject, file: String, _ flaws: inout [WrongUse]) {
        var given: Set<String> = []
        apply(document, under: "", file: file, &given, &flaws)
        for setting in Setting.all where !given.contains(setting.key) {
            origins.append(Origin(key: setting.key, value: setting.show(self), source: "default"))
        }
    }

    private mutating func apply(
        _ object: JSONObject, under prefix: String, file: String, _ given: inout Set<String>,
        _ flaws: inout [WrongUse]
    ) {
        for member in object.members {
            let key = prefix + member.key
            let place = "\(file), /" + key.replacing(".", with: "/")
            if let setting = Setting.all.first(where: { $0.key == key }) {
                flaws.note { () throws(WrongUse) in try apply(setting, member.value, place) }
                given.insert(key)
                origins.append(Origin(key: key, value: setting.show(self), source: file))
            } else if key == "networks" {
                nodes = NodeSettings.list(member.value, place, &flaws)
                for node in nodes { origins += node.origins(file) }
            } else if key == "rates" {
                rates = FixedRate.list(member.value, place, &flaws)
                origins.append(Origin(key: key, value: "\(rates.count) rates", source: file))
            } else if Setting.all.contains(where: { $0.key.hasPrefix(key + ".") }),
                case .object(let inner) = member.value
            {
                apply(inner, under: key + ".", file: file, &given, &flaws)
            } else {
                let known = Setting.all.map(\.key) + ["networks", "rates"]
                flaws.append(
                    WrongUse(
                        "\(place): there is no such setting.",
                        hint: nearestName(to: key, among: known).map { "Did you mean “\($0)”?" }))
            }
        }
    }

    private mutating func apply(_ setting: Setting, _ value: JSON, _ place: String) throws(WrongUse) {
        let text: String
        switch (setting.form, value) {
        case (.text, .string(let string)): text = string
        case (.number, .number(let number)): text = number.text
        case (.flag, .bool(let flag)): text = String(flag)
        case (.list, .array(let elements)):
            let parts = elements.compactMap(\.asString)
            guard parts.count == elements.count else { throw WrongUse("\(place): it is a list of texts.") }
            text = parts.joined(separator: ",")
        case (.text, _), (.number, _), (.flag, _), (.list, _):
            throw WrongUse("\(place): it is a \(setting.form.rawValue), not a \(value.typeName).")
        }
        if setting.key == "storage", Setting.hasPassword(text) {
            throw WrongUse(
                "\(place): a password does not belong into this file.",
                hint: "Set the whole address in QUITTANCE_STORAGE, or the password in ~/.pgpass.")
        }
        do throws(Setting.Flaw) {
            try setting.apply(&self, text)
        } catch {
            throw WrongUse("\(place): \(error.reason).")
        }
    }

    /// Takes one value over what was there. Throws `WrongUse` that names `source`.
    private mutating func apply(_ setting: Setting, _ value: String, from source: String) throws(WrongUse) {
        do throws(Setting.Flaw) {
            try setting.apply(&self, value)
        } catch {
            throw WrongUse("\(source): \(error.reason).")
        }
        origins.removeAll { $0.key == setting.key }
        origins.append(Origin(key: setting.key, value: setting.show(self), source: source))
    }

    private mutating func apply(_ variables: [String: String], _ flaws: inout [WrongUse]) {
        for (name, value) in variables.sorted(by: { $0.key < $1.key }) where name.hasPrefix("QUITTANCE_") {
            if let setting = Setting.all.first(where: { $0.variable == name }) {
                flaws.note { () throws(WrongUse) in try apply(setting, value, from: name) }
            } else if !Self.otherVariables.contains(name), !NodeSettings.variables.contains(name) {
                let known = Setting.all.map(\.variable) + NodeSettings.variables
                flaws.append(
                    WrongUse(
                        "\(name): there is no such setting.",
                        hint: nearestName(to: name, among: known).map { "Did you mean “\($0)”?" }))
            }
        }
        applyNodes(variables, &flaws)
    }
}

extension [WrongUse] {
    /// Does it, or notes why not.
    mutating func note(_ body: () throws(WrongUse) -> Void) {
        do throws(WrongUse) {
            try body()
        } catch {
            append(error)
        }
    }

    /// All of them as one: each with its place, so that a file is mended at once. Nil when there is none.
    var together: WrongUse? {
        guard count > 1 else { return first }
        let lines = map { flaw in "  " + flaw.problem + (flaw.hint.map { " " + $0 } ?? "") }
        return WrongUse("the configuration has \(count) mistakes.", hint: lines.joined(separator: "\n"))
    }
}
