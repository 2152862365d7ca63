/// SHA-256 of a message in the domain of `tag`: SHA-256(SHA-256(tag) ‖ SHA-256(tag) ‖ message), 32 bytes (BIP
/// 340).
package func taggedHash(_ tag: String, _ message: [UInt8]) -> [UInt8] {
    let prefix = SHA256.hash(Array(tag.utf8))
    var state = SHA256()
    state.update(prefix)
    state.update(prefix)
    state.update(message)
    return state.finalize()
}
