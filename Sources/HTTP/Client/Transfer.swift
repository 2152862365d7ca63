import CCurl
import Platform

/// One request on its way, with what has come back so far.
///
/// Built by the sender; from `TransferMailbox.submit` on only the loop's thread touches it, libcurl's
/// callbacks included, which run on that thread.
@safe final class Transfer: @unchecked Sendable {
    typealias Continuation = CheckedContinuation<Result<ClientResponse, ClientError>, Never>

    let id: UInt64
    let request: ClientRequest
    /// Requests to one origin share its places and connections.
    let origin: String
    /// When the request times out, in milliseconds of the monotonic clock.
    let deadline: Int64
    private let continuation: Continuation

    /// Set while libcurl works on it.
    var handle: TransferHandle?
    /// The first address that the policy did not let us use, and whether any other was tried.
    private var refusal: (IPAddress, AddressRange)?
    private var wasConnecting = false
    private var addressGuard: AddressGuard?

    private var fields: [(name: String, value: String)] = []
    private var headBytes = 0
    private var isHeadComplete = false
    private var body: [UInt8] = []
    private var isBodyBeyondLimit = false

    init(_ id: UInt64, _ request: ClientRequest, _ continuation: Continuation) {
        self.id = id
        self.request = request
        self.continuation = continuation
        origin = request.url.origin
        let timeout = min(max(1, request.timeout), Int64(Int32.max))
        deadline = SystemClock().uptime + timeout
    }

    /// Hands the result to the sender; called once.
    func fail(_ error: ClientError) { continuation.resume(returning: .failure(error)) }

    /// Gives the transfer to a handle. False when libcurl does not take an option: out of memory.
    func prepare(_ handle: TransferHandle, _ settings: TransferSettings, now: Int64) -> Bool {
        self.handle = handle
        addressGuard = settings.addressGuard
        return handle.configure(request, settings, timeout: max(1, deadline - now), owner: self)
    }

    /// Hands the outcome that libcurl reports to the sender; called once.
    func finish(_ code: CURLcode, status: Int, wasSent: Bool, detail: String) {
        let isTruncated: Bool
        switch request.bodyLimit {
        case .keeping: isTruncated = isBodyBeyondLimit
        case .refusing: isTruncated = false
        }
        if code == CURLE_OK, !isHeadComplete {
            // libcurl takes a head that ends in the middle for a whole one.
            let detail = "the answer ended in its head"
            fail(ClientError(.connectionLost, mayHaveReachedPeer: wasSent, detail: detail))
        } else if code == CURLE_OK || code == CURLE_WRITE_ERROR && isTruncated, (200...999).contains(status) {
            var headers = Headers()
            for field in fields { headers.add(field.name, field.value) }
            let response = ClientResponse(
                status: Status(status), headers: headers, body: body, isTruncated: isTruncated)
            continuation.resume(returning: .success(response))
        } else {
            let (kind, reason) = kind(of: code)
            fail(ClientError(kind, mayHaveReachedPeer: wasSent, detail: reason ?? detail))
        }
    }

    private func kind(of code: CURLcode) -> (ClientError.Kind, detail: String?) {
        switch code {
        case CURLE_COULDNT_CONNECT:
            guard let (address, range) = refusal, !wasConnecting else { return (.connectFailed, nil) }
            return (.refusedByGuard(address, range), "\(address) is within \(range)")
        case CURLE_COULDNT_RESOLVE_HOST: return (.nameNotResolved, nil)
        case CURLE_OPERATION_TIMEDOUT: return (.timedOut, nil)
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE:
            return (.connectionLost, nil)
        case CURLE_WRITE_ERROR where isBodyBeyondLimit: return (.bodyTooLarge, nil)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CRL_BADFILE,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED,
            CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_SHUTDOWN_FAILED:
            return (.tls, nil)
        default: return (.protocolViolation, nil)
        }
    }
}

// What libcurl tells while it works.
extension Transfer {
    /// Whether a socket to `address` may be opened; nil is an address of neither family.
    func mayConnect(to address: IPAddress?) -> Bool {
        if let addressGuard {
            guard let address else { return false }
            if let range = addressGuard.refusal(of: address) {
                if refusal == nil { refusal = (address, range) }
                return false
            }
        }
        wasConnecting = true
        return true
    }

    /// One line of a head, with its line end. False ends the transfer.
    ///
    /// Interim answers (1xx) each bring a head of their own, of which only the last counts. Lines after the
    /// final head are trailers, which are of no interest.
    func receive(headLine line: UnsafeRawBufferPointer) -> Bool {
        headBytes += line.count
        guard headBytes <= ClientLimits.responseHead else { return false }
        var text = unsafe Array(line)[...]
        while text.last == 0x0A || text.last == 0x0D { text.removeLast() }
        if text.starts(with: "HTTP/".utf8) {
            fields = []
            isHeadComplete = false
        } else if text.isEmpty {
            isHeadComplete = true
            guard !announcesTooMuch else {
                isBodyBeyondLimit = true
                return false
            }
        } else if !isHeadComplete, let colon = text.firstIndex(of: UInt8(ascii: ":")) {
            let name = String(decoding: text[..<colon], as: UTF8.self)
            guard Headers.isName(name), fields.count < ClientLimits.responseFields else { return false }
            fields.append((name, String(decoding: text[(colon + 1)...], as: UTF8.self).trimmingBlanks()))
        }
        return true
    }

    /// Whether the head says that more follows than is wanted: then nothing of it is waited for.
    private var announcesTooMuch: Bool {
        guard case .refusing(let limit) = request.bodyLimit, request.method != .head else { return false }
        return fields.contains { field in
            guard field.name.lowercased() == "content-length", let length = UInt64(field.value) else {
                return false
            }
            return length > UInt64(max(0, limit))
        }
    }

    /// A piece of the body. False ends the transfer.
    func receive(body piece: UnsafeRawBufferPointer) -> Bool {
        let room = max(0, request.bodyLimit.bytes - body.count)
        unsafe body.append(contentsOf: piece.prefix(room))
        guard piece.count > room else { return true }
        isBodyBeyondLimit = true
        return false
    }
}
