import Domain
import Platform
import Storage

/// Which networks this process may follow, as far as it has seen.
///
/// Of several processes on one database one follows a network, and the others wait until it has gone: two
/// nodes never agree at each moment, and each would undo what the other has said. The lease needs no clock
/// that two machines share: its owner counts a beat with each word, and who waits takes over when it has seen
/// the same beat for so long by its own clock. The fence grows with each owner.
final class Watches: Sendable {
    private let entropy: any Entropy
    private let ownName = Lock<String?>(nil)
    private let seen = Lock<[NetworkName: Seen]>([:])
    private let begun = Lock<Set<NetworkName>>([])
    /// The fence under which this process was seen last to follow a network.
    private let fences = Lock<[NetworkName: UInt64]>([:])

    private struct Seen {
        var row: WatchRow
        var since: Int64
    }

    init(_ entropy: any Entropy) { self.entropy = entropy }

    /// This process, among all that ever used the database.
    var name: String {
        get {
            ownName.withLock { name in
                if let name { return name }
                let made = Hex.encode(entropy.bytes(16))
                name = made
                return made
            }
        }
        set { ownName.withLock { $0 = newValue } }
    }

    /// Whether this process follows a network for the first time: its predecessor may have had its name.
    func begins(_ network: NetworkName) -> Bool { begun.withLock { $0.insert(network).inserted } }

    /// Whether this process may follow a network, or take it over now.
    func may(_ network: NetworkName, _ row: WatchRow?, uptime: Int64, lease: Int64) -> Bool {
        guard let row, let owner = row.owner, owner != name else { return true }
        return seen.withLock { seen in
            if let last = seen[network], last.row == row {
                return uptime - last.since >= lease
            }
            seen[network] = Seen(row: row, since: uptime)
            return false
        }
    }

    /// Whether nobody else has followed a network since this process did, by what is stored of it. Whoever
    /// did may have said otherwise than this process, and may have left since.
    func isUninterrupted(_ network: NetworkName, _ row: WatchRow?) -> Bool {
        guard let row else { return false }
        return fences.withLock { fences in
            if row.owner == name { fences[network] = row.fence }
            return fences[network] == row.fence
        }
    }
}
