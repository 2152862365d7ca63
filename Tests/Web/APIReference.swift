import Domain
import Engine
import Foundation
import HTTP
import JSON
import Testing

@testable import Web

@Suite("The reference names what the answers hold")
struct APIReference {
    private static let tests = "\(#filePath)".replacing("/APIReference.swift", with: "")

    /// The sections of docs/OBJECTS.md: what stands in backticks in each, by its title.
    private static func sections() throws -> [String: Set<String>] {
        let page = try String(contentsOfFile: tests + "/../../docs/OBJECTS.md", encoding: .utf8)
        var sections: [String: Set<String>] = [:]
        var title = ""
        for line in page.split(separator: "\n") {
            if line.hasPrefix("## ") {
                title = String(line.dropFirst(3))
            } else {
                let quoted = line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                    .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
                sections[title, default: []].formUnion(quoted)
            }
        }
        return sections
    }

    /// What an answer without a name of its own is called there.
    private static let unnamed = [
        "policies.get": "policy", "policies.set": "policy", "payments.policy": "policy", "events.get": "event",
        "payments.dossier": "dossier", "webhook-endpoints.replay": "replay", "webhook-endpoints.test": "test",
    ]

    /// What every object holds, by its name: members of nested ones as paths.
    private struct Members {
        private(set) var known: [String: Set<String>] = [:]

        mutating func take(_ json: JSON, as section: String, prefix: String = "") {
            for (key, value) in (json.asObject?.members ?? []).map({ ($0.key, $0.value) }) {
                known[section, default: []].insert(prefix + key)
                // What merchants name, and what belongs to the log.
                if key == "metadata" || section == "record" && key == "body" { continue }
                for part in value.asArray ?? [value] {
                    if let name = part["object"]?.asString {
                        take(part, as: name)
                    } else if section == "list" {
                        take(part, as: "event")
                    } else {
                        take(part, as: section, prefix: "\(prefix)\(key).")
                    }
                }
            }
        }
    }

    @Test("Every member of every answer, event and problem that is kept is in docs/OBJECTS.md")
    func members() throws {
        var members = Members()
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.tests + "/Golden").sorted()
        for file in files where file.hasSuffix(".json") {
            let json = try JSON.parse(
                text: try String(contentsOfFile: "\(Self.tests)/Golden/\(file)", encoding: .utf8))
            let name = String(file.dropLast(5))
            if name == "problem" {
                members.take(json, as: "problem")
            } else if name.hasPrefix("event-") {
                members.take(json, as: "event")
            } else if name.hasPrefix("payment-") {
                members.take(json, as: "payment")
            } else if let answer = json["answer"], !answer.isNull {
                let section = answer["object"]?.asString ?? Self.unnamed[String(name.dropFirst("answer-".count))]
                members.take(answer, as: try #require(section, "\(name) has no name there"))
            }
        }
        let sections = try Self.sections()
        #expect(Set(members.known.keys) == Set(sections.keys).subtracting([""]))
        for (section, wanted) in members.known.sorted(by: { $0.key < $1.key }) {
            let missing = wanted.subtracting(sections[section] ?? [])
            #expect(missing.isEmpty, "\(section)")
        }
    }

    @Test("Every operation stands in docs/API.md with its scope, its idempotency, and what it answered")
    func operations() throws {
        let page = try String(contentsOfFile: Self.tests + "/../../docs/API.md", encoding: .utf8)
        let rows = page.split(separator: "\n").map { line in
            line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                .map { String($0.trimmingPrefix(" ").reversed().trimmingPrefix(" ").reversed()) }
        }
        let table = Dictionary(rows.filter { $0.count == 5 }.map { ($0[0], $0) }) { first, _ in first }
        let wanted = API.operations.filter { !$0.name.hasPrefix("sandbox.") }
        for operation in wanted {
            let row = try #require(table["`\(operation.method.rawValue) \(operation.pattern)`"], "\(operation.name)")
            #expect(row[2] == (operation.scope.map { "`\($0.rawValue)`" } ?? "any"), "\(operation.name)")
            let mark =
                switch operation.idempotency {
                case .ignored: ""
                case .optional: "○"
                case .required: "●"
                }
            #expect(row[3] == mark, "\(operation.name)")
            let answered = try Self.answered(operation.name)
            #expect(row[4] == answered || row[4].hasPrefix("\(answered),") || row[4].hasPrefix("\(answered):"))
        }
        #expect(table.keys.count { $0.hasPrefix("`") && $0.contains(" /v1/") } == wanted.count)
    }

    /// Status and object of the answer that is kept.
    private static func answered(_ name: String) throws -> String {
        let file = "\(tests)/Golden/answer-\(name).json"
        let json = try JSON.parse(text: try String(contentsOfFile: file, encoding: .utf8))
        let status = try #require(json["status"]?.asNumber?.text)
        guard let answer = json["answer"], !answer.isNull else { return status }
        let object = try #require(answer["object"]?.asString ?? unnamed[name], "\(name) has no name there")
        guard object == "list" else { return "\(status) `\(object)`" }
        return "\(status) list of `\(answer["data"]?[0]?["object"]?.asString ?? "event")`"
    }

    @Test("So is every word that a member can be")
    func words() throws {
        let sections = try Self.sections()
        let states = State.allCases.map(\.rawValue)
        let special = EventTypes.events.filter { type in !states.contains { type == "payment.\($0)" } }
        let rows: [(section: String, words: [String])] = [
            ("payment", states), ("payment", Policy.Risk.allCases.map(\.rawValue)),
            ("transfer", Transfer.Gone.allCases.map(\.rawValue)),
            ("transfer", Assessment.Role.allCases.map(\.rawValue)),
            ("exception", Exception.Kind.allCases.map(\.rawValue)),
            ("exception", Exception.Action.allCases.map(\.rawValue)), ("event", special),
            ("event", Reversal.Reason.allCases.map(\.rawValue)), ("entry", Entry.Kind.allCases.map(\.rawValue)),
            ("policy", Policy.Handling.allCases.map(\.rawValue)), ("api_key", Scope.allCases.map(\.rawValue)),
        ]
        for (section, words) in rows {
            #expect(Set(words).subtracting(sections[section] ?? []).isEmpty, "\(section)")
        }
    }

    @Test("Each kind of exception stands beside the rulings that it takes")
    func rulings() throws {
        let page = try String(contentsOfFile: Self.tests + "/../../docs/OBJECTS.md", encoding: .utf8)
        for kind in Exception.Kind.allCases {
            let actions = kind.actions.map { "`\($0.rawValue)`" }.joined(separator: ", ")
            let rows = page.split(separator: "\n").filter { line in
                let cell = line.dropFirst(2).prefix { $0 != "|" }
                return line.hasSuffix("| \(actions) |") && cell.contains("`\(kind.rawValue)`")
            }
            #expect(!rows.isEmpty, "\(kind.rawValue): \(actions)")
        }
    }
}
