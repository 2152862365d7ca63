import Crypto
import Platform
import Testing

@Suite("Secrets, boxes and webhooks")
struct SecretTests {
    @Test("a secret is compared by value and never printed")
    func secrets() {
        var original: [UInt8] = [115, 101, 115, 97, 109, 101]
        let secret = Secret(wiping: &original)
        #expect(original.isEmpty)
        #expect(secret == Secret([115, 101, 115, 97, 109, 101]))
        #expect(secret != Secret([115, 101, 115, 97, 109, 102]))
        #expect(secret != Secret([]))
        #expect(Secret([]) == Secret([]))
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), String(describing: [secret]), dumped] {
            #expect(!text.contains("115") && !text.contains("sesame"), "\(text)")
        }
    }

    @Test("equality in constant time is equality")
    func constantTime() {
        for (left, right) in [([], []), ([1], []), ([1, 2], [1, 2]), ([1, 2], [1, 3])] as [([UInt8], [UInt8])]
        {
            #expect(constantTimeEquals(left, right) == (left == right))
        }
    }

    @Test("what is sealed opens only with its key, its place and every byte as it was")
    func boxes() throws {
        let box = try #require(SecretBox(key: Secret(SHA256.hash([1]))))
        let other = try #require(SecretBox(key: Secret(SHA256.hash([2]))))
        let place = Array("wallet/1/credential".utf8)
        let nonce = SystemEntropy().bytes(SecretBox.nonceSize)
        for plaintext in [[], [1], [UInt8](repeating: 9, count: 300)] as [[UInt8]] {
            let sealed = box.seal(Secret(plaintext), authenticating: place, nonce: nonce)
            #expect(sealed.count == plaintext.count + SecretBox.overhead)
            #expect(try box.open(sealed, authenticating: place) == Secret(plaintext))
            #expect(throws: SecretBoxError.notAuthentic) { try other.open(sealed, authenticating: place) }
            #expect(throws: SecretBoxError.notAuthentic) { try box.open(sealed, authenticating: place + [0]) }
            for index in sealed.indices {
                var damaged = sealed
                damaged[index] ^= 1
                #expect(throws: SecretBoxError.notAuthentic) { try box.open(damaged, authenticating: place) }
            }
            for count in 0..<sealed.count {
                #expect(throws: SecretBoxError.self) {
                    try box.open(Array(sealed[..<count]), authenticating: place)
                }
            }
        }
        #expect(SecretBox(key: Secret([1, 2, 3])) == nil)
    }

    @Test("XChaCha20-Poly1305 is that of the draft's vector")
    func boxVector() throws {
        let key = (0..<32).map { UInt8(0x80 + $0) }
        let nonce = (0..<24).map { UInt8(0x40 + $0) }
        let context = try bytes("50515253c0c1c2c3c4c5c6c7")
        let message =
            "Ladies and Gentlemen of the class of '99: If I could offer you "
            + "only one tip for the future, sunscreen would be it."
        let box = try #require(SecretBox(key: Secret(key)))
        let sealed = box.seal(Secret(Array(message.utf8)), authenticating: context, nonce: nonce)
        #expect(Hex.encode(sealed[24..<40]) == "bd6d179d3e83d43b9576579493c0e939")
        #expect(Hex.encode(sealed.suffix(16)) == "c0875924c1c7987947deafd8780acf49")
    }
}

@Suite("Standard Webhooks signatures")
struct WebhookSignatureTests {
    static let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    static let body = Array("{\"test\": 2432232314}".utf8)
    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    static let privateKey =
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
    static let publicKey = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
    static let symmetric = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    static let asymmetric =
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="

    private func verify(
        _ header: String, id: String = id, timestamp: String = "1614265330", body: [UInt8] = body,
        keys: [String] = [secret, publicKey], now: Int64 = 1_614_265_330
    ) throws -> Int64 {
        let keys = try keys.map { try WebhookVerificationKey(parsing: $0) }
        return try WebhookSignature.verify(
            header: header, id: id, timestamp: timestamp, body: body, keys: keys, now: now)
    }

    @Test("the interoperability vectors, both kinds, in one header")
    func vectors() throws {
        let keys = try [Self.secret, Self.privateKey].map { try WebhookSigningKey(parsing: $0) }
        let header = WebhookSignature.header(
            id: Self.id, timestamp: 1_614_265_330, body: Self.body, keys: keys)
        #expect(header == Self.symmetric + " " + Self.asymmetric)
        #expect(keys.map(\.exposedText) == [Self.secret, Self.privateKey])
        #expect(keys.map(\.verificationKey.exposedText) == [Self.secret, Self.publicKey])
        let bareSeed = try WebhookSigningKey(parsing: "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=")
        #expect(bareSeed.exposedText == Self.privateKey)
    }

    @Test("any key may match any entry, unknown versions are passed over")
    func accepted() throws {
        for header in [
            Self.symmetric, Self.asymmetric, "v9,AAAA " + Self.symmetric,
            "v1,AAAA v1a,AAAA " + Self.asymmetric,
        ] {
            #expect(try verify(header) == 1_614_265_330)
        }
        #expect(try verify(Self.asymmetric, keys: [Self.publicKey], now: 1_614_265_630) == 1_614_265_330)
        #expect(try verify(Self.asymmetric, keys: [Self.publicKey], now: 1_614_265_030) == 1_614_265_330)
    }

    @Test("everything else is refused")
    func refused() {
        let entry = Self.symmetric
        #expect(throws: WebhookSignatureError.noMatch) { try verify("") }
        #expect(throws: WebhookSignatureError.noMatch) { try verify(entry, keys: [Self.publicKey]) }
        #expect(throws: WebhookSignatureError.noMatch) { try verify(entry, keys: []) }
        #expect(throws: WebhookSignatureError.noMatch) { try verify(entry, body: Self.body + [32]) }
        #expect(throws: WebhookSignatureError.noMatch) { try verify(entry, id: "msg_other") }
        #expect(throws: WebhookSignatureError.noMatch) { try verify(entry, timestamp: "1614265331") }
        #expect(throws: WebhookSignatureError.noMatch) { try verify("v1a" + entry.dropFirst(2)) }
        let crowd = String(repeating: "v1,AAAA ", count: Limits.webhookSignatures) + entry
        #expect(throws: WebhookSignatureError.noMatch) { try verify(crowd) }
        for timestamp in [
            "", "-1", "+1614265330", "01614265330", "1614265330 ", "1e9", "99999999999999999999",
        ] {
            #expect(throws: WebhookSignatureError.malformedHeader) { try verify(entry, timestamp: timestamp) }
        }
        for id in ["", "a.b"] {
            #expect(throws: WebhookSignatureError.malformedHeader) { try verify(entry, id: id) }
        }
        for now in [1_614_265_631, 1_614_265_029, Int64.min, Int64.max] {
            #expect(throws: WebhookSignatureError.stale) { try verify(entry, now: now) }
        }
    }

    @Test(
        "malformed keys are refused",
        arguments: [
            "", "whsec_", "whsec_%", "whsec_AAAA", "hwsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whpk_AAAA",
            "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kv",
            "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvw==",
        ])
    func malformed(text: String) {
        #expect(throws: WebhookSignatureError.malformedKey) { try WebhookSigningKey(parsing: text) }
        #expect(throws: WebhookSignatureError.malformedKey) { try WebhookVerificationKey(parsing: text) }
    }
}
