import JSON
import Platform

extension Administration {
    /// Has a request answered: by this process when it can have the instance, otherwise by the one that has
    /// it.
    ///
    /// Throws what `answer` throws, and `Failure` when whoever has the instance does not speak.
    static func ask(
        _ request: Request, _ configuration: Configuration, _ terminal: Terminal
    ) async throws -> JSON {
        try Instance.mustAgree(configuration)
        let clock = SystemClock()
        let start = clock.uptime
        while true {
            do {
                return try await Instance.with(configuration, patience: 0) { instance in
                    try await Administration(instance: instance).answer(request) { terminal.progress($0) }
                }
            } catch let taken as Instance.Taken {
                if let door = try await Control.doors(in: configuration.data).first {
                    return try await door.ask(request)
                }
                guard clock.uptime - start < Limits.patience else { throw taken }
            }
            try await clock.sleep(milliseconds: Limits.pause)
        }
    }
}

extension Control {
    /// A way to a process that serves.
    struct Door: Sendable {
        private let connection: LocalConnection
        private let worker: Worker

        fileprivate init(_ connection: LocalConnection, _ worker: Worker) {
            self.connection = connection
            self.worker = worker
        }

        /// Has the process answer one request. A door is used once.
        ///
        /// Throws what the process threw, and `Failure` when it does not speak: then nobody knows whether it
        /// did what was asked.
        func ask(_ request: Administration.Request) async throws -> JSON {
            let message: JSON = ["version": .string(Version.text), "request": request.json]
            do {
                return try await worker.run { try speak(message) }
            } catch let error as LocalSocketError {
                throw Failure(
                    "the running gateway broke off (\(error)).",
                    advice: request.isReading
                        ? "Try again; its log says why." : "Look whether it was done before you try again.")
            }
        }

        private func speak(_ message: JSON) throws -> JSON {
            try connection.send(message.encoded(), withinMilliseconds: Limits.transfer)
            while true {
                let bytes = try connection.receive(
                    maxBytes: Limits.answerBytes, withinMilliseconds: Limits.silence)
                let reply = try JSON.parse(bytes)
                if let answer = reply["answer"] { return answer }
                guard let error = reply["error"] else { continue }
                let text = error["text"]?.asString ?? "the running gateway gave no reason."
                let advice = error["advice"]?.asString
                throw error["ending"]?.asInt64 == Int64(Ending.wrongUse.rawValue)
                    ? WrongUse(text, hint: advice) as any Error : Failure(text, advice: advice)
            }
        }
    }

    /// Throws where a gateway runs in the folder, on this machine: for what must have all of it to itself.
    static func mustBeClosed(_ folder: String) async throws {
        guard try await doors(in: folder).isEmpty else {
            throw Failure("the gateway runs.", advice: "Stop it first, on every machine.")
        }
    }

    /// The processes that serve out of a folder and that this user may speak to. Throws `FileError` for
    /// sockets that belong to another user.
    static func doors(in folder: String) async throws -> [Door] {
        let worker = Worker()
        return try await worker.run {
            try names(in: folder).compactMap { try door($0, in: folder, worker) }
        }
    }

    /// Nil when nobody listens: its process was killed, or has just ended.
    private static func door(_ name: String, in folder: String, _ worker: Worker) throws -> Door? {
        do throws(FileError) {
            return Door(try LocalConnection.connect(folder: folder, name: name), worker)
        } catch {
            if error.hasNoListener || error.isNotFound { return nil }
            guard error.isForbidden else { throw error }
            throw Failure(
                "the running gateway belongs to another user.",
                advice: "Run this command as the gateway's user: sudo -u quittance quittance …")
        }
    }
}
