import CCurl
import Platform

/// Sends requests to other servers over HTTP/1.1, with kept connections, on one thread of its own (libcurl's
/// multi interface). Verifies TLS certificates, ignores the environment's proxies, follows no redirect, keeps
/// no cookie.
///
/// The thread ends when the client is closed or no longer referenced.
package final class Client: Sendable {
    private let mailbox: TransferMailbox
    private let policy: ClientPolicy

    /// - Parameters:
    ///   - userAgent: value of the `User-Agent` field.
    ///   - certificateFile: PEM file of the authorities to trust in place of the system's.
    package init(
        _ policy: ClientPolicy, limits: ClientLimits = ClientLimits(), userAgent: String = "quittance",
        certificateFile: String? = nil
    ) {
        self.policy = policy
        let settings = TransferSettings(
            limits: limits, userAgent: userAgent, certificateFile: certificateFile,
            addressGuard: policy.addressGuard)
        mailbox = TransferMailbox(settings)
        TransferLoop.start(mailbox)
    }

    deinit { mailbox.close() }

    /// Sends a request and waits for the whole answer. Any status is an answer; only its absence is an error.
    ///
    /// *On failure*: `ClientError.mayHaveReachedPeer` tells a request that was certainly not received from
    /// one whose outcome is unknown. Cancelling the task ends the transfer at once, with kind `cancelled`.
    package func send(_ request: ClientRequest) async throws(ClientError) -> ClientResponse {
        let id = mailbox.nextID()
        return try await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                mailbox.submit(Transfer(id, request, continuation))
            }
        } onCancel: {
            mailbox.cancel(id)
        }.get()
    }

    /// Fails what is under way and what comes later with kind `closed`, and ends the thread.
    package func close() { mailbox.close() }
}

/// What all transfers of a client share.
struct TransferSettings: Sendable {
    let limits: ClientLimits
    let userAgent: String
    let certificateFile: String?
    let addressGuard: AddressGuard?
}

/// How senders speak to the thread.
@safe final class TransferMailbox: @unchecked Sendable {  // the multi handle takes wake-ups from any thread
    /// What happened since the thread last looked.
    struct News {
        var submitted: [Transfer] = []
        var cancelled: [UInt64] = []
        var isClosed = false
    }

    private struct State {
        var news = News()
        var lastID: UInt64 = 0
        /// False when the thread has ended and the multi handle is about to go.
        var isAlive = true
    }

    let settings: TransferSettings
    /// Used by the loop's thread but for wake-ups, which happen under the lock and only while `isAlive`.
    let multi: UnsafeMutableRawPointer
    private let state = Lock(State())

    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    init(_ settings: TransferSettings) {
        self.settings = settings
        guard Self.isReady, let multi = unsafe curl_multi_init() else {
            preconditionFailure("libcurl cannot start: out of memory or file descriptors")
        }
        unsafe self.multi = multi
        unsafe curlx_multi_set_long(multi, CURLMOPT_MAXCONNECTS, settings.limits.idleConnections)
        unsafe curlx_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
    }

    deinit { unsafe curl_multi_cleanup(multi) }

    func nextID() -> UInt64 {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    /// Runs in the sender's task. A task marks itself cancelled before it runs its cancellation handlers: if
    /// it is not marked yet, here under the lock, then `cancel` comes later and finds the transfer; if it is,
    /// `cancel` may have come already and found nothing, and the transfer must not start.
    func submit(_ transfer: Transfer) {
        let refusal: ClientError.Kind? = state.withLock { state in
            if Task.isCancelled { return .cancelled }
            if !state.isAlive || state.news.isClosed { return .closed }
            if state.news.submitted.count >= settings.limits.waiting { return .overloaded }
            state.news.submitted.append(transfer)
            wake()
            return nil
        }
        if let refusal { transfer.fail(ClientError(refusal, mayHaveReachedPeer: false)) }
    }

    func cancel(_ id: UInt64) {
        state.withLock { state in
            guard state.isAlive else { return }
            state.news.cancelled.append(id)
            wake()
        }
    }

    func close() {
        state.withLock { state in
            guard state.isAlive else { return }
            state.news.isClosed = true
            wake()
        }
    }

    /// For the thread: everything new, once.
    func take() -> News {
        state.withLock { state in
            let news = state.news
            state.news = News(isClosed: news.isClosed)
            return news
        }
    }

    /// For the thread, at its end: what came in since the last `take`; nothing comes in any more.
    func end() -> News {
        state.withLock { state in
            let news = state.news
            state.news = News(isClosed: true)
            state.isAlive = false
            return news
        }
    }

    private func wake() { unsafe curl_multi_wakeup(multi) }
}
