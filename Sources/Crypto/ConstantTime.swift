import COpenSSL
import CSodium

/// Whether both hold the same bytes, in a time that depends on nothing but their lengths.
package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    constantTimeEquals(left.span, right.span)
}

/// Whether both hold the same bytes, in a time that depends on nothing but their lengths.
package func constantTimeEquals(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe left.withUnsafeBufferPointer { one in
        unsafe right.withUnsafeBufferPointer { other in
            unsafe one.isEmpty || CRYPTO_memcmp(one.baseAddress, other.baseAddress, one.count) == 0
        }
    }
}

/// Overwrites a buffer that held something secret, in a way that the optimiser keeps.
func wipe(_ bytes: inout [UInt8]) {
    unsafe bytes.withUnsafeMutableBytes { unsafe sodium_memzero($0.baseAddress, $0.count) }
}
