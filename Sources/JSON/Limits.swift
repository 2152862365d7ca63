/// Every bound of this module, in one place.
enum Limits {
    /// Bytes of a document, unless the caller sets its own: a verbose block of a Bitcoin node fits.
    static let documentBytes = 32 << 20
    /// Nesting of arrays and objects (the parser recurses once a level).
    static let depth = 64
    /// Characters of one number: a 256-bit integer has 78 digits.
    static let numberBytes = 128
    /// Members up to which a linear search beats a hash table.
    static let linearMembers = 24
    /// Field errors of one form that are reported; further ones are only cut off.
    static let fieldErrors = 32
    /// Bytes of a member name that an error repeats, and that the search for a near name looks at.
    static let namedBytes = 64
}
