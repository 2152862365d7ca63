/// A value that seldom changes, behind one reference: however large it is, a copy of it is one word. What the
/// rules hand around with each transfer would else cost more to copy than to judge.
struct Shared<Value: Hashable & Sendable>: Hashable, Sendable {
    private final class Box: Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    private var box: Box

    init(_ value: Value) { box = Box(value) }

    var value: Value { box.value }

    /// Changes this copy alone; where nothing is changed it stays what it shares.
    mutating func change(_ body: (inout Value) -> Void) {
        var next = box.value
        body(&next)
        if next != box.value { box = Box(next) }
    }

    static func == (left: Self, right: Self) -> Bool {
        left.box === right.box || left.box.value == right.box.value
    }

    func hash(into hasher: inout Hasher) { box.value.hash(into: &hasher) }
}
