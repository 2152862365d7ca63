import CCurl
import CLinux

/// An easy handle of libcurl with the memory it refers to, used for one transfer after another.
@safe final class TransferHandle {
    let easy: UnsafeMutableRawPointer
    private let message: UnsafeMutablePointer<CChar>
    private var lists: [UnsafeMutablePointer<curl_slist>] = unsafe []

    init?() {
        guard let easy = unsafe curl_easy_init() else { return nil }
        unsafe self.easy = easy
        unsafe message = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        unsafe curl_easy_cleanup(easy)
        freeLists()
        unsafe message.deallocate()
    }

    /// What went wrong, in libcurl's words.
    func detail(of code: CURLcode) -> String {
        let text = unsafe String(cString: message)
        return text.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : text
    }

    /// The status of the answer; 0 without one.
    var status: Int { number(CURLINFO_RESPONSE_CODE) }

    /// Whether any byte of the request went out.
    var hasSent: Bool { number(CURLINFO_REQUEST_SIZE) > 0 }

    /// Forgets the transfer, keeping buffers for the next.
    func reset() {
        unsafe curl_easy_reset(easy)
        freeLists()
        unsafe message.pointee = 0
    }

    /// Sets every option for a request. `owner` is what the callbacks work on and must live until the handle
    /// is removed from its multi handle. False when libcurl refuses an option.
    func configure(
        _ request: ClientRequest, _ settings: TransferSettings, timeout: Int64, owner: Transfer
    ) -> Bool {
        let pointer = unsafe Unmanaged.passUnretained(owner).toOpaque()
        return unsafe set(CURLOPT_URL, request.url.description)
            && setPolicy(settings)
            && set(CURLOPT_TIMEOUT_MS, Int(timeout))
            && set(CURLOPT_CONNECTTIMEOUT_MS, Int(min(timeout, settings.limits.connectTimeout)))
            && set(CURLOPT_FRESH_CONNECT, request.isSentAtMostOnce ? 1 : 0)
            // Kept, it would hold a place at the peer, and nothing would ever come on it.
            && set(CURLOPT_FORBID_REUSE, request.isSentAtMostOnce ? 1 : 0)
            && setMethod(request)
            && setFields(request)
            && setResolver(request)
            && set(CURLOPT_PRIVATE, pointer)
            && set(CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(message))
            && set(CURLOPT_WRITEDATA, pointer)
            && set(CURLOPT_HEADERDATA, pointer)
            && set(CURLOPT_OPENSOCKETDATA, pointer)
            && curlx_set_write(easy, CURLOPT_WRITEFUNCTION, receiveBody) == CURLE_OK
            && curlx_set_write(easy, CURLOPT_HEADERFUNCTION, receiveHeadLine) == CURLE_OK
            && curlx_set_opensocket(easy, openSocket) == CURLE_OK
    }

    /// What is the same for all requests of a client.
    private func setPolicy(_ settings: TransferSettings) -> Bool {
        set(CURLOPT_PROTOCOLS_STR, "http,https")
            && set(CURLOPT_FOLLOWLOCATION, 0)
            && set(CURLOPT_PROXY, "")
            && set(CURLOPT_NOSIGNAL, 1)
            && set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
            && set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
            && set(CURLOPT_PATH_AS_IS, 1)
            && set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
            && set(CURLOPT_SSL_VERIFYPEER, 1)
            && set(CURLOPT_SSL_VERIFYHOST, 2)
            && set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
            && set(CURLOPT_MAXAGE_CONN, Int(settings.limits.idleTime / 1_000))
            // Without this a resolver that hangs would hold the thread when its transfer times out.
            && set(CURLOPT_QUICK_EXIT, 1)
            && set(CURLOPT_USERAGENT, settings.userAgent)
            && (settings.certificateFile.map { set(CURLOPT_CAINFO, $0) } ?? true)
    }

