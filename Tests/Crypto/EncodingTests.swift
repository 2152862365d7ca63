import Crypto
import Platform
import Testing

@Suite("Text encodings")
struct EncodingTests {
    @Test("Base64 is RFC 4648's and has one form only")
    func base64() {
        let vectors = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]
        for (count, text) in vectors.enumerated() {
            let plain = Array("foobar".utf8.prefix(count))
            #expect(Base64.encode(plain) == text)
            #expect(Base64.decode(text) == plain)
        }
        for text in [
            "Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zm9v=", "====", "=", "Zg==Zg==", "Z-==", "Zm9 ", "Z===",
            "Zm9\n",
        ] {
            #expect(Base64.decode(text) == nil, "\(text)")
        }
        #expect(Base64.decode(String(repeating: "A", count: Limits.base64Characters + 4)) == nil)
    }

    @Test("Base58Check turns payloads into text and back")
    func base58() throws {
        let known = [
            ("00" + "62e907b15cbf27d5425399ebf6f0fb50ebb88f18", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
            ("00" + "0000000000000000000000000000000000000000", "1111111111111111111114oLvT2"),
            ("05" + "b472a266d0bd89c13706a4132ccfb16f7c3b9fcb", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
        ]
        for (payload, text) in known {
            #expect(Base58Check.encode(try bytes(payload)) == text)
            #expect(try Base58Check.decode(text) == bytes(payload))
        }
        for count in 0..<80 {
            let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &* count) }
            #expect(try Base58Check.decode(Base58Check.encode(payload)) == payload)
        }
    }

    @Test(
        "Base58Check refuses",
        arguments: [
            ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", Base58Error.checksum),
            ("1A1zP1eP5QGefi2DMPTfTL5SLmv7Divf0a", .character(at: 32)),
            ("", .tooShort), ("1", .tooShort), (" 1", .character(at: 0)), ("1é", .character(at: 1)),
            ("1111", .checksum),
        ])
    func base58Refusals(text: String, error: Base58Error) {
        #expect(throws: error) { try Base58Check.decode(text) }
    }

    @Test(
        "valid Bech32 texts of BIP 173 and BIP 350",
        arguments: [
            ("A12UEL5L", Bech32.Variant.bech32), ("a12uel5l", .bech32), ("?1ezyfcl", .bech32),
            (
                "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
                .bech32
            ),
            ("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", .bech32),
            (
                "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j",
                .bech32
            ),
            ("split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", .bech32),
            ("A1LQFN3A", .bech32m), ("a1lqfn3a", .bech32m), ("?1v759aa", .bech32m),
            (
                "an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6",
                .bech32m
            ),
            ("abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx", .bech32m),
            (
                "11llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllludsr8",
                .bech32m
            ),
            ("split1checkupstagehandshakeupstreamerranterredcaperredlc445v", .bech32m),
        ])
    func validBech32(text: String, variant: Bech32.Variant) throws {
        let parsed = try Bech32(parsing: text)
        #expect(parsed.variant == variant)
        #expect(parsed.text == text.lowercased())
    }

    @Test(
        "malformed Bech32 texts of BIP 173 and BIP 350",
        arguments: [
            ("\u{20}1nwldj5", Bech32Error.character(at: 0)), ("\u{7f}1axkwrx", .character(at: 0)),
            ("\u{80}1eym55h", .character(at: 0)), ("\u{20}1xj0phk", .character(at: 0)),
            (
                "an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1569pvx",
                .tooLong
            ),
            (
                "an84characterslonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11d6pts4",
                .tooLong
            ),
            ("pzry9x0s0muk", .structure), ("1pzry9x0s0muk", .structure), ("x1b4n0q5v", .character(at: 2)),
            ("li1dgmt3", .structure), ("de1lg7wt\u{ff}", .character(at: 8)), ("A1G7SGD8", .checksum),
            ("10a06t8", .structure), ("1qzzfhee", .structure), ("qyrz8wqd2c9m", .structure),
            ("1qyrz8wqd2c9m", .structure), ("y1b0jsk6g", .character(at: 2)),
            ("lt1igcx5c0", .character(at: 3)),
            ("in1muywd", .structure), ("mm1crxm3i", .character(at: 8)), ("au1s5cgom", .character(at: 7)),
            ("M1VUXWEZ", .checksum), ("16plkw9", .structure), ("1p2gdwpf", .structure), ("", .structure),
        ])
    func malformedBech32(text: String, error: Bech32Error) {
        #expect(throws: error) { try Bech32(parsing: text) }
    }

    @Test(
        "segregated-witness addresses of BIP 350",
        arguments: [
            (
                "bc", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
                "0014751e76e8199196d454941c45d1b3a323f1433bd6"
            ),
            (
                "tb", "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
                "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262"
            ),
            (
                "bc", "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
                "5128751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd6"
            ),
            ("bc", "BC1SW50QGDZ25J", "6002751e"),
            ("bc", "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", "5210751e76e8199196d454941c45d1b3a323"),
            (
                "tb", "tb1qqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesrxh6hy",
                "0020000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433"
            ),
            (
                "tb", "tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c",
                "5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433"
            ),
            (
                "bc", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
                "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
            ),
        ])
    func witnessPrograms(prefix: String, address: String, script: String) throws {
        let witness = try WitnessProgram(address: address, prefix: prefix)
        let opcode: UInt8 = witness.version == 0 ? 0 : 0x50 + witness.version
        #expect(Hex.encode([opcode, UInt8(witness.program.count)] + witness.program) == script)
        #expect(witness.address(prefix: prefix) == address.lowercased())
    }

    @Test(
        "addresses that BIP 173 and BIP 350 call invalid",
        arguments: [
            ("tc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut", Bech32Error.prefix("tc")),
            ("tc1qw508d6qejxtdg4y5r3zarvary0c5xw7kg3g4ty", .prefix("tc")),
            ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", .variant),
            ("tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf", .variant),
            ("BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL", .variant),
            ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh", .variant),
            ("tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47", .variant),
            ("bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4", .character(at: 59)),
            ("BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R", .program),
            ("bc1pw5dgrnzv", .program),
            ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav", .program),
            ("BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P", .program),
            ("tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq", .mixedCase),
            ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf", .padding),
            ("tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j", .padding),
            ("bc1gmk9yu", .program),
            ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", .checksum),
            ("BC13W508D6QEJXTDG4Y5R3ZARVARY0C5XW7KN40WF2", .program), ("bc1rw5uspcuh", .program),
            ("bc10w508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kw5rljs90", .program),
            ("tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sL5k7", .mixedCase),
            ("bc1zw508d6qejxtdg4y5r3zarvaryvqyzf3du", .padding),
            ("tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3pjxtptv", .padding),
        ])
    func invalidAddresses(address: String, error: Bech32Error) {
        let prefix = address.lowercased().hasPrefix("tb") ? "tb" : "bc"
        #expect(throws: error) { try WitnessProgram(address: address, prefix: prefix) }
    }
}
