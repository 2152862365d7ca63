/// Whoever takes a request to another server and brings back its answer: `Client` over the network; in a
/// simulation, memory.
package protocol Sender: Sendable {
    /// The answer, whatever its status. Throws when there is none.
    func send(_ request: ClientRequest) async throws(ClientError) -> ClientResponse

    /// Ends all connections; what is under way fails.
    func close()
}

extension Client: Sender {}
