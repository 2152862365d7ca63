internal import CQREncode

/// The QR code of a text (ISO/IEC 18004, error correction level M), as modules or as one SVG path.
package struct QR: Equatable, Sendable {
    /// Modules on a side, the quiet zone not counted.
    package let side: Int
    /// Row by row; true is dark.
    package let modules: [Bool]

    /// Light modules around it that scanners need.
    static let quietZone = 4

    /// Nil for text that is empty, has a NUL, or is longer than a code can hold (2 331 bytes).
    package init?(_ text: String) {
        guard !text.isEmpty, !text.utf8.contains(0), let symbol = Symbol(encoding: text) else { return nil }
        side = symbol.side
        modules = symbol.modules
    }

    /// The drawing: dark on a light card, in the module's own units; it grows to its box.
    ///
    /// Every run of dark modules of a row is one stroke of a single path.
    package func svg(label: String) -> HTML {
        let box = side + 2 * Self.quietZone
        return """
            <svg class="qr" viewBox="0 0 \(box) \(box)" role="img" aria-label="\(label)" \
            shape-rendering="crispEdges"><path class="qr-light" d="M0 0h\(box)v\(box)H0z"/>\
            <path class="qr-dark" d="\(path)"/></svg>
            """
    }

    /// `M` to the start of each run, a box of one module's height.
    var path: HTML {
        var path: HTML = .empty
        for row in 0..<side {
            var column = 0
            while column < side {
                guard modules[row * side + column] else {
                    column += 1
                    continue
                }
                var end = column + 1
                while end < side, modules[row * side + end] { end += 1 }
                let run = end - column
                path += "M\(column + Self.quietZone) \(row + Self.quietZone)h\(run)v1h-\(run)z"
                column = end
            }
        }
        return path
    }
}

extension QR {
    /// What a wallet reads from the code of a payment link: the link without what is only for people, in
    /// capitals as far as that changes nothing.
    ///
    /// Scheme and Bech32 address mean the same in capitals (RFC 3986, 3.1; BIP 173), and capitals take 5½
    /// bits instead of 8, so the code is coarser and scans from farther away. Everything else stays as it is:
    /// Base58 and the names of parameters (BIP 21) are case-sensitive.
    package static func text(forLink link: String) -> String {
        let parts = link.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let colon = parts[0].firstIndex(of: ":") else { return link }
        let address = parts[0][parts[0].index(after: colon)...]
        let scheme = parts[0][..<colon]
        let head = isLowerBech32(address) ? "\(scheme):\(address)".uppercased() : "\(scheme):\(address)"
        let kept = parts.dropFirst().flatMap { $0.split(separator: "&") }.filter { parameter in
            !parameter.hasPrefix("label=") && !parameter.hasPrefix("message=")
        }
        return kept.isEmpty ? head : "\(head)?\(kept.joined(separator: "&"))"
    }

    /// Prefix, `1`, and at least six characters of the alphabet of BIP 173, nothing in capitals.
    private static func isLowerBech32(_ text: Substring) -> Bool {
        guard let one = text.lastIndex(of: "1"), text.startIndex < one else { return false }
        let data = text[text.index(after: one)...]
        return data.utf8.count >= 6 && data.allSatisfy("qpzry9x8gf2tvdw0s3jn54khce6mua7l".contains)
            && text[..<one].utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
    }
}

/// libqrencode's symbol.
@safe private struct Symbol: ~Copyable {
    private let code: UnsafeMutablePointer<QRcode>

    /// Version 0 lets the library take the smallest that fits; it splits the text into the densest modes
    /// itself.
    init?(encoding text: String) {
        guard let code = unsafe QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1) else { return nil }
        unsafe self.code = code
    }

    deinit { unsafe QRcode_free(code) }

    var side: Int { unsafe Int(code.pointee.width) }

    /// The lowest bit of each byte is the module.
    var modules: [Bool] {
        let count = side * side
        return (0..<count).map { unsafe code.pointee.data[$0] & 1 == 1 }
    }
}
