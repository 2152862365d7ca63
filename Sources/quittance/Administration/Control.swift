import JSON
import Platform

/// The door of a running gateway for the commands of its operator: a socket in the data folder that only its
/// owner and root may use. One request and its answer make a conversation; every message is a JSON object.
///
///     → {"version": "0.1.0", "request": {"do": "merchant.list"}}
///     ← {"progress": null}                     any number of them, while it works
///     ← {"answer": […]}                        or {"error": {"text", "advice", "ending"}}
struct Control: Resident {
    private static let prefix = "control-"
    private static let suffix = ".sock"

    private let listener: LocalListener
    private let administration: Administration
    private let worker = Worker(threads: 4)
    private let log: Log

    var name: String { "control" }

    /// Opens the door. Sockets that processes left behind when they were killed are removed. Throws
    /// `FileError`.
    init(_ administration: Administration, log: Log) throws {
        let folder = administration.instance.configuration.data
        for name in try Self.names(in: folder) where Self.isDead(name, in: folder) {
            try Files.remove(folder + "/" + name)
        }
        let name = Self.prefix + Hex.encode(SystemEntropy().bytes(4)) + Self.suffix
        listener = try LocalListener(folder: folder, name: name)
        self.administration = administration
        self.log = log
    }

    /// Whether nobody listens there any more.
    private static func isDead(_ name: String, in folder: String) -> Bool {
        do throws(FileError) {
            _ = try LocalConnection.connect(folder: folder, name: name)
            return false
        } catch {
            return error.hasNoListener
        }
    }

    /// The sockets in a folder. Throws `FileError`.
    static func names(in folder: String) throws(FileError) -> [String] {
        let names = try Files.names(in: folder).filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }
        return Array(names.sorted().prefix(Limits.sockets))
    }

    func run() async throws {
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                let open = Lock(0)
                for await connection in listener.connections {
                    let isTaken = open.withLock { count in
                        count += 1
                        return count <= Limits.conversations
                    }
                    group.addTask {
                        await converse(connection, isTaken: isTaken)
                        open.withLock { $0 -= 1 }
                    }
                }
                group.cancelAll()
            }
        } onCancel: {
            listener.stop()
        }
    }

    /// One request and its answer. Whoever breaks the conversation off hears nothing more.
    private func converse(_ connection: LocalConnection, isTaken: Bool) async {
        do {
            let user = connection.peerUser
            guard user == LocalConnection.ownUser || user == 0 else {
                return log.warning("control refused to \("user", Int(user))")
            }
            guard isTaken else {
                let busy = Failure("the running gateway answers other commands.", advice: "Try again.")
                return try await send(Self.message(of: busy), over: connection)
            }
            let bytes = try await worker.run {
                try connection.receive(
                    maxBytes: Limits.requestBytes, withinMilliseconds: Limits.transfer)
            }
            let outcome = await answer(bytes, connection)
            try await send(outcome, over: connection)
        } catch {
            log.debug("control ended by \("error", error)")
        }
    }

    private func answer(_ bytes: [UInt8], _ connection: LocalConnection) async -> JSON {
        do {
            let message = try JSON.parse(bytes)
            guard let asked = message["request"], let request = Administration.Request(asked) else {
                let theirs = message["version"]?.asString ?? "unknown"
                throw Failure(
                    "the running gateway (\(Version.text)) does not know this command (\(theirs)).",
                    advice: "Restart it, so that both are of one version.")
            }
            if !request.isReading { log.info("control was asked to \("do", asked["do"]?.asString ?? "")") }
            return try await whileBeating(connection) {
                ["answer": try await administration.answer(request)]
            }
        } catch {
            return Self.message(of: error)
        }
    }

    /// Shows that this lives, as long as `body` takes; nothing is on its way any more when this returns.
    private func whileBeating(
        _ connection: LocalConnection, _ body: () async throws -> JSON
    ) async throws -> JSON {
        let heart = Task { await beat(connection) }
        let result: Result<JSON, any Error>
        do {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        heart.cancel()
        await heart.value
        return try result.get()
    }

    private func beat(_ connection: LocalConnection) async {
        let clock = SystemClock()
        do {
            while true {
                try await clock.sleep(milliseconds: Limits.heartbeat)
                try await send(["progress": .null], over: connection)
            }
        } catch {
            // The answer is there, or nobody waits for it.
            return
        }
    }

    private func send(_ message: JSON, over connection: LocalConnection) async throws {
        let bytes = message.encoded()
        try await worker.run { try connection.send(bytes, withinMilliseconds: Limits.transfer) }
    }

    private static func message(of error: any Error) -> JSON {
        if let error = error as? WrongUse {
            return [
                "error": [
                    "text": .string(error.problem), "advice": .optional(error.hint),
                    "ending": .integer(Ending.wrongUse.rawValue),
                ]
            ]
        }
        let problem = Problem(error)
        return [
            "error": [
                "text": .string(problem.text), "advice": .optional(problem.advice),
                "ending": .integer(problem.ending.rawValue),
            ]
        ]
    }
}
