/// A piece of a page. What is interpolated is escaped; only literals and other pieces are markup.
///
///     let name = "<script>"
///     let line: HTML = "<p class=\"note\">\(name)</p>"      // <p class="note">&lt;script&gt;</p>
///
/// Escaped text is safe between tags and inside a quoted attribute value. It is not safe inside `<script>` or
/// `<style>`, which our pages do not have, nor as a link: an address comes from `WebLink`.
package struct HTML: ExpressibleByStringInterpolation, Equatable, Sendable {
    /// The markup.
    package private(set) var text: String

    package init(stringLiteral text: String) { self.text = text }
    package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    /// Nothing.
    package static let empty: HTML = ""

    package static func + (left: HTML, right: HTML) -> HTML {
        var sum = left
        sum.text += right.text
        return sum
    }

    package static func += (left: inout HTML, right: HTML) { left.text += right.text }

    /// Collects the parts of a piece.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        package mutating func appendLiteral(_ literal: String) { text += literal }

        /// Text, escaped.
        package mutating func appendInterpolation(_ text: some StringProtocol) {
            HTML.escape(text, into: &self.text)
        }

        /// A number.
        package mutating func appendInterpolation(_ number: some FixedWidthInteger) { text += String(number) }

        /// A piece, as it is.
        package mutating func appendInterpolation(_ html: HTML) { text += html.text }

        /// A piece, or nothing.
        package mutating func appendInterpolation(_ html: HTML?) {
            if let html { text += html.text }
        }

        /// Pieces, one after the other.
        package mutating func appendInterpolation(_ parts: some Sequence<HTML>) {
            for part in parts { text += part.text }
        }
    }

    /// The five characters that mean something become references. What no page may hold (NUL and the other
    /// controls but tab and line ends) becomes U+FFFD, as a browser would read it.
    private static func escape(_ source: some StringProtocol, into target: inout String) {
        guard source.utf8.contains(where: isSpecial) else { return target.append(contentsOf: source) }
        for scalar in source.unicodeScalars {
            switch scalar {
            case "&": target += "&amp;"
            case "<": target += "&lt;"
            case ">": target += "&gt;"
            case "\"": target += "&quot;"
            case "'": target += "&#39;"
            case "\t", "\n", "\r": target.unicodeScalars.append(scalar)
            case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}": target += "\u{FFFD}"
            default: target.unicodeScalars.append(scalar)
            }
        }
    }

    /// A byte of what may have to be escaped: 0xC2 begins the controls beyond ASCII, among others.
    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case 0..<0x20, 0x7F, 0xC2, UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"),
            UInt8(ascii: "\""), UInt8(ascii: "'"):
            true
        default: false
        }
    }
}

/// The address of a page elsewhere that a merchant gave: `http` or `https`, whole, without a user name. The
/// only thing that may stand in an `href` and is not ours.
package struct WebLink: Hashable, Sendable {
    /// As it was given.
    package let text: String

    private static let longest = 2_048

    /// Nil for anything but a whole web address: another scheme, spaces, controls, `\`, a user name, no host.
    package init?(parsing text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.longest, bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != 0x5C })
        else { return nil }
        let lowered = text.prefix(8).lowercased()
        guard let scheme = ["https://", "http://"].first(where: lowered.hasPrefix) else { return nil }
        let host = text.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
        guard let first = host.unicodeScalars.first, !host.contains("@"),
            first.properties.isAlphabetic || first.properties.numericType != nil || first == "["
        else { return nil }
        self.text = text
    }
}
