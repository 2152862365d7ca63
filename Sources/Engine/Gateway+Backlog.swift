import Domain
import Platform
import Storage

extension Gateway {
    /// Sets the figures of what waits for people: open exceptions, deliveries that were given up, how old
    /// the newest rate is that a merchant pushed, and what waits for a signed root. Over all
    /// merchants and all processes.
    package func measureBacklog() async throws {
        let backlog = try await store.read { try $0.backlog() }
        for (question, count) in backlog.openExceptions {
            world.metrics.openExceptions.set(count, question.kind.rawValue, Self.mode(question.isTest))
        }
        for (isTest, count) in backlog.deadDeliveries {
            world.metrics.deadDeliveries.set(count, Self.mode(isTest))
        }
        for (isTest, at) in backlog.newestRates {
            let age = world.now.milliseconds - at.milliseconds
            world.metrics.rateAge.set(Int(age / 1_000), Self.mode(isTest))
        }
        let unsealed = try await sealBacklog()
        world.metrics.unsealedChains.set(unsealed.chains)
        world.metrics.unsealedAge.set(Int(clamping: unsealed.seconds))
    }

    private static func mode(_ isTest: Bool) -> String { isTest ? "test" : "live" }
}

extension Metrics {
    /// Each is a question about money that only a person answers.
    var openExceptions: Gauge {
        gauge(
            "quittance_open_exceptions", help: "Exceptions that wait for a person now.",
            labels: ["kind", "mode"])
    }

    var deadDeliveries: Gauge {
        gauge(
            "quittance_dead_deliveries", help: "Webhooks that were given up and not replayed.",
            labels: ["mode"])
    }

    /// Of one mode there is none before a merchant pushed a rate.
    var rateAge: Gauge {
        gauge(
            "quittance_merchant_rate_age_seconds", help: "How old the newest rate is that a merchant pushed.",
            labels: ["mode"])
    }
}
