import Platform

/// What a number of connections, or of tasks, got done.
struct Load: Sendable {
    var count = 0
    var seconds = 0.0
    /// Milliseconds, sorted.
    var waits: [Double] = []

    var rate: Double { seconds > 0 ? Double(count) / seconds : 0 }

    /// The wait that so many of a hundred do not exceed, in milliseconds.
    func wait(percentile: Int) -> Double {
        waits.isEmpty ? 0 : waits[min(waits.count - 1, waits.count * percentile / 100)]
    }

    struct Refused: Error {
        let status: Int
        let body: String
    }

    /// Lets `connections` threads send requests one after another for a while.
    ///
    /// - Parameter request: makes the bytes of a request out of its number.
    static func overHTTP(
        port: Int, connections: Int, seconds: Int64, expecting status: Int,
        _ request: @escaping @Sendable (Int) -> [UInt8]
    ) async throws -> Load {
        let (ends, report) = AsyncStream.makeStream(of: Result<[Double], any Error>.self)
        let start = Machine.nanoseconds
        let deadline = start + seconds * 1_000_000_000
        for index in 0..<connections {
            Thread.start {
                report.yield(
                    Result {
                        try drive(port, first: index, by: connections, until: deadline, status, request)
                    })
            }
        }
        var load = Load()
        var left = connections
        for await end in ends {
            load.waits += try end.get()
            left -= 1
            if left == 0 { break }
        }
        return load.ended(since: start)
    }

    private static func drive(
        _ port: Int, first: Int, by step: Int, until deadline: Int64, _ status: Int,
        _ request: (Int) -> [UInt8]
    ) throws -> [Double] {
        let wire = try Wire(port: port)
        var waits: [Double] = []
        var number = first
        var now = Machine.nanoseconds
        while now < deadline {
            let answer = try wire.exchange(request(number), keepsBody: false)
            guard answer.status == status else {
                let again = try wire.exchange(request(number), keepsBody: true)
                throw Refused(status: answer.status, body: String(decoding: again.body, as: UTF8.self))
            }
            let after = Machine.nanoseconds
            waits.append(Double(after - now) / 1e6)
            now = after
            number += step
        }
        return waits
    }

    /// Lets `tasks` tasks run `body` one time after another, for a while or until `count` is reached.
    static func inTasks(
        _ tasks: Int, seconds: Int64, count: Int = .max,
        _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws -> Load {
        let start = Machine.nanoseconds
        let deadline = seconds == 0 ? Int64.max : start + seconds * 1_000_000_000
        var load = Load()
        try await withThrowingTaskGroup(of: [Double].self) { group in
            for index in 0..<tasks {
                group.addTask { @concurrent in
                    var waits: [Double] = []
                    var now = Machine.nanoseconds
                    var number = index
                    while number < count, now < deadline {
                        try await body(number)
                        let after = Machine.nanoseconds
                        waits.append(Double(after - now) / 1e6)
                        now = after
                        number += tasks
                    }
                    return waits
                }
            }
            for try await waits in group { load.waits += waits }
        }
        return load.ended(since: start)
    }

    private func ended(since start: Int64) -> Load {
        var load = self
        load.seconds = Double(Machine.nanoseconds - start) / 1e9
        load.count = waits.count
        load.waits.sort()
        return load
    }
}
