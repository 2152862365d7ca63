import Domain
import JSON
import Platform

extension Configuration {
    /// The default folder of an instance.
    static let defaultData = "./quittance-data"
    private static let fileBytes = 1 << 20

    /// Variables that other parts of the project read; they are no settings.
    private static let otherVariables: Set<String> = [
        "QUITTANCE_DATA", "QUITTANCE_CONFIG", "QUITTANCE_RUN", "QUITTANCE_CACHE", "QUITTANCE_BITCOIND",
        "QUITTANCE_LITECOIND", "QUITTANCE_BUILD", "QUITTANCE_REQUIRE", "QUITTANCE_SEED",
    ]

    /// Reads the file, the variables over it, and the command's options over both, and checks everything.
    ///
    /// Throws `WrongUse` that names the option, the variable, or the file and the place in it.
    static func load(_ arguments: Arguments, _ variables: [String: String]) throws -> Configuration {
        let data = arguments["data"] ?? variables["QUITTANCE_DATA"] ?? defaultData
        let named = arguments["config"] ?? variables["QUITTANCE_CONFIG"]
        var configuration = Configuration(data: data)
        let path = named ?? data + "/quittance.json"
        var document = JSONObject()
        if named != nil || Files.exists(path) { document = try read(path) }
        try configuration.apply(document, file: path)
        try configuration.apply(variables)
        for setting in Setting.all {
            guard let value = arguments[setting.key] else { continue }
            try configuration.apply(setting, value, from: "--\(setting.key)")
        }
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
            throw WrongUse("\(path) is not JSON: \(error).")
        }
        guard case .object(let object) = document else { throw WrongUse("\(path) is not a JSON object.") }
        return object
    }

    mutating func apply(_ document: JSONObject, file: String) throws(WrongUse) {
        var given: Set<String> = []
        try apply(document, under: "", file: file, &given)
        for setting in Setting.all where !given.contains(setting.key) {
            origins.append(Origin(key: setting.key, value: setting.show(self), source: "default"))
        }
    }

    private mutating func apply(
        _ object: JSONObject, under prefix: String, file: String, _ given: inout Set<String>
    ) throws(WrongUse) {
        for member in object.members {
            let key = prefix + member.key
            let place = "\(file), /" + key.replacing(".", with: "/")
            if let setting = Setting.all.first(where: { $0.key == key }) {
                try apply(setting, member.value, place)
                given.insert(key)
                origins.append(Origin(key: key, value: setting.show(self), source: file))
            } else if key == "networks" {
                nodes = try NodeSettings.list(member.value, place)
                for node in nodes { origins += node.origins(file) }
            } else if key == "rates" {
                rates = try FixedRate.list(member.value, place)
                origins.append(Origin(key: key, value: "\(rates.count) rates", source: file))
            } else if Setting.all.contains(where: { $0.key.hasPrefix(key + ".") }),
                case .object(let inner) = member.value
            {
                try apply(inner, under: key + ".", file: file, &given)
            } else {
                let known = Setting.all.map(\.key) + ["networks", "rates"]
                throw WrongUse(
                    "\(place): there is no such setting.",
                    hint: nearestName(to: key, among: known).map { "Did you mean “\($0)”?" })
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

    mutating func apply(_ variables: [String: String]) throws(WrongUse) {
        var unknown: [String] = []
        for (name, value) in variables.sorted(by: { $0.key < $1.key }) where name.hasPrefix("QUITTANCE_") {
            if let setting = Setting.all.first(where: { $0.variable == name }) {
                try apply(setting, value, from: name)
            } else if !Self.otherVariables.contains(name), !NodeSettings.variables.contains(name) {
                unknown.append(name)
            }
        }
        if let name = unknown.first {
            let known = Setting.all.map(\.variable) + NodeSettings.variables
            throw WrongUse(
                "\(name): there is no such setting.",
                hint: nearestName(to: name, among: known).map { "Did you mean “\($0)”?" })
        }
        try applyNodes(variables)
    }
}
