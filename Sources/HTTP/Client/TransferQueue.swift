/// The requests that wait for a place, and how many places are taken: in all and for each origin.
///
/// Origins take turns, so that one to which much is sent, or which is slow, does not hold up the others.
struct TransferQueue {
    private struct Lane {
        var active = 0
        var waiting: [Transfer] = []
    }

    private let limits: ClientLimits
    private var lanes: [String: Lane] = [:]
    /// The origins with waiting requests, the next to be served first.
    private var turns: [String] = []
    private(set) var active = 0
    private(set) var waiting = 0

    init(_ limits: ClientLimits) { self.limits = limits }

    /// False when too many wait already, in all or for the origin.
    mutating func add(_ transfer: Transfer) -> Bool {
        var lane = lanes[transfer.origin] ?? Lane()
        guard waiting < limits.waiting, lane.waiting.count < limits.waitingPerOrigin else { return false }
        if lane.waiting.isEmpty { turns.append(transfer.origin) }
        lane.waiting.append(transfer)
        waiting += 1
        lanes[transfer.origin] = lane
        return true
    }

    /// Takes the next request that may start, and a place for it; nil when none may.
    mutating func next() -> Transfer? {
        guard active < limits.transfers else { return nil }
        for (index, origin) in turns.enumerated() {
            guard var lane = lanes[origin], lane.active < limits.transfersPerOrigin else { continue }
            lanes[origin] = nil  // so that the array below is not shared and copied
            let transfer = lane.waiting.removeFirst()
            lane.active += 1
            active += 1
            waiting -= 1
            turns.remove(at: index)
            if !lane.waiting.isEmpty { turns.append(origin) }
            lanes[origin] = lane
            return transfer
        }
        return nil
    }

    /// Gives back the place of a request to `origin`.
    mutating func leave(_ origin: String) {
        guard var lane = lanes[origin] else { return }
        lane.active -= 1
        active -= 1
        lanes[origin] = lane.active == 0 && lane.waiting.isEmpty ? nil : lane
    }

    /// Takes out the waiting requests for which `isGone` holds.
    mutating func remove(where isGone: (Transfer) -> Bool) -> [Transfer] {
        var gone: [Transfer] = []
        for origin in turns {
            guard var lane = lanes[origin] else { continue }
            let leaving = lane.waiting.filter(isGone)
            guard !leaving.isEmpty else { continue }
            gone += leaving
            lane.waiting.removeAll(where: isGone)
            lanes[origin] = lane.active == 0 && lane.waiting.isEmpty ? nil : lane
        }
        turns.removeAll { lanes[$0]?.waiting.isEmpty ?? true }
        waiting -= gone.count
        return gone
    }
}
