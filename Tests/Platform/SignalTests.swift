import CLinux
import Platform
import Testing

/// What tests need of the system's threads.
enum SystemThread {
    /// Lets other threads run.
    static func pass() { sched_yield() }
}

@Suite("Signals")
struct SignalTests {
    @Test("Signals reach those who listen for them, each in its stream", .timeLimit(.minutes(15)))
    func arrive() async {
        let first = Signals.stream(of: [SIGUSR1, SIGUSR2]), second = Signals.stream(of: [SIGUSR2])
        kill(getpid(), SIGUSR1)
        var iterator = first.makeAsyncIterator()
        #expect(await iterator.next() == SIGUSR1)
        kill(getpid(), SIGUSR2)
        #expect(await iterator.next() == SIGUSR2)
        var other = second.makeAsyncIterator()
        #expect(await other.next() == SIGUSR2)
    }

    @Test("Writing to a closed pipe is an error and not the end")
    func brokenPipe() {
        Signals.ignoreBrokenPipes()
        var ends: [Int32] = [0, 0]
        unsafe #expect(pipe(&ends) == 0)
        close(ends[0])
        var byte: UInt8 = 1
        unsafe #expect(write(ends[1], &byte, 1) == -1 && linux_errno() == EPIPE)
        close(ends[1])
    }
}
