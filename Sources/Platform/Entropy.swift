import CLinux

/// Where unpredictable bytes come from. Real in production, seeded in the simulator.
package protocol Entropy: Sendable {
    /// `count` bytes that nobody can predict.
    func bytes(_ count: Int) -> [UInt8]
}

/// The kernel's generator, `getrandom(2)`.
package struct SystemEntropy: Entropy {
    package init() {}

    /// So many bytes from the operating system's generator.
    package func bytes(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = unsafe getrandom(buffer.baseAddress.unsafelyUnwrapped + filled, count - filled, 0)
                precondition(got > 0 || linux_errno() == EINTR, "the machine has no entropy source")
                if got > 0 { filled += got }
            }
        }
    }
}
