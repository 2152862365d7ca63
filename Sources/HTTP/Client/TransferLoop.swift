import CCurl
import Platform

/// The thread of a client: takes requests from the mailbox, drives libcurl, hands out results.
@safe final class TransferLoop {
    private let mailbox: TransferMailbox
    private let settings: TransferSettings
    private let clock = SystemClock()
    private var queue: TransferQueue
    private var running: [UInt64: Transfer] = [:]
    private var idle: [TransferHandle] = []
    private var nextSweep: Int64 = 0

    private init(_ mailbox: TransferMailbox) {
        self.mailbox = mailbox
        settings = mailbox.settings
        queue = TransferQueue(mailbox.settings.limits)
    }

    /// Starts the thread, which runs until the mailbox is closed.
    static func start(_ mailbox: TransferMailbox) {
        Thread.start { TransferLoop(mailbox).run() }
    }

    private func run() {
        while true {
            let news = mailbox.take()
            accept(news)
            if news.isClosed { break }
            sweep()
            startWaiting()
            var count: Int32 = 0
            unsafe curl_multi_perform(mailbox.multi, &count)
            finishDone()
            startWaiting()
            let sleep = queue.waiting > 0 ? ClientLimits.waitingSweep : ClientLimits.idleSleep
            unsafe curl_multi_poll(mailbox.multi, nil, 0, sleep, nil)
        }
        accept(mailbox.end())
        abandonAll()
    }

    private func accept(_ news: TransferMailbox.News) {
        for transfer in news.submitted where !queue.add(transfer) {
            transfer.fail(ClientError(.overloaded, mayHaveReachedPeer: false))
        }
        if !news.cancelled.isEmpty { cancel(Set(news.cancelled)) }
    }

    private func cancel(_ ids: Set<UInt64>) {
        for id in ids {
            if let transfer = running[id] { abort(transfer, .cancelled) }
        }
        for transfer in queue.remove(where: { ids.contains($0.id) }) {
            transfer.fail(ClientError(.cancelled, mayHaveReachedPeer: false))
        }
    }

    /// Fails the requests whose time ran out while they waited; those under way are timed by libcurl.
    private func sweep() {
        let now = clock.uptime
        guard queue.waiting > 0, now >= nextSweep else { return }
        nextSweep = now + Int64(ClientLimits.waitingSweep)
        for transfer in queue.remove(where: { $0.deadline <= now }) { expire(transfer) }
    }

    private func expire(_ transfer: Transfer) {
        let detail = "no place for a request to \(transfer.origin) became free in time"
        transfer.fail(ClientError(.overloaded, mayHaveReachedPeer: false, detail: detail))
    }

    private func startWaiting() {
        while let transfer = queue.next() {
            let now = clock.uptime
            if transfer.deadline <= now {
                queue.leave(transfer.origin)
                expire(transfer)
                continue
            }
            guard let handle = idle.popLast() ?? TransferHandle(),
                transfer.prepare(handle, settings, now: now),
                unsafe curl_multi_add_handle(mailbox.multi, handle.easy) == CURLM_OK
            else {
                transfer.handle = nil
                queue.leave(transfer.origin)
                let detail = "libcurl did not take the request"
                transfer.fail(ClientError(.overloaded, mayHaveReachedPeer: false, detail: detail))
                continue
            }
            running[transfer.id] = transfer
        }
    }

    private func finishDone() {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(mailbox.multi, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE else { continue }
            // The message goes away with the handle: read it first.
            let code = unsafe curlx_message_result(message)
            var owner: UnsafeMutableRawPointer?
            unsafe curlx_get_pointer(message.pointee.easy_handle, CURLINFO_PRIVATE, &owner)
            guard let owner = unsafe owner else { continue }
            let transfer = unsafe Unmanaged<Transfer>.fromOpaque(owner).takeUnretainedValue()
            guard let handle = transfer.handle else { continue }
            let (status, wasSent, detail) = (handle.status, handle.hasSent, handle.detail(of: code))
            detach(transfer, handle)
            transfer.finish(code, status: status, wasSent: wasSent, detail: detail)
        }
    }

    /// Ends a transfer under way: its connection is closed, its socket too.
    private func abort(_ transfer: Transfer, _ kind: ClientError.Kind) {
        guard let handle = transfer.handle else { return }
        let wasSent = handle.hasSent
        detach(transfer, handle)
        transfer.fail(ClientError(kind, mayHaveReachedPeer: wasSent))
    }

    private func detach(_ transfer: Transfer, _ handle: TransferHandle) {
        unsafe curl_multi_remove_handle(mailbox.multi, handle.easy)
        transfer.handle = nil
        running[transfer.id] = nil
        queue.leave(transfer.origin)
        guard idle.count < ClientLimits.idleHandles else { return }
        handle.reset()
        idle.append(handle)
    }

    private func abandonAll() {
        for transfer in running.values { abort(transfer, .closed) }
        for transfer in queue.remove(where: { _ in true }) {
            transfer.fail(ClientError(.closed, mayHaveReachedPeer: false))
        }
    }
}
