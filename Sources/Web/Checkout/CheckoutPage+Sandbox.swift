import Engine

extension CheckoutPage {
    /// For test payments: everything that a customer and a network can do, as buttons.
    var sandbox: HTML? {
        guard view.isOnSandbox else { return nil }
        let groups = SandboxAction.Group.allCases.compactMap { group -> HTML? in
            let actions = SandboxAction.allCases.filter { $0.group == group && $0.isOffered(in: view) }
            if actions.isEmpty { return nil }
            let buttons = actions.map { action -> HTML in
                """
                <button class="play" formaction="\(path)/sandbox/\(action.rawValue)">\(action.label)</button>

                """
            }
            return "<fieldset><legend>\(group.rawValue)</legend>\n\(buttons)</fieldset>\n"
        }
        let blocks = SandboxAction.blocks.map { count -> HTML in
            "<option value=\"\(count)\">\(count == 0 ? "wait for a block" : "mine \(count)")</option>"
        }
        return """
            <details id="sandbox" class="card" open>
            <summary>Sandbox: act as the customer</summary>
            <form id="play" method="post" action="\(path)/sandbox/exact">
            <p class="field"><label for="blocks">After paying</label>
            <select id="blocks" name="blocks">\(blocks)</select></p>
            \(groups)\
            </form>
            \(clockHint)\
            <p id="played" class="hint" role="status"></p>
            </details>

            """
    }

    private var clockHint: HTML? {
        guard !view.mayMoveClock else { return nil }
        return """
            <p class="hint">To be late, let the time to pay end, or move the clock of all test payments: \
            <code>POST /v1/sandbox/clock</code>.</p>

            """
    }
}

/// What the panel offers; the raw value is the last part of the form's address.
enum SandboxAction: String, CaseIterable {
    case exact, under, over, split, duplicate, late
    case wrongNetwork = "wrong-network"
    case wrongAsset = "wrong-asset"
    case mine
    case feeBump = "fee-bump"
    case replace, reorg, clock

    /// How the buttons are sorted.
    enum Group: String, CaseIterable {
        case pay = "Pay"
        case mistake = "Make a mistake"
        case network = "Be the network"
    }

    /// Whether the page has it. The clock belongs to all test payments, so to be late takes a time to pay
    /// that is over, or an operator who gave the clock away.
    func isOffered(in view: CustomerView) -> Bool {
        switch self {
        case .clock: view.mayMoveClock
        case .late: view.mayMoveClock || view.ask == nil
        // Where all of the sandbox is offered, nothing of it is wrong.
        case .wrongNetwork: view.sandboxMistakes.contains(.wrongNetwork)
        case .wrongAsset: view.sandboxMistakes.contains(.wrongAsset)
        case .exact, .under, .over, .split, .duplicate, .mine, .feeBump, .replace, .reorg: true
        }
    }

    /// Blocks that can be mined after a payment.
    static let blocks: [Int64] = [0, 1, 2, 6]

    var group: Group {
        switch self {
        case .exact, .under, .over, .split, .duplicate: .pay
        case .late, .wrongNetwork, .wrongAsset: .mistake
        case .mine, .feeBump, .replace, .reorg, .clock: .network
        }
    }

    var label: String {
        switch self {
        case .exact: "Exactly"
        case .under: "Half of it"
        case .over: "A tenth too much"
        case .split: "In three parts"
        case .duplicate: "Twice"
        case .late: "Too late"
        case .wrongNetwork: "On the wrong network"
        case .wrongAsset: "In the wrong asset"
        case .mine: "Mine a block"
        case .feeBump: "Raise the fee"
        case .replace: "Replace by a payment elsewhere"
        case .reorg: "Take its block back"
        case .clock: "Ten minutes later"
        }
    }
}
