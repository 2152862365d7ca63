internal import Crypto
internal import Platform

/// All who tell of one EVM network. What one of them says is nothing yet: a head counts when as many as the
/// quorum name the same block.
struct EVMProviders: Sendable {
    let all: [EVMProvider]
    /// How many have to agree.
    let quorum: Int
    let chainID: UInt64

    /// What enough of them agree on.
    struct View: Sendable {
        let head: EVMProvider.Mark
        /// Those who name it, each with where it stands.
        let agreeing: [(provider: EVMProvider, standing: EVMProvider.Standing)]
    }

    /// Asks all of them. The head is the highest that as many as the quorum have reached, or one a few blocks
    /// below where they have parted.
    ///
    /// Throws what is wrong with them where fewer answer, or fewer agree.
    func view() async throws -> View {
        let standings = try await standings()
        let heads = standings.map(\.standing.head.number).sorted(by: >)
        let highest = heads[quorum - 1]
        for height in (highest - min(highest, EVMLimits.partedBlocks)...highest).reversed() {
            let named = try await marks(at: height, of: standings)
            guard let head = agreed(named.map(\.mark)) else { continue }
            let agreeing = named.filter { $0.mark?.hash == head.hash }.map { ($0.provider, $0.standing) }
            return View(head: head, agreeing: agreeing)
        }
        throw ChainFault(.syncing, "No \(quorum) of \(names(standings.map(\.provider))) name the same block.")
    }

    /// The block at a height that as many as the quorum name, of those who agree on the head.
    func mark(at height: UInt64, in view: View) async throws -> EVMProvider.Mark? {
        if height == view.head.number { return view.head }
        return agreed(try await marks(at: height, of: view.agreeing).map(\.mark))
    }

    /// The mark that as many as the quorum name; nil where there is none.
    private func agreed(_ marks: [EVMProvider.Mark?]) -> EVMProvider.Mark? {
        let named = Dictionary(grouping: marks.compactMap { $0 }, by: \.hash).values
        return named.filter { $0.count >= quorum }.max { $0.count < $1.count }?.first
    }

    /// Where those stand that answer, and are on this network: at least as many as the quorum.
    private func standings() async throws -> [(provider: EVMProvider, standing: EVMProvider.Standing)] {
        let answers = await ask(all) { provider in try await provider.standing() }
        var standings: [(EVMProvider, EVMProvider.Standing)] = []
        var faults: [ChainFault] = []
        for (provider, answer) in zip(all, answers) {
            switch answer {
            case .success(let standing) where standing.chainID == chainID:
                standings.append((provider, standing))
            case .success(let standing):
                faults.append(
                    ChainFault(
                        .wrongNetwork, "\(provider.name) is on chain \(standing.chainID), not \(chainID)."))
            case .failure(let fault):
                faults.append(ChainFault(fault.kind, "\(provider.name): \(fault.detail)"))
            }
        }
        if Task.isCancelled { throw CancellationError() }
        guard standings.count >= quorum else {
            // Who is on another network is so for good; all else may pass.
            let worst = faults.first { $0.kind == .wrongNetwork } ?? faults.first
            throw ChainFault(
                worst?.kind ?? .unreachable,
                all.count == 1
                    ? worst?.detail ?? "" : "\(standings.count) of \(quorum) answer. \(worst?.detail ?? "")")
        }
        return standings
    }

    /// The block that each names at a height; nil for one that does not answer now, or is not that far.
    private func marks(
        at height: UInt64, of standings: [(provider: EVMProvider, standing: EVMProvider.Standing)]
    ) async throws -> [(
        provider: EVMProvider, standing: EVMProvider.Standing, mark: EVMProvider.Mark?
    )] {
        let asked = standings.filter { $0.standing.head.number > height }.map(\.provider)
        let answers = await ask(asked) { provider in try await provider.mark(at: height) }
        if Task.isCancelled { throw CancellationError() }
        var marks: [String: EVMProvider.Mark] = [:]
        for (provider, answer) in zip(asked, answers) {
            if case .success(let mark) = answer { marks[provider.name] = mark }
        }
        return standings.map { provider, standing in
            let mark = standing.head.number == height ? standing.head : marks[provider.name]
            return (provider, standing, mark)
        }
    }

    /// Asks some of them at once, and gives what each said in their order.
    private func ask<Answer: Sendable>(
        _ providers: [EVMProvider],
        _ question: @escaping @Sendable (EVMProvider) async throws -> Answer
    ) async -> [Result<Answer, ChainFault>] {
        await withTaskGroup(of: (Int, Result<Answer, ChainFault>).self) { group in
            for (place, provider) in providers.enumerated() {
                group.addTask {
                    do {
                        return (place, .success(try await question(provider)))
                    } catch let fault as ChainFault {
                        return (place, .failure(fault))
                    } catch {
                        return (place, .failure(ChainFault(.unreachable, "It was not asked to the end.")))
                    }
                }
            }
            var answers: [(Int, Result<Answer, ChainFault>)] = []
            for await answer in group { answers.append(answer) }
            return answers.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func names(_ providers: [EVMProvider]) -> String {
        providers.map(\.name).joined(separator: ", ")
    }
}
