import HTTP
import Testing

@Suite struct ClientURL {
    @Test(arguments: [
        ("http://example.invalid", "http://example.invalid/"),
        ("HTTPS://Example.INVALID:443/A?b=C", "https://example.invalid/A?b=C"),
        ("http://example.invalid:80", "http://example.invalid/"),
        ("https://example.invalid:80/", "https://example.invalid:80/"),
        ("http://example.invalid:65535/", "http://example.invalid:65535/"),
        ("http://example.invalid?x", "http://example.invalid/?x"),
        ("http://example.invalid/?", "http://example.invalid/?"),
        ("http://example.invalid/a?b?c/d", "http://example.invalid/a?b?c/d"),
        ("http://example.invalid/%41%2f;v=1,2", "http://example.invalid/%41%2f;v=1,2"),
        ("http://192.0.2.1:8332/", "http://192.0.2.1:8332/"),
        ("http://[2001:DB8:0:0:0:0:0:1]/", "http://[2001:db8::1]/"),
        ("http://[::ffff:192.0.2.1]:8080/x", "http://[::ffff:c000:201]:8080/x"),
        ("http://node_1:8332/", "http://node_1:8332/"),
        ("http://xn--bcher-kva.invalid/", "http://xn--bcher-kva.invalid/"),
        ("http://0x7f.example/", "http://0x7f.example/"),
        ("http://1.2.3.4.example/", "http://1.2.3.4.example/"),
    ]) func `a URL has one text, which reads as the same URL`(_ text: String, _ stable: String) throws {
        let url = try URL(parsing: text)
        #expect(url.description == stable)
        #expect(try URL(parsing: stable) == url)
    }

    @Test func `the parts are what the text says`() throws {
        let url = try URL(parsing: "https://[2001:db8::1]:8443/a/b?c=d&e")
        #expect(url.scheme == .https)
        #expect(url.host == .address(.v6(0x2001_0DB8 << 96 | 1)))
        #expect(url.port == 8_443)
        #expect(url.path == "/a/b")
        #expect(url.query == "c=d&e")
        #expect(url.origin == "https://[2001:db8::1]:8443")
        #expect(try url.with(target: "/x?y").description == "https://[2001:db8::1]:8443/x?y")
        #expect(throws: URL.Flaw.forbiddenCharacter) { try url.with(target: ".attacker.invalid/") }
    }

    @Test(arguments: [
        ("", .scheme), ("example.invalid", .scheme), ("//example.invalid/", .scheme),
        ("http:/example.invalid", .scheme),
        ("http:example.invalid", .scheme), ("ftp://example.invalid/", .scheme), ("file:///etc/passwd", .scheme),
        ("gopher://example.invalid/", .scheme), ("httpss://example.invalid/", .scheme),
        ("http://user@example.invalid/", .userInformation), ("http://a:b@example.invalid/", .userInformation),
        ("http://@example.invalid/", .userInformation), ("http://example.invalid/#x", .fragment),
        ("http://example.invalid#@127.0.0.1/", .fragment),
        ("http://", .host), ("http:///path", .host), ("http://:80/", .host), ("http://?x", .host),
        ("http://.example/", .host), ("http://example.invalid./", .host), ("http://a..b/", .host),
        ("http://-a.invalid/", .host), ("http://a-.invalid/", .host), ("http://a%2eb/", .host), ("http://a,b/", .host),
        ("http://2130706433/", .host), ("http://0x7f000001/", .host), ("http://0x/", .host),
        ("http://0177.0.0.1/", .host), ("http://127.1/", .host), ("http://127.0.0.1.1/", .host),
        ("http://127.0.0.0x1/", .host), ("http://256.0.0.1/", .host), ("http://0X7F.1/", .host),
        ("http://example.0/", .host), ("http://00.0.0.0/", .host), ("http://1.2.3/", .host),
        ("http://[::1/", .host), ("http://[::1]x/", .host), ("http://[1.2.3.4]/", .host), ("http://[]/", .host),
        ("http://[fe80::1%25eth0]/", .host), ("http://[::1::]/", .host), ("http://[:::]/", .host),
        ("http://[1:2:3:4:5:6:7]/", .host), ("http://[1:2:3:4:5:6:7:8:9]/", .host), ("http://[12345::]/", .host),
        ("http://[1:2:3:4:5:6:7::8]/", .host), ("http://[::1.2.3.4:1]/", .host), ("http://::1/", .host),
        ("http://a:/", .port), ("http://a:0/", .port), ("http://a:080/", .port), ("http://a:65536/", .port),
        ("http://a:+80/", .port), ("http://a:80:80/", .port), ("http://a:x/", .port), ("http://[::1]:/", .port),
        ("http://a/%", .percentEncoding), ("http://a/%4", .percentEncoding), ("http://a/%zz", .percentEncoding),
        ("http://a/?%4g", .percentEncoding),
        (" http://a/", .forbiddenCharacter), ("http://a/ b", .forbiddenCharacter),
        ("http://a\\@b/", .forbiddenCharacter),
        ("http://a/\r\nHost: b", .forbiddenCharacter), ("http://a/\0", .forbiddenCharacter),
        ("http://a/\u{7F}", .forbiddenCharacter), ("http://bücher.invalid/", .forbiddenCharacter),
        ("http://①②⑦.0.0.1/", .forbiddenCharacter), ("http://a\u{3002}b/", .forbiddenCharacter),
        ("http://a/\t", .forbiddenCharacter), ("http://a/{b}", .forbiddenCharacter),
    ] as [(String, URL.Flaw)]) func `anything that could be read in two ways is refused`(
        _ text: String, _ flaw: URL.Flaw
    ) {
        #expect(throws: flaw) { try URL(parsing: text) }
    }

    @Test func `lengths are bounded`() throws {
        let label = String(repeating: "a", count: 63)
        let name = "\(label).\(label).\(label).\(String(repeating: "b", count: 61))"
        #expect(name.utf8.count == 253)
        #expect(try URL(parsing: "http://\(name)/").host == .name(name))
        #expect(throws: URL.Flaw.host) { try URL(parsing: "http://\(name)b/") }
        #expect(throws: URL.Flaw.host) { try URL(parsing: "http://\(label)a/") }
        let base = "http://a/"
        let path = String(repeating: "p", count: ClientLimits.urlBytes - base.utf8.count)
        #expect(try URL(parsing: base + path).path.utf8.count == path.utf8.count + 1)
        #expect(throws: URL.Flaw.tooLong) { try URL(parsing: base + path + "p") }
    }

    @Test(arguments: [
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("0:1:0:1:0:1:0:1", "0:1:0:1:0:1:0:1"),
        ("1:0:0:2:3:0:0:4", "1::2:3:0:0:4"), ("ABCD:EF01::", "abcd:ef01::"),
        ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
        ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
    ]) func `addresses are written in their canonical form`(_ text: String, _ canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == canonical)
        #expect(IPAddress(canonical) == address)
    }
}
