package import Platform

extension Metrics {
    /// Makes the engine's figures known before anything has happened: an alarm that watches one that is not
    /// there never goes off.
    package func know() {
        _ = (height, deliveries, quarantined, openExceptions, deadDeliveries, rateAge)
        _ = (roots, unsealedChains, unsealedAge)
    }
}
