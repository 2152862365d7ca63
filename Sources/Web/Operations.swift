import Domain
package import Engine
package import HTTP
import JSON
package import Platform

/// What watches over the program asks: whether it lives, whether it can work, and its figures.
package struct Operations: Sendable {
    private let gateway: Gateway
    private let health: @Sendable () -> [Supervisor.Health]

    /// - Parameter health: how the parts of the process are doing.
    package init(_ gateway: Gateway, health: @escaping @Sendable () -> [Supervisor.Health] = { [] }) {
        self.gateway = gateway
        self.health = health
    }

    /// `/healthz`, `/readyz`, `/metrics`.
    package var router: Router {
        gateway.world.metrics.know()
        _ = gateway.world.metrics.refusals
        var router = Router()
        router.get("/healthz", name: "healthz") { _ in .text("ok\n") }
        router.get("/readyz", name: "readyz") { await readiness(isTold: !Self.isForwarded($0)) }
        router.get("/metrics", name: "metrics") { request in
            // A front that forwards everything must not tell the world.
            guard !Self.isForwarded(request) else {
                throw Problem(.notFound, "There is nothing at this path.")
            }
            for part in health() {
                gateway.world.metrics.residents.set(part.state == .running ? 1 : 0, part.name)
            }
            do {
                gateway.world.metrics.aside.set(try await gateway.quarantinedCount())
            } catch {
                gateway.world.log.warning("payments set aside cannot be counted \("error", error)")
            }
            do {
                try await gateway.measureBacklog()
            } catch {
                gateway.world.log.warning("what waits for people cannot be counted \("error", error)")
            }
            gateway.world.metrics.lostLines.add(LogWriter.standardError.takeLost())
            let text = gateway.world.metrics.exposition()
            return Response(type: "text/plain; version=0.0.4; charset=utf-8", body: Array(text.utf8))
        }
        return router
    }

    private static func isForwarded(_ request: Request) -> Bool {
        request.headers.contains("x-forwarded-for") || request.headers.contains("forwarded")
    }

    /// 200 when all parts run and payments can be taken and followed, else 503 with the reasons. A payment
    /// that is set aside is counted, and makes nothing unready; nor does a log that waits for signed roots.
    /// Neither does a test network beside live ones:
    /// any test key may fail the sandbox, and live money must not leave its load balancer for that.
    ///
    /// - Parameter isTold: whether more than the status is told. When a node is down is the best time for a
    ///   double spend, so it is not the world's business.
    private func readiness(isTold: Bool) async -> Response {
        var reasons = health().filter { $0.state != .running }.map {
            "\($0.name): \($0.state.rawValue)"
        }
        var tests: [String] = []
        var aside = 0
        var unsealed: Int64 = 0
        do {
            aside = try await gateway.quarantinedCount()
            unsealed = try await gateway.sealBacklog().seconds
            let sources = try await gateway.sourceViews()
            let hasLive = sources.contains { !$0.isTest }
            for source in sources {
                guard let reason = reason(source) else { continue }
                let words = "\(source.network): \(reason)"
                if source.isTest, hasLive { tests.append(words) } else { reasons.append(words) }
            }
        } catch {
            gateway.world.log.warning("not ready \("error", error)")
            reasons.append("database: cannot be read")
        }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("ready", reasons.isEmpty)
            guard isTold else { return }
            writer.array("reasons", reasons)
            writer.array("test_networks", tests)
            writer.member("payments_set_aside", aside)
            writer.member("sealing_behind", unsealed > gateway.sealPatienceSeconds)
        }
        return .json(reasons.isEmpty ? .ok : .serviceUnavailable, writer.bytes)
    }

    private func reason(_ source: SourceView) -> String? {
        guard let seenAt = source.seenAt else { return "not heard of yet" }
        guard source.isHealthy else {
            return "not healthy" + (source.faultKind.map { " (\($0))" } ?? "")
        }
        let silence = gateway.now(isTest: source.isTest).milliseconds - seenAt.milliseconds
        return silence > Limits.sourceSilenceSeconds * 1_000 ? "silent" : nil
    }
}

extension Metrics {
    /// Over all processes of the instance.
    var aside: Gauge {
        gauge("quittance_payments_set_aside", help: "Payments that are set aside now, for a person.")
    }

    var lostLines: Counter {
        counter("quittance_log_lines_lost_total", help: "Lines of the log that nobody read fast enough.")
    }

    var residents: Gauge {
        gauge(
            "quittance_resident_running",
            help: "Whether a part of the process runs: 0 is stopped or about to be started again.",
            labels: ["resident"])
    }
}
