import Crypto
import HTTP
import Platform

/// A file that pages load, in the program itself. Its name holds its hash, so that it may be kept for ever.
struct StaticFile: Sendable {
    let path: String
    private let type: String
    private let bytes: [UInt8]

    private static let hashCharacters = 16

    init(_ name: String, _ suffix: String, type: String, _ text: String) {
        bytes = Array(text.utf8)
        let hash = Hex.encode(SHA256.hash(bytes)).prefix(Self.hashCharacters)
        path = "/assets/\(name).\(hash).\(suffix)"
        self.type = type
    }

    var response: Response {
        var response = Response(type: type, body: bytes, headers: [
            "Cache-Control": "public, max-age=31536000, immutable",
        ])
        PageFrame.secure(&response)
        return response
    }
}

/// All of them.
enum Assets {
    static let stylesheet = StaticFile("checkout", "css", type: "text/css; charset=utf-8", Stylesheet.text)
    static let script = StaticFile("checkout", "js", type: "text/javascript; charset=utf-8", Script.text)
    static let icon = StaticFile("icon", "svg", type: "image/svg+xml", iconText)

    static let all = [stylesheet, script, icon]

    /// A receipt with a tick, in the accent colour.
    private static let iconText = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" \
        fill="#0b6b5d"/><path d="M9 16.5l5 5 9-11" fill="none" stroke="#fff" stroke-width="3.5" \
        stroke-linecap="round" stroke-linejoin="round"/></svg>
        """
}
