import Platform

extension Command {
    static let demo = Command(
        name: "demo", summary: "a shop and a gateway with play money",
        about: """
            Starts a gateway with the sandbox network, a demo merchant, and a small shop that is paid
            through it, and prints the addresses to open. Nothing leaves this machine. What you did is there
            again the next time.

            With --check it drives payments through the HTTP API instead, in a folder that it throws away:
            one from the shop's order to its fulfilment, and one of each exception. It prints a table, and
            ends with 0 when all came out as they should, with 1 when not.
            """,
        options: [
            Option(name: "check", about: "Drive payments, print a table, end."),
            Option(
                name: "bitcoin",
                about: "Add a Bitcoin node on regtest, as QUITTANCE_BITCOIN_RPC_URL and the variables\n"
                    + "beside it describe it. “Scripts/demo --bitcoin” starts one and sets them."),
            Option(
                name: "data", value: "DIR",
                about: "Where to keep it. Default: ./quittance-demo; with --bitcoin it is not kept."),
            Option(
                name: "port", value: "N",
                about: "Port of the gateway; the shop takes the next one.\nDefault: 8080, or a free one."),
        ],
        examples: ["quittance demo", "quittance demo --check", "Scripts/demo --bitcoin"],
        run: { arguments, terminal in
            var port = 8080
            if let text = arguments["port"] {
                do throws(Setting.Flaw) {
                    port = Int(try Setting.number(text, 0...65_534))
                } catch {
                    throw WrongUse("--port: \(error.reason).")
                }
            }
            let isCheck = arguments.has("check")
            let isPortChosen = arguments["port"] != nil
            // A node that is started for the demo is gone with it, and so is what was seen of its chain.
            let isKept = !isCheck && !arguments.has("bitcoin")
            let plan = Demo.Plan(
                data: arguments["data"] ?? (isKept ? "./quittance-demo" : nil),
                port: isCheck && !isPortChosen ? 0 : port, isPortChosen: isPortChosen,
                hasBitcoin: arguments.has("bitcoin"))
            return try await isCheck ? Demo.check(plan, terminal) : Demo.show(plan, terminal)
        })
}
