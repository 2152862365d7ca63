extension Command {
    /// Every command, in the order of the help.
    static let all: [Command] = [
        serve, demo, doctor, merchantCreate, merchantList, keyCreate, keyList,
        keyRevoke, keyRotateInstance, paymentList, paymentDossier, paymentRelease, erase, verify, backup,
        restore, restored, migrate, simulate, version,
    ]

    /// What can stand first on a command line.
    static var names: [String] {
        Array(Set(all.flatMap { [$0.name, String($0.name.prefix { $0 != " " })] })).sorted()
    }

    /// The commands of two words, by the first one, with what they are about.
    static let families = [
        "merchant": "Merchants: each is one shop, with wallets, keys and payments of its own.",
        "key": "API keys, which a merchant's server shows to be let in; and the instance's own key.",
        "payment": "One payment's file for whoever doubts it, and payments that were set aside.",
    ]

    static let dataOption = Option(
        name: "data", value: "DIR",
        about: "Folder of this instance: its key and, with SQLite, its database.\nDefault: ./quittance-data"
    )
    static let configOption = Option(
        name: "config", value: "FILE",
        about: "Settings. Default: quittance.json in the data folder, if it is there.")
}
