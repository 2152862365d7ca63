/// The character classes of the grammar (RFC 9110, 5.6; RFC 3986, 2 and 3.3), over single bytes.
extension UInt8 {
    /// ASCII letters in lower case, everything else unchanged.
    @inline(__always) var lowercased: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }

    @inline(__always) var isDigit: Bool { self >= 0x30 && self <= 0x39 }

    @inline(__always) var isLetter: Bool {
        let folded = self | 0x20
        return folded >= 0x61 && folded <= 0x7A
    }

    /// Value of a hexadecimal digit in either case, nil for anything else.
    @inline(__always) var hexadecimalValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x61...0x66: self - 0x57
        case 0x41...0x46: self - 0x37
        default: nil
        }
    }

    /// `tchar`.
    @inline(__always) var isTokenCharacter: Bool {
        if isLetter || isDigit { return true }
        switch self {
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: return true
        default: return false
        }
    }

    /// What a field value may hold: visible characters, blanks, and `obs-text`, which must be UTF-8 as a
    /// whole.
    @inline(__always) var isFieldCharacter: Bool { self >= 0x20 && self != 0x7F || self == 0x09 }

    /// What a request target may hold at all: visible ASCII. Its parts are narrower, see `Target`.
    @inline(__always) var isTargetCharacter: Bool { self >= 0x21 && self <= 0x7E }

    /// `pchar` without the percent sign.
    var isPathCharacter: Bool {
        if isLetter || isDigit { return true }
        switch self {
        case 0x21, 0x24, 0x26...0x2E, 0x3A, 0x3B, 0x3D, 0x40, 0x5F, 0x7E: return true
        default: return false
        }
    }

    /// What browsers leave unencoded in a query: visible ASCII without `"`, `#`, `<`, `>` and the percent
    /// sign.
    var isQueryCharacter: Bool {
        switch self {
        case 0x22, 0x23, 0x25, 0x3C, 0x3E: false
        default: isTargetCharacter
        }
    }
}

extension StringProtocol {
    /// Without spaces and tabs at both ends (`OWS`).
    func trimmingBlanks() -> String {
        var bytes = Array(utf8)[...]
        while bytes.first == 0x20 || bytes.first == 0x09 { bytes.removeFirst() }
        while bytes.last == 0x20 || bytes.last == 0x09 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
