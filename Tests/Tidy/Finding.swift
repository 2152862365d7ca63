/// One place where the checkout breaks a rule of the house.
struct Finding: CustomStringConvertible {
    let path: String
    let line: Int?
    let text: String

    init(_ path: String, _ line: Int, _ text: String) {
        self.path = path
        self.line = line
        self.text = text
    }

    /// Something about the file as a whole.
    init(_ path: String, _ text: String) {
        self.path = path
        self.line = nil
        self.text = text
    }

    var description: String { line.map { "\(path):\($0): \(text)" } ?? "\(path): \(text)" }
}
