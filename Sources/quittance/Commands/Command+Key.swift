import Engine

extension Command {
    static let keyRotateInstance = Command(
        name: "key rotate-instance", summary: "replace the instance key",
        about: """
            Replaces the key in “instance.key”, which seals webhook secrets and signs webhooks: after
            somebody may have read it, or from time to time. All that is sealed is sealed again, and the log
            records the new key with a signature of the old one. It can be interrupted at any moment, also by
            a power cut, and be run again.

            The gateway must not be running, on no machine. Afterwards: make a backup of “instance.key” and
            of the database together, since each is of no use with the other's older copy; bring the file to
            every machine that shares the database; and tell merchants who check “v1a” signatures that the
            public key of their endpoints has changed.
            """,
        options: [dataOption, configOption],
        run: { arguments, terminal in
            let configuration = try Configuration.load(arguments, terminal.variables)
            try Instance.mustExist(configuration)
            try await Control.mustBeClosed(configuration.data)
            let (rotation, fingerprint) = try await Instance.with(configuration) { instance in
                try await instance.replaceKey()
            }
            terminal.say(
                "The instance key is replaced; sealed again: \(rotation.endpoints) webhook secrets, "
                    + "\(rotation.answers) answers.\nIts fingerprint is now \(fingerprint).")
            terminal.complain("Make a backup of the database and of instance.key, together, now.")
            return .good
        })
}
