/// The proxies whose word about the client is taken. Anybody else's `X-Forwarded-For` and `X-Forwarded-Proto`
/// are only text.
struct TrustedProxies: Sendable {
    private let blocks: [AddressBlock]

    /// Addresses or blocks. Throws `ServerError.malformedProxy` for anything else.
    init(_ texts: [String]) throws(ServerError) {
        var blocks: [AddressBlock] = []
        for text in texts {
            guard let block = AddressBlock(parsing: text) else { throw .malformedProxy(text) }
            blocks.append(block)
        }
        self.blocks = blocks
    }

    func contains(_ address: IPAddress) -> Bool { blocks.contains { $0.contains(address) } }

    /// The client behind `proxy`, which is one of ours: read from the right, the first address that is not
    /// one of ours, or the last readable one. What stands further left was written by the client itself.
    func client(behind proxy: IPAddress, _ headers: Headers) -> IPAddress {
        var address = proxy
        let list = headers.values("x-forwarded-for").flatMap { $0.split(separator: ",") }
        for text in list.suffix(Limits.forwardedAddresses).reversed() {
            guard let next = IPAddress(text.trimmingBlanks())?.unmapped else { break }
            address = next
            if !contains(next) { break }
        }
        return address
    }

    /// Whether a proxy of ours says that its client speaks TLS.
    func isSecure(_ headers: Headers) -> Bool {
        let schemes = headers.values("x-forwarded-proto")
        return schemes.count == 1 && schemes[0].lowercased() == "https"
    }
}
