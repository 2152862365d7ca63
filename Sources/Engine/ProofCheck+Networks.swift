import Chains
import Crypto
import Domain
package import Storage

extension ProofCheck {
    /// Reads the proofs of every network that has some.
    package static let ofNetworks = ProofCheck(isKept: { UTXONetwork($0) != nil }) { network, row in
        guard let utxo = UTXONetwork(network) else { return "its network has no proofs" }
        do throws(ProvenTransaction.Flaw) {
            let proven = try ProvenTransaction(
                raw: row.raw, branch: row.branch, place: row.index, header: row.header, on: utxo)
            if proven.id != row.transaction { return "its bytes are another transaction's" }
            if proven.header.hash.displayText != row.block.text { return "its header is another block's" }
            return proven.header.hasProofOfWork(on: utxo) ? nil : "its header shows no work"
        } catch {
            return error.text
        }
    }
}