    private func setMethod(_ request: ClientRequest) -> Bool {
        switch request.method {
        case .get where request.body.isEmpty:
            return set(CURLOPT_HTTPGET, 1)
        case .head:
            return set(CURLOPT_NOBODY, 1)
        case .delete where request.body.isEmpty, .options where request.body.isEmpty:
            return set(CURLOPT_HTTPGET, 1) && set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        case .get, .post, .put, .patch, .delete, .options:
            return set(CURLOPT_POST, 1) && setBody(request.body)
                && set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
    }

    /// An empty body needs an address too: without one libcurl would read from standard input.
    private func setBody(_ body: [UInt8]) -> Bool {
        unsafe (body.isEmpty ? [0] : body).withUnsafeBytes { bytes in
            unsafe curlx_set_body(easy, bytes.baseAddress, body.count) == CURLE_OK
        }
    }

    private func setFields(_ request: ClientRequest) -> Bool {
        // A name with nothing after the colon takes away what libcurl would send by itself.
        var lines = ["Expect:"]
        if request.isSentAtMostOnce { lines.append("Connection: close") }
        if !request.headers.contains("Content-Type") { lines.append("Content-Type:") }
        if !request.headers.contains("Accept") { lines.append("Accept:") }
        for field in request.headers where !ClientRequest.ownFields.contains(field.name.lowercased()) {
            lines.append(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        return set(CURLOPT_HTTPHEADER, lines)
    }

    private func setResolver(_ request: ClientRequest) -> Bool {
        request.resolve.isEmpty || set(CURLOPT_RESOLVE, request.resolve)
    }

    private func set(_ option: CURLoption, _ value: Int) -> Bool {
        unsafe curlx_set_long(easy, option, value) == CURLE_OK
    }

    private func set(_ option: CURLoption, _ value: String) -> Bool {
        unsafe curlx_set_text(easy, option, value) == CURLE_OK
    }

    private func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer) -> Bool {
        unsafe curlx_set_pointer(easy, option, value) == CURLE_OK
    }

    private func set(_ option: CURLoption, _ lines: [String]) -> Bool {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = unsafe curl_slist_append(list, line) else {
                unsafe curl_slist_free_all(list)
                return false
            }
            unsafe list = longer
        }
        guard let list = unsafe list else { return true }
        unsafe lists.append(list)
        return unsafe curlx_set_pointer(easy, option, UnsafeMutableRawPointer(list)) == CURLE_OK
    }

    private func freeLists() {
        for unsafe list in unsafe lists { unsafe curl_slist_free_all(list) }
        unsafe lists = []
    }

    private func number(_ info: CURLINFO) -> Int {
        var value = 0
        return unsafe curlx_get_long(easy, info, &value) == CURLE_OK ? value : 0
    }
}

// The callbacks. `owner` is the `Transfer` given to `configure`; they run within `curl_multi_perform` on its
// thread.

private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ owner: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes = unsafe bytes, let owner = unsafe owner else { return 0 }
    let transfer = unsafe Unmanaged<Transfer>.fromOpaque(owner).takeUnretainedValue()
    let piece = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    return unsafe transfer.receive(body: piece) ? piece.count : 0
}

private func receiveHeadLine(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ owner: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes = unsafe bytes, let owner = unsafe owner else { return 0 }
    let transfer = unsafe Unmanaged<Transfer>.fromOpaque(owner).takeUnretainedValue()
    let line = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    return unsafe transfer.receive(headLine: line) ? line.count : 0
}

/// Opens the socket for the address that libcurl is about to connect to: after name resolution, so that a
/// name that changes its address between check and use gains nothing.
private func openSocket(
    _ owner: UnsafeMutableRawPointer?, _ purpose: curlsocktype,
    _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard purpose == CURLSOCKTYPE_IPCXN, let owner = unsafe owner, let address = unsafe address else {
        return CURL_SOCKET_BAD
    }
    let transfer = unsafe Unmanaged<Transfer>.fromOpaque(owner).takeUnretainedValue()
    // The field is declared as the short `sockaddr`, but an address of IPv6 reaches beyond it: no copy of the
    // field.
    let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 0
    let target = unsafe IPAddress((UnsafeRawPointer(address) + offset).assumingMemoryBound(to: sockaddr.self))
    guard transfer.mayConnect(to: target) else { return CURL_SOCKET_BAD }
    return unsafe socket(
        address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue),
        address.pointee.protocol)
}
