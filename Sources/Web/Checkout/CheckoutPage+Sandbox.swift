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

    /// Whether the page has it.
    func isOffered(in view: CustomerView) -> Bool { objection(in: view) == nil }

    /// Why the page does not have it; nil where it has. The clock belongs to all test payments, so to be late
    /// takes a time to pay that is over, or an operator who gave the clock away.
    func objection(in view: CustomerView) -> String? {
        switch self {
        case .clock:
            return view.mayMoveClock
                ? nil
                : "Pages of this gateway may not move the clock, which belongs to all test payments. The API "
                    + "can: POST /v1/sandbox/clock."
        case .late:
            return view.mayMoveClock || view.ask == nil
                ? nil
                : "It is not too late yet: let the time to pay end, or move the clock of all test payments "
                    + "with POST /v1/sandbox/clock."
        // Where all of the sandbox is offered, nothing of it is wrong.
        case .wrongNetwork:
            return view.sandboxMistakes.contains(.wrongNetwork)
                ? nil : "No network of the sandbox is wrong here: this payment can be made on each."
        case .wrongAsset:
            return view.sandboxMistakes.contains(.wrongAsset)
                ? nil : "No asset of this network is wrong here: this payment can be made in each."
        case .exact, .under, .over, .split, .duplicate, .mine, .feeBump, .replace, .reorg: return nil
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
