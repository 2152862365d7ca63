extension DossierCheck {
    /// Whether the records are bound by a signed root, and how far.
    mutating func checkSeal(_ file: DossierFile, _ keys: Set<String>) {
        guard let seal = file.seal else {
            return report.add(
                .open, .word, "that the records were not written anew: no root covers them yet")
        }
        report.add(.open, .word, "that root \(seal.root.number) covers the records")
    }
}
