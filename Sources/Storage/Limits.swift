/// The bounds of this module.
enum Limits {
    /// Values in one list of a look-up.
    static let lookups = 256
}
