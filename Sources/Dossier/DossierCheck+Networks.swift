import Chains
import Crypto
import Domain
import Platform
import Storage

/// A network's part of a file, read.
private struct NetworkPart {
    let network: UTXONetwork
    var headers: [UInt64: BlockHeader] = [:]
    var transactions: [DossierFile.Mined]
    /// Those that some transfer was found in.
    var used: Set<Int> = []

    /// How many blocks from `height` on follow each other, in whatever runs they are.
    func depth(from height: UInt64) -> UInt64 {
        guard var last = headers[height] else { return 0 }
        var depth: UInt64 = 1
        while let next = headers[height + depth], next.previous == last.hash {
            last = next
            depth += 1
        }
        return depth
    }
}

extension DossierCheck {
    /// What the networks show of every transfer that the rules count with.
    mutating func checkNetworks(_ file: DossierFile, _ story: PaymentStory) {
        guard let payment = story.payment else { return }
        var parts: [NetworkName: NetworkPart] = [:]
        for part in file.networks {
            guard let name = NetworkName(parsing: part.name), let network = UTXONetwork(name),
                parts[name] == nil
            else {
                report.add(
                    .failed, .network,
                    "“\(part.name)” is no network that shows anything, or is there twice")
                continue
            }
            guard let read = read(part, network) else { continue }
            parts[name] = read
        }
        var live = 0
        for transfer in payment.evidence.transfers where transfer.isLive {
            live += 1
            check(transfer, of: payment, &parts)
        }
        if live == 0 { report.add(.done, .word, "it counts with no transfer: there is nothing to show") }
        for (name, part) in parts.sorted(by: { $0.key < $1.key }) {
            if part.used.count < part.transactions.count {
                report.add(
                    .failed, .network, "\(name): a transaction in it is none that the records count with")
            }
        }
        compareHeaders(parts)
    }

    /// Reads the headers of a network: each follows the one before, and has the work that it claims.
    private mutating func read(_ part: DossierFile.Network, _ network: UTXONetwork) -> NetworkPart? {
        var read = NetworkPart(network: network, transactions: part.transactions)
        guard part.headers.reduce(0, { $0 + $1.headers.count }) <= DossierLimits.headers else {
            report.add(.failed, .network, "\(part.name): more than \(DossierLimits.headers) headers")
            return nil
        }
        for run in part.headers {
            var before: BlockHeader?
            for (offset, bytes) in run.headers.enumerated() {
                let (height, overflows) = run.height.addingReportingOverflow(UInt64(offset))
                guard !overflows, height < UInt64(Int64.max), let header = try? BlockHeader(bytes),
                    read.headers[height] == nil
                else {
                    report.add(
                        .failed, .network,
                        "\(part.name): a header at height \(height) is none, or is there twice")
                    return nil
                }
                if let flaw = Self.flaw(of: header, after: before, at: height, network) {
                    report.add(.failed, .network, "\(part.name): the header at height \(height) \(flaw)")
                    return nil
                }
                read.headers[height] = header
                before = header
            }
        }
        return read
    }

    private static func flaw(
        of header: BlockHeader, after before: BlockHeader?, at height: UInt64, _ network: UTXONetwork
    ) -> String? {
        if let before, header.previous != before.hash { return "does not follow the one before" }
        guard header.hasProofOfWork(on: network) else { return "has not the work that it claims" }
        if let before, !network.isTest, !height.isMultiple(of: retarget), header.bits != before.bits {
            return "asks for another amount of work within one period"
        }
        return nil
    }

    /// Blocks between two changes of the work that one takes, on Bitcoin and on Litecoin.
    private static let retarget: UInt64 = 2_016

    // MARK: One transfer

    private mutating func check(
        _ transfer: Transfer, of payment: Payment, _ parts: inout [NetworkName: NetworkPart]
    ) {
        let key = transfer.key
        guard let place = transfer.block else {
            return report.add(
                .open, .network,
                "\(key): no block held it"
                    + (transfer.confirmedIn == nil ? " yet" : "; the merchant's policy took it without one"))
        }
        guard let network = UTXONetwork(key.network) else {
            return report.add(.open, .network, "\(key): \(key.network) is play money, which no network shows")
        }
        guard let part = parts[key.network],
            let index = part.transactions.firstIndex(where: {
                $0.transaction == key.transaction && $0.block == place.block.text
            })
        else { return report.add(.open, .network, "\(key): its transaction is not in the file") }
        parts[key.network]?.used.insert(index)
        let entry = part.transactions[index]
        guard entry.height == place.height, entry.place == place.index else {
            return report.add(.failed, .network, "\(key): it is at another place than the records say")
        }
        guard let raw = entry.raw else {
            return report.add(.open, .network, "\(key): its transaction is too long for the file")
        }
        guard let header = part.headers[place.height] else {
            return report.add(.open, .network, "\(key): the header of its block is not in the file")
        }
        guard header.hash.displayText == entry.block else {
            return report.add(.failed, .network, "\(key): the header at its height is another block's")
        }
        do throws(ProvenTransaction.Flaw) {
            let proven = try ProvenTransaction(
                raw: raw, branch: entry.branch.flatMap { $0 }, place: entry.place, header: header.bytes,
                on: network)
            if let flaw = Self.flaw(of: proven, raw, for: transfer, of: payment, network) {
                return report.add(.failed, .network, "\(key): \(flaw)")
            }
        } catch {
            return report.add(.failed, .network, "\(key): \(error.text)")
        }
        let quote = payment.evidence.quote(transfer.quote)
        let amount = UInt128(transfer.amountText) ?? 0
        report.add(
            .done, .network,
            "\(key): the transaction pays \(DecimalText.text(amount, decimals: 8))"
                + " \(network.coin.method.asset) to \(quote?.destination.address ?? "")"
                + " and is in block \(entry.block)")
        checkDepth(of: transfer, at: place, payment, part)
    }

