import Chains
import Crypto
import Domain
import Dossier
import Engine
import Foundation
import Platform
import Storage

let settings = ProcessInfo.processInfo.environment

extension Counter {
    /// A payment's file, as the gateway makes it.
    func dossier(_ id: ID<Payment>) async throws -> [UInt8] {
        try await gateway.dossier(of: id, showsPersonal: false, by: caller)
    }

    func file(_ id: ID<Payment>) async throws -> DossierFile {
        try DossierFile(stored: try await dossier(id))
    }

    /// The file as the instance's own key signs it.
    func signed(_ file: DossierFile) -> [UInt8] {
        var file = file
        file.signature = signing.sign(DossierFile.message(SHA256.hash(file.unsignedBytes)))
        return file.storedBytes
    }

    /// The instance's key, and the last block.
    var trust: DossierCheck.Trust {
        DossierCheck.Trust(
            keys: [Hex.encode(SHA256.hash(signing.publicKey.bytes))],
            headers: [.init(height: mint.height, block: mint.blocks.last?.hash.displayText ?? "")])
    }
}
