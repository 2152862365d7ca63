import HTTP
import Platform
import Web

/// The server, from the moment that it has its port. Until there is a gateway it says that it starts: a first
/// migration, or a sandbox that is told again, takes its time.
struct Reception: Sendable {
    let port: Int
    private let door: Door
    private let task: Task<Void, Never>

    /// Takes the port, so that the address is known, and answers.
    ///
    /// Throws `Running.Unbindable`, and `WrongUse` for proxies that are none.
    init(_ configuration: Configuration, _ log: Log) throws {
        let door = Door(log)
        var settings = Server.Configuration()
        settings.address = configuration.address
        settings.port = configuration.port
        settings.trustedProxies = configuration.trustedProxies
        settings.limits.body = API.bodyBytes
        settings.onFailure = { request, error in
            let path = Running.loggable(request.path, request.segments)
            log.error("request failed \("path", path) \("error", error)")
        }
        settings.refuse = { door.refuse($0) }
        let server: Server
        do throws(ServerError) {
            server = try Server(configuration: settings) { await door.answer($0) }
        } catch {
            if case .malformedProxy = error {
                throw WrongUse("\(configuration.source(of: "trusted_proxies")): \(error).")
            }
            throw Running.Unbindable(reason: error, source: configuration.source(of: "listen"))
        }
        self.door = door
        port = server.port
        task = Task { await server.run() }
    }

    /// From now on there is something to answer with.
    func open(_ front: Front) { door.open(front) }

    /// Ends it gently: requests under way are finished.
    func close() async {
        task.cancel()
        await task.value
    }
}

/// A part of the process that it cannot do without.
extension Reception: Resident {
    var name: String { "server" }
    var isEssential: Bool { true }

    func run() async throws {
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
    }
}

/// What answers requests, once there is something to answer with.
final class Door: Sendable {
    private let site = Lock<Front?>(nil)
    /// Answers until then.
    private let porch: Front

    init(_ log: Log) { porch = Front([], log: log, metrics: Metrics()) }

    func open(_ front: Front) { site.withLock { $0 = front } }

    func answer(_ request: Request) async -> Response {
        if let front = site.withLock({ $0 }) { return await front.respond(to: request) }
        // It lives: whoever ended it now would end a migration.
        if request.path == "/healthz" { return .text("ok\n") }
        return porch.refuse(Server.Refused(.serviceUnavailable, code: "starting", request: request))
    }

    func refuse(_ refused: Server.Refused) -> Response {
        (site.withLock { $0 } ?? porch).refuse(refused)
    }
}
