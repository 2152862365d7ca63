import CSodium

/// The library's one-time start, which picks the fastest implementations for this processor.
enum Sodium {
    /// Read it before the first call into libsodium. Safe from any thread, any number of times.
    static let isReady: Bool = sodium_init() >= 0
}
