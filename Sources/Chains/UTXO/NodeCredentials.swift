package import Crypto
internal import Platform

/// How a node knows that it is us. Never printed.
package enum NodeCredentials: Sendable {
    /// `rpcuser` and `rpcpassword`, or a user of `rpcauth`.
    case password(user: String, Secret)
    /// The file that the node writes anew at each start, `.cookie` in its data folder.
    case cookie(file: String)

    /// The value of an `Authorization` field (RFC 7617). Reads the cookie file each time.
    ///
    /// Throws `unauthorized` when the file cannot be read; the node is probably not running then.
    func authorization() throws(ChainFault) -> String {
        switch self {
        case .password(let user, let password):
            "Basic " + Platform.Base64.standard.encode(Array("\(user):".utf8) + password.exposedBytes)
        case .cookie(let file): "Basic " + Platform.Base64.standard.encode(try Self.cookie(in: file))
        }
    }

    private static func cookie(in file: String) throws(ChainFault) -> ArraySlice<UInt8> {
        do {
            let bytes = try Files.read(file, maxBytes: UTXOLimits.cookieBytes)
            let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
            guard line.contains(UInt8(ascii: ":")) else {
                throw ChainFault(.unauthorized, "The node's cookie file \(file) holds no credentials.")
            }
            return line
        } catch let fault as ChainFault {
            throw fault
        } catch {
            throw ChainFault(
                .unauthorized, "The node's cookie file cannot be read; is the node running? (\(error))")
        }
    }
}
