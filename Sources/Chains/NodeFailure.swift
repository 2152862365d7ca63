internal import JSON

/// Why a call to a node has no result.
package enum NodeFailure: Error, Sendable {
    /// The call did not get through, or what came back is no answer.
    case fault(ChainFault)
    /// The node refuses the call, with the code of its error (Bitcoin Core's `protocol.h`) and its words.
    case refused(code: Int64, message: String)

    /// What it is for whoever cannot make anything of the code.
    package var fault: ChainFault {
        switch self {
        case .fault(let fault): fault
        case .refused(let code, let message):
            ChainFault(Self.kind(of: code), "The node says \(code): \(message)")
        }
    }

    /// Whether the node does not know what was named: a block, a transaction, a height above its tip.
    package var isUnknownThing: Bool {
        guard case .refused(let code, _) = self else { return false }
        return code == Code.notFound || code == Code.invalidParameter
    }

    private enum Code {
        static let notFound: Int64 = -5
        static let invalidParameter: Int64 = -8
        static let notConnected: Int64 = -9
        static let initialDownload: Int64 = -10
        static let warmingUp: Int64 = -28
        static let methodNotFound: Int64 = -32_601
    }

    private static func kind(of code: Int64) -> ChainFault.Kind {
        switch code {
        case Code.warmingUp, Code.initialDownload, Code.notConnected: .syncing
        case Code.methodNotFound, Code.invalidParameter: .unusable
        default: .unreachable
        }
    }

    /// Reads the `error` member of an answer; nil when there is none.
    init?(error: JSON?) {
        guard let error, !error.isNull else { return nil }
        guard let code = error["code"]?.asInt64, let message = error["message"]?.asString else {
            self = .malformed("an error without code or message")
            return
        }
        self = .refused(code: code, message: UTXONode.words(message))
    }

    static func malformed(_ what: String) -> NodeFailure { .fault(.malformed(what)) }
}

extension ChainFault {
    /// The node's answer cannot be true.
    static func malformed(_ what: String) -> ChainFault {
        ChainFault(.malformed, "The node answered with \(what).")
    }
}
