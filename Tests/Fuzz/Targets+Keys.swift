import Chains
import Crypto
import Platform

extension FuzzTarget {
    /// Addresses, keys of wallets, and what webhooks are signed with.
    static let keys: [FuzzTarget] = [address, account, signature]

    /// An address that is taken has one script and one canonical text, which is taken for the same.
    private static let address = FuzzTarget(
        "address", most: 120, words: ["bc1q", "bc1p", "tb1q", "bcrt1q", "ltc1q", "tltc1", "rltc1", "ltcmweb1"],
        seeds: bytes([
            "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
            "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ",
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
            "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", "2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc",
            "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "LVg2kJoFNg45Nbpy53h7Fe1wKyeXVRhMH9",
            "MVcg9uEvtWuP5N6V48EHfEtbz48qR8TKZ9", "ltc1qg42tkwuuxefutzxezdkdel39gfstuap288mfea",
            "ltcmweb1qq", "sb1-0011",
        ])
    ) { input throws(Flaw) in
        let text = input.text
        var isTaken = false
        for network in UTXONetwork.allCases {
            guard let address = try? Address(parsing: text, on: network) else { continue }
            isTaken = true
            try expect((try? Address(parsing: address.text, on: network)) == address, "\(text) became \(address.text)")
            try expect(
                Address(script: address.script, on: network) == address, "the script of \(text) has another address")
        }
        if let bech32 = try? Bech32(parsing: text) {
            try expect(bech32.text == text.lowercased(), "Bech32: \(text) became \(bech32.text)")
            if let program = try? WitnessProgram(bech32) {
                try expect(program.address(prefix: bech32.prefix) == bech32.text, "\(text) is another program")
            }
        }
        if let payload = try? Base58Check.decode(text) {
            try expect(Base58Check.encode(payload) == text, "Base58: \(text) became \(Base58Check.encode(payload))")
        }
        _ = try? SandboxAddress(parsing: text)
        return isTaken
    }

    private static let tpub =
        "tpubD6NzVbkrYhZ4XgiXtGrdW5XDAPFCL9h7we1vwNCpn8tGbBcgfVYjXyhWo4E1xkh56hjod1RhGjxbaTLV3X4FyWuejifB9jusQ46QzG87VKp"

    /// A wallet's key: what is taken gives addresses of its network, is written in one form, and is public.
    private static let account = FuzzTarget(
        "account", most: 400,
        words: ["wpkh(", "sh(wpkh(", "pkh(", "tr(", "/0/*)", "/<0;1>/*)", "[d34db33f/84h/0h/0h]", "#"],
        seeds: bytes([
            "wpkh(\(tpub)/0/*)", "wpkh([d34db33f/84'/1h/0']\(tpub)/<0;1>/*)", "tr(\(tpub)/*)", "sh(wpkh(\(tpub)/7/*))",
            "pkh(\(tpub)/0/*)#00000000", tpub,
            "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8",
            "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs",
            "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
            "wpkh(0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798)", "multi(1,\(tpub)/*)",
        ])
    ) { input throws(Flaw) in
        let (choice, rest) = input.choice
        let text = choice >= 0x20 ? input.text : rest.text
        let network = UTXONetwork.allCases[choice % UTXONetwork.allCases.count]
        var isTaken = false
        for network in [network, .bitcoinRegtest, .bitcoin] {
            let type = choice < 0x20 ? ScriptType.allCases.dropFirst(choice % 5).first : nil
            guard let key = try? AccountKey(parsing: text, on: network, scriptType: type) else { continue }
            isTaken = true
            try expect(!text.contains("prv"), "a private key was taken: \(text)")
            let again = try? AccountKey(parsing: key.canonicalText, on: network)
            try expect(again?.canonicalText == key.canonicalText, "\(text) became \(key.canonicalText)")
            try expect(again?.branchID == key.branchID, "\(key.canonicalText) gives other keys than \(text)")
            guard let place = try? key.destination(at: 0) else { continue }
            try expect(
                (try? Address(parsing: place.address.text, on: network))?.script == place.script,
                "\(text) gives the address \(place.address.text)")
        }
        if let key = try? ExtendedPublicKey(parsing: text) {
            try expect(key.text(as: key.version) == text, "\(text) became \(key.text(as: key.version))")
        }
        return isTaken
    }

    /// What a receiver reads of a delivery, line by line: key, signatures, identity, time; then the body.
    private static let signature = FuzzTarget(
        "signature", most: 600, words: ["whsec_", "whpk_", "whsk_", "v1,", "v1a,", "evt_", " ", "\n"],
        seeds: bytes([
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\nv1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\n"
                + "msg_p5jXN8AQM9LWM0D4loKWxJek\n1614265330\n{\"test\": 2432232314}",
            "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\nv1a,AAAA\nevt_1\n1614265330\n{}", "whsk_\n\n\n\n",
        ])
    ) { input throws(Flaw) in
        let lines = input.split(separator: 10, maxSplits: 4, omittingEmptySubsequences: false).map(Array.init)
        let key = lines[0].text
        var isTaken = false
        if let verifying = try? WebhookVerificationKey(parsing: key) {
            isTaken = true
            try expect(verifying.exposedText == key, "the key \(key) became \(verifying.exposedText)")
            guard lines.count == 5 else { return true }
            let (header, id, time) = (lines[1].text, lines[2].text, lines[3].text)
            let now: Int64 = 1_614_265_330
            let verified = try? WebhookSignature.verify(
                header: header, id: id, timestamp: time, body: lines[4], keys: [verifying], now: now)
            if let verified { try expect(abs(verified - now) <= 300, "\(time) is current") }
        }
        guard let signing = try? WebhookSigningKey(parsing: key), lines.count == 5 else { return isTaken }
        let header = WebhookSignature.header(id: "evt_1", timestamp: 7, body: lines[4], keys: [signing])
        let verified = try? WebhookSignature.verify(
            header: header, id: "evt_1", timestamp: "7", body: lines[4], keys: [signing.verificationKey], now: 7)
        try expect(verified == 7, "what \(key) signs is not its")
        let other = try? WebhookSignature.verify(
            header: header, id: "evt_1", timestamp: "7", body: lines[4] + [0], keys: [signing.verificationKey], now: 7)
        try expect(other == nil, "what \(key) signs is another's too")
        return true
    }
}
