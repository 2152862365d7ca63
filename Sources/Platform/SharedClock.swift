/// This machine's clock, moved to what another one says that several machines share. Its own steps count only
/// until it is moved again.
package final class SharedClock: Clock {
    private let own: any Clock
    /// How far the shared clock is ahead of this machine's, in milliseconds; nil until it was asked.
    private let known = Lock<Int64?>(nil)

    package init(_ own: any Clock) { self.own = own }

    package var now: Int64 { own.now &+ (lead ?? 0) }
    package var uptime: Int64 { own.uptime }

    package func sleep(milliseconds: Int64) async throws { try await own.sleep(milliseconds: milliseconds) }

    package var lead: Int64? { known.withLock { $0 } }

    /// Says what the shared clock shows now, in milliseconds since 1970.
    package func set(_ now: Int64) { known.withLock { $0 = now &- own.now } }
}
