extension Command {
    /// Every command, in the order of the help.
    static let all: [Command] = [
        serve, demo, doctor, merchantCreate, merchantList, keyCreate, verify, migrate, restored, version,
    ]

    static let dataOption = Option(
        name: "data", value: "DIR",
        about: "Folder of this instance: its key and, with SQLite, its database.\nDefault: ./quittance-data"
    )
    static let configOption = Option(
        name: "config", value: "FILE",
        about: "Settings. Default: quittance.json in the data folder, if it is there.")
}
