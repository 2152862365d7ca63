/// The known name that a mistyped one was probably meant to be: the one with the fewest insertions,
/// deletions, replacements and swaps of neighbours (optimal string alignment), if those are at most a third
/// of its length.
package func nearestName(to name: String, among known: some Sequence<String>) -> String? {
    let wanted = Array(name.lowercased().utf8)
    guard wanted.count <= Limits.namedBytes else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in known where candidate.utf8.count <= Limits.namedBytes {
        let letters = Array(candidate.lowercased().utf8)
        let distance = editDistance(wanted, letters)
        guard distance <= max(1, max(wanted.count, letters.count) / 3), letters.count > 1 else { continue }
        if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
    }
    return best?.name
}

private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast = [Int](repeating: 0, count: right.count + 1)
    var last = Array(0...right.count)
    for (row, letter) in left.enumerated() {
        var line = [row + 1]
        line.reserveCapacity(right.count + 1)
        for (column, other) in right.enumerated() {
            let cost = letter == other ? 0 : 1
            var distance = min(line[column] + 1, last[column + 1] + 1, last[column] + cost)
            if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                distance = min(distance, beforeLast[column - 1] + 1)
            }
            line.append(distance)
        }
        beforeLast = last
        last = line
    }
    return last[right.count]
}
