import Platform
import TestKit
import Testing

@testable import HTTP

/// Merchants' URLs that lead inside.
@Suite("Attacks by URLs that somebody registers")
struct AttackTests {
    @Test(
        "Each does no harm, and harms whoever believes the one thing that he should not",
        arguments: Attack.onURLs)
    func attack(_ attack: Attack) async throws { try await attack.attempt() }
}

/// How somebody sends a request to a URL that a merchant gave.
private struct Sending: Sendable {
    /// The product's way: what is really connected to is judged.
    var send: @Sendable (ClientRequest) async throws -> Void = { request in
        _ = try await Client(.guarded(allowLoopback: false)).send(request)
    }

    /// Judges by the text alone, and then trusts it.
    static func judging(_ isInside: @escaping @Sendable (URL) -> Bool) -> Sending {
        Sending { request in
            guard !isInside(request.url) else { return }
            _ = try await Client(.trusted).send(request)
        }
    }
}

extension Attack {
    /// Sends to a server inside; harmed is who reaches it.
    private static func reaching(
        _ name: String, twin belief: String, _ twin: Sending,
        to request: @escaping @Sendable (_ port: UInt16) throws -> ClientRequest
    ) -> Attack {
        Attack(name, product: Sending(), twin: belief, twin) { sending in
            let inside = try RawServer { connection in
                if connection.readRequest() != nil { connection.answer(fields: "Connection: close\r\n") }
            }
            defer { inside.stop() }
            // It may well be refused: what counts is who was reached.
            do { try await sending.send(try request(inside.port)) } catch is ClientError {}
            return inside.accepted > 0 ? "a request reaches the network inside" : nil
        }
    }

    static let onURLs: [Attack] = [
        reaching(
            "G73 a name that leads elsewhere since it was registered", twin: "a name was looked at then",
            .judging { AddressGuard(allowsLoopback: false).refusal(of: $0) != nil }
        ) { port in
            var request = ClientRequest(.post, try URL(parsing: "http://shop.example:\(port)/"), timeout: 60_000)
            request.resolve = ["shop.example:\(port):127.0.0.1"]
            return request
        },
        reaching(
            "G73 this machine, written in another way", twin: "this machine is called 127.0.0.1 or localhost",
            .judging { ["127.0.0.1", "localhost", "[::1]"].contains("\($0.host)") }
        ) { port in
            ClientRequest(.post, try URL(parsing: "http://0.0.0.0:\(port)/"), timeout: 60_000)
        },
        Attack(
            "G73 sent on to the inside by a server outside", product: Sending.following(false),
            twin: "a server knows where it has moved to", .following(true)
        ) { sending in
            let inside = try RawServer { connection in
                if connection.readRequest() != nil { connection.answer(fields: "Connection: close\r\n") }
            }
            defer { inside.stop() }
            let port = inside.port
            let outside = try RawServer { connection in
                if connection.readRequest() != nil {
                    let fields = "Location: http://127.0.0.1:\(port)/\r\nConnection: close\r\n"
                    connection.answer("302 Found", fields: fields)
                }
            }
            defer { outside.stop() }
            try await sending.send(ClientRequest(.post, try local(outside), timeout: 60_000))
            #expect(outside.accepted == 1)
            return inside.accepted > 0 ? "a request reaches the network inside" : nil
        },
    ]
}

extension Sending {
    /// To this machine's own servers, which stand for those outside; and on to where the answer points.
    fileprivate static func following(_ goesOn: Bool) -> Sending {
        Sending { request in
            let answer = try await Client(.guarded(allowLoopback: true)).send(request)
            guard goesOn, let location = answer.headers["location"] else { return }
            _ = try await Client(.trusted).send(ClientRequest(.post, try URL(parsing: location), timeout: 60_000))
        }
    }
}