    /// What a transaction does not show of a transfer; nil when it shows all of it.
    private static func flaw(
        of proven: ProvenTransaction, _ raw: [UInt8], for transfer: Transfer, of payment: Payment,
        _ network: UTXONetwork
    ) -> String? {
        guard proven.id == transfer.key.transaction else { return "its bytes are another transaction's" }
        guard transfer.observations.contains(where: { $0.bytes == SHA256.hash(raw) }) else {
            return "its bytes are not those that the records name"
        }
        guard let quote = payment.evidence.quote(transfer.quote) else { return "it has no quote" }
        let place = transfer.key.place.dropFirst(transfer.key.transaction.utf8.count + 1)
        guard let index = UInt32(place), place == String(index), let output = proven.output(index) else {
            return "the transaction has no such output"
        }
        guard output.script == quote.destination.script else { return "the output pays another script" }
        guard String(output.amount) == transfer.amountText else { return "the output is of another amount" }
        guard transfer.method == network.coin.method else { return "it is another asset's" }
        guard proven.maturity(on: network) == transfer.maturity else { return "it matures otherwise" }
        guard quote.method.network == transfer.key.network else { return nil }
        let address = try? Address(parsing: quote.destination.address, on: network)
        guard let address, Hex.encode(address.script.bytes) == quote.destination.script else {
            return "the address that was shown is not the one of its script"
        }
        return nil
    }

    // MARK: Depth

    private mutating func checkDepth(
        of transfer: Transfer, at place: BlockPlace, _ payment: Payment, _ part: NetworkPart
    ) {
        let key = transfer.key
        guard let asked = payment.blocksAsked(of: transfer) else {
            return report.add(.open, .network, "\(key): what its policy asks is not a number of blocks")
        }
        let shown = part.depth(from: place.height)
        let work = Self.work(of: part, from: place.height, count: min(shown, asked))
        guard shown >= asked else {
            return report.add(
                .open, .network,
                "\(key): \(shown) of the \(asked) blocks that were asked for are in the file")
        }
        report.add(
            .done, .network,
            "\(key): \(asked) blocks follow each other from its own on, at least 2^\(work) hashes of work")
        let trusted = trust.headers.filter { header in
            header.height >= place.height && header.height - place.height < shown
                && part.headers[header.height]?.hash.displayText == header.block
        }
        guard let highest = trusted.map(\.height).max() else {
            let top = place.height + asked - 1
            let name = part.headers[top]?.hash.displayText ?? ""
            return report.add(
                .open, .network,
                "\(key): that these blocks are of \(key.network)'s own chain: ask a node of yours for the"
                    + " block at height \(top), and give --header \(name)@\(top) if that is it")
        }
        let under = highest - place.height + 1
        guard under >= asked else {
            return report.add(
                .open, .network,
                "\(key): the header that you trust shows \(under) of the \(asked) blocks that were asked for")
        }
        report.add(
            .done, .network, "\(key): the block at height \(highest), which you trust, stands on its own")
    }

    /// The power of two of hashes that the headers took at the least.
    private static func work(of part: NetworkPart, from height: UInt64, count: UInt64) -> Int {
        let headers = (0..<count).compactMap { part.headers[height + $0] }
        guard let easiest = headers.map(\.workBits).min() else { return 0 }
        return easiest + headers.count.bitWidth - 1 - headers.count.leadingZeroBitCount
    }

    /// A trusted header that contradicts the file is no matter of opinion.
    private mutating func compareHeaders(_ parts: [NetworkName: NetworkPart]) {
        for header in trust.headers {
            let there = parts.values.compactMap { $0.headers[header.height]?.hash.displayText }
            if there.contains(header.block) { continue }
            if there.isEmpty {
                report.add(
                    .open, .network,
                    "the block at height \(header.height) that you trust: the file has none of that height,"
                        + " and one below a transfer's block shows nothing of it")
            } else {
                report.add(
                    .failed, .network,
                    "the block at height \(header.height) is not the one that you trust")
            }
        }
    }
}
