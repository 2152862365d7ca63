/// The members of a JSON object, in the order they were written; no key occurs twice.
///
/// Keys compare as Swift strings do, by canonical equivalence: two spellings of `é` are one key. That is
/// stricter than RFC 8259 asks, and it means that no later dictionary can drop or trap on a key that the
/// parser let through.
package struct JSONObject: Sendable {
    /// One member.
    package struct Member: Sendable, Hashable {
        package let key: String
        package fileprivate(set) var value: JSON
    }

    /// All members, in order.
    package private(set) var members: [Member] = []

    /// Places by key, once there are too many members to look at each.
    private var places: [String: Int]?

    package init() {}

    package var count: Int { members.count }
    package var isEmpty: Bool { members.isEmpty }
    package var keys: some Sequence<String> { members.lazy.map(\.key) }

    /// The value of that member. Setting nil removes the member, setting a value replaces it in place or
    /// appends it.
    package subscript(_ key: String) -> JSON? {
        get { place(of: key).map { members[$0].value } }
        set {
            switch (place(of: key), newValue) {
            case (let place?, let value?): members[place].value = value
            case (let place?, nil): remove(at: place)
            case (nil, let value?): append(key, value)
            case (nil, nil): break
            }
        }
    }

    /// Appends a member; does nothing and returns false when the key is taken.
    @discardableResult
    package mutating func append(_ key: String, _ value: JSON) -> Bool {
        if places == nil, members.count >= Limits.linearMembers {
            places = Dictionary(uniqueKeysWithValues: members.indices.map { (members[$0].key, $0) })
        }
        guard place(of: key) == nil else { return false }
        places?[key] = members.count
        members.append(Member(key: key, value: value))
        return true
    }

    private func place(of key: String) -> Int? {
        if let places { return places[key] }
        return members.firstIndex { $0.key == key }
    }

    private mutating func remove(at place: Int) {
        members.remove(at: place)
        places = nil
    }
}

extension JSONObject: Hashable {
    /// Equal when the same keys have the same values, in whatever order (RFC 8259 section 4).
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }

    package func hash(into hasher: inout Hasher) {
        var sum = 0
        for member in members { sum ^= member.hashValue }
        hasher.combine(sum)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral members: (String, JSON)...) {
        for (key, value) in members {
            let isNew = append(key, value)
            precondition(isNew, "a JSON literal names a member twice")
        }
    }
}
