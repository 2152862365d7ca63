import Domain
package import Engine
package import HTTP
import JSON
import Platform

/// What watches over the program asks: whether it lives, whether it can work, and its figures.
package struct Operations: Sendable {
    private let gateway: Gateway
    private let showsMetricsToProxies: Bool

    /// - Parameter showsMetricsToProxies: whether `/metrics` answers requests that came through a proxy.
    ///   Off, so that a front that forwards everything does not tell the world.
    package init(_ gateway: Gateway, showsMetricsToProxies: Bool = false) {
        self.gateway = gateway
        self.showsMetricsToProxies = showsMetricsToProxies
    }

    /// `/healthz`, `/readyz`, `/metrics`.
    package var router: Router {
        var router = Router()
        router.get("/healthz", name: "healthz") { _ in .text("ok\n") }
        router.get("/readyz", name: "readyz") { _ in await readiness() }
        router.get("/metrics", name: "metrics") { request in
            let isForwarded =
                request.headers.contains("x-forwarded-for") || request.headers.contains("forwarded")
            guard showsMetricsToProxies || !isForwarded else {
                throw Problem(.notFound, "There is nothing at this path.")
            }
            let text = gateway.world.metrics.exposition()
            return Response(type: "text/plain; version=0.0.4; charset=utf-8", body: Array(text.utf8))
        }
        return router
    }

    /// 200 when payments can be taken and followed, else 503 with the reasons, in words that tell a
    /// stranger nothing.
    private func readiness() async -> Response {
        var reasons: [String] = []
        do {
            for source in try await gateway.sourceViews() {
                if let reason = reason(source) { reasons.append("\(source.network): \(reason)") }
            }
        } catch {
            gateway.world.log.warning("not ready \("error", error)")
            reasons.append("database: cannot be read")
        }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("ready", reasons.isEmpty)
            writer.array("reasons", reasons)
        }
        return .json(reasons.isEmpty ? .ok : .serviceUnavailable, writer.bytes)
    }

    private func reason(_ source: SourceView) -> String? {
        guard let seenAt = source.seenAt else { return "not heard of yet" }
        guard source.isHealthy else { return "not healthy" }
        let silence = gateway.now(isTest: source.isTest).milliseconds - seenAt.milliseconds
        return silence > Limits.sourceSilenceSeconds * 1_000 ? "silent" : nil
    }
}
