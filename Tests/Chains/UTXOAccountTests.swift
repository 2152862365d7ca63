import Crypto
import Testing

@testable import Chains

@Suite("UTXO accounts, descriptors and addresses")
struct UTXOAccountTests {
    @Test("accounts derive the addresses that other implementations derive", arguments: accountVectors)
    func vectors(vector: AccountVector) throws {
        let bare = try AccountKey(parsing: vector.key, on: vector.network, scriptType: vector.scriptType)
        let described = try AccountKey(parsing: vector.descriptor, on: vector.network)
        #expect(described.canonicalText == vector.descriptor)
        #expect(described.branchID == bare.branchID)
        #expect(described.warnings == [] && bare.warnings == [])
        let coin = vector.network == .bitcoin ? 0 : vector.network == .litecoin ? 2 : 1
        for (index, text) in vector.addresses {
            let destination = try bare.destination(at: index)
            #expect(destination.address.text == text)
            #expect(destination.path == "0/\(index)")
            let same = try described.destination(at: index)
            #expect(same.script == destination.script)
            #expect(same.path == "m/\(vector.scriptType.purpose)h/\(coin)h/0h/0/\(index)")
            #expect(try Address(parsing: text, on: vector.network) == destination.address)
        }
        #expect(throws: ExtendedKeyError.hardened) { try bare.destination(at: 1 << 31) }
    }

    static let account =
        "xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWcMLoP2fMFMKHPJ4Z"
        + "eZXYVUhLv1VMrjPC7PW6V"
    static let accountPrivate =
        "xprv9ybY78BftS5UGANki6oSifuQEjkpyAC8ZmBvBNTshQnCBcxnefjHS7buPMkkqhcRzmoGZ5bokx7GuyD"
        + "Aiktd5HemohAU4wV1ZPMDRmLpBMm"
    static let wif = "KwFfNUhSDaASSAwtG7ssQM1uVX8RgX5GHWnnLfhfiQDigjioWXHH"
    static let point = "031b84c5567b126440995d3ed5aaba0565d71e1834604819ff9c17f5e9d5dd078f"

    @Test("descriptors are accepted in their spellings")
    func spellings() throws {
        let expected = try AccountKey(parsing: "wpkh(\(Self.account)/0/*)", on: .bitcoin).destination(at: 3)
        let origin = "[73c5da0a/84h/0h/0h]"
        for text in [
            "wpkh(\(origin)\(Self.account)/0/*)", "wpkh(\(origin)\(Self.account)/<0;1>/*)#qf45pmyh",
            "wpkh([73C5DA0A/84'/0'/0']\(Self.account)/0/*)",
            "wpkh([73c5da0a/84H/0h/0']\(Self.account)/<0;1>/*)",
        ] {
            let account = try AccountKey(parsing: text, on: .bitcoin)
            #expect(try account.destination(at: 3).script == expected.script, "\(text)")
            #expect(account.canonicalText.hasPrefix("wpkh(\(origin)\(Self.account)/0/*)#"), "\(text)")
            #expect(account.warnings == (text.contains("#") ? [] : [.noChecksum]))
        }
        #expect(DescriptorChecksum.compute("raw(deadbeef)") == "89f8spxm")
        #expect(DescriptorChecksum.compute("raw(Ü)") == nil)
    }

    @Test("what is unusual is taken with a warning")
    func warnings() throws {
        let key = try ExtendedPublicKey(parsing: Self.account)
        let branch = try key.child(0)
        let bare = try AccountKey(parsing: branch.text, on: .bitcoin, scriptType: .p2wpkh)
        #expect(bare.warnings == [.unusualDepth(4)])
        let described = try AccountKey(parsing: "wpkh([73c5da0a/84h]\(Self.account)/7/*)", on: .bitcoin)
        #expect(described.warnings == [.noChecksum, .originDepth(1, key: 3), .unusualBranch([7])])
        let ready = try AccountKey(parsing: "wpkh(\(branch.text)/*)", on: .bitcoin)
        let account = try AccountKey(parsing: Self.account, on: .bitcoin, scriptType: .p2wpkh)
        #expect(
            ready.branchID == account.branchID, "the same keys are counted together, however they were named")
        #expect(try ready.destination(at: 5).script == account.destination(at: 5).script)
    }

    /// So many words of a seed.
    private static func words(_ count: Int, _ separator: String) -> String {
        Array(repeating: "abandon", count: count).joined(separator: separator)
    }

    @Test(
        "what cannot receive is refused for what it is",
        arguments: [
            (accountPrivate, AccountKeyError.privateKey), ("wpkh(\(accountPrivate)/0/*)", .privateKey),
            ("wpkh([73c5da0a/84h/0h/0h]\(accountPrivate)/0/*)", .privateKey),
            ("wpkh(\(accountPrivate)/0/*)#aaaaaaaa", .privateKey), ("wpkh(\(accountPrivate)", .privateKey),
            ("wsh(sortedmulti(2,\(account)/0/*,\(accountPrivate)/0/*))", .privateKey),
            ("tr(\(account)/*,{pk(\(accountPrivate)/*),pk(\(wif))})", .privateKey),
            ("pkh(\(accountPrivate)" + String(repeating: "/0", count: 300) + "/*)", .privateKey),
            (words(11, " ") + " about", .privateKey), ("Abandon " + words(10, " ") + " about", .privateKey),
            (words(12, ", "), .privateKey), (words(24, "\n"), .privateKey), (words(20, " "), .privateKey),
            (words(33, " "), .privateKey), (" 1. " + words(12, " 2. ") + ".", .privateKey),
            (words(11, " "), .key(.encoding(.character(at: 7)))),
            (words(12, " ") + " of", .key(.encoding(.character(at: 7)))),
            (accountPrivate + String(repeating: " ", count: 5_000), .privateKey),
            ("pkh(\(wif))", .privateKey), (wif, .privateKey), ("tr(\(wif))", .privateKey),
            ("wpkh(\(point))", .notRanged), ("wpkh(\(account))", .notRanged),
            ("wpkh(\(account)/0)", .notRanged),
            ("wpkh(\(account)/0/*h)", .hardened), ("wpkh(\(account)/0h/*)", .hardened),
            ("wpkh(\(account)/0'/*)", .hardened), ("wpkh(\(account)/<0h;1h>/*)", .hardened),
            ("wpkh(\(account)/<0;1;2>/*)", .multipath), ("wpkh(\(account)/<0;0>/*)", .multipath),
            ("wpkh(\(account)/<0;1>/<2;3>/*)", .multipath), ("wpkh(\(account)/<0>/*)", .multipath),
            ("wpkh(\(account)/<0;1/*)", .syntax), ("wpkh(\(account)/2147483648/*)", .syntax),
            ("wpkh(\(account)/1a/*)", .syntax), ("wpkh(\(account)/-1/*)", .syntax),
            ("wpkh(\(account)//*)", .syntax),
            ("wpkh([deadbeef/0h/0h/0h/*]\(account)/*)", .syntax),
            ("wpkh([deadbeef/0h/]\(account)/*)", .syntax),
            ("wpkh([deadbef/0h]\(account)/*)", .syntax), ("wpkh([deadbeeef/0h]\(account)/*)", .syntax),
            ("wpkh([gaaaaaaa/0h]\(account)/*)", .syntax), ("wpkh([deadbeef/0f]\(account)/*)", .syntax),
            ("wpkh([deadbeef\(account)/*)", .syntax),
            ("wpkh(deadbeef]\(account)/*)", .key(.encoding(.character(at: 8)))),
            ("wpkh([aaaaaaaa][aaaaaaaa]\(account)/*)", .key(.encoding(.character(at: 0)))),
            ("wpkh([deadbeef])", .key(.encoding(.tooShort))), ("wpkh(\(account)/0/*", .syntax),
            ("wpkh()/*", .syntax),
            ("wpkh(\(account)/0/*)#", .checksum), ("wpkh(\(account)/0/*)#qqqqqqqq", .checksum),
            ("wpkh(Ü)", .syntax), ("combo(\(account)/*)", .unsupportedDescriptor("combo")),
            ("wsh(pk(\(account)/*))", .unsupportedDescriptor("wsh")),
            ("sh(pkh(\(account)/*))", .unsupportedDescriptor("sh")),
            ("sh(wpkh(\(account)/*)", .unsupportedDescriptor("sh")),
            ("tr(\(account)/*,pk(\(account)/*))", .unsupportedDescriptor("p2tr with a tree")),
            ("pkh(wpkh(\(account)/*))", .syntax), (account, .scriptTypeNeeded),
            ("", .key(.encoding(.tooShort))),
            ("nonsense", .key(.encoding(.checksum))), ("0day", .key(.encoding(.character(at: 0)))),
            (String(repeating: "x", count: 513), .tooLong),
            ("wpkh(\(account)" + String(repeating: "/0", count: 16) + "/*)", .tooDeep),
        ])
    func refusals(text: String, error: AccountKeyError) {
        #expect(throws: error) { try AccountKey(parsing: text, on: .bitcoin) }
    }

    @Test("a key for another network or another script type is refused and named")
    func wrongNetwork() throws {
        let key = try ExtendedPublicKey(parsing: Self.account)
        for version in ExtendedKeyVersion.allCases where version.hint != .shared {
            for network in UTXONetwork.allCases {
                let text = key.text(as: version)
                let type: ScriptType? = version.hint == .any ? .p2wpkh : nil
                if network.accepts(version) {
                    #expect(try AccountKey(parsing: text, on: network, scriptType: type).network == network)
                } else {
                    #expect(throws: AccountKeyError.wrongNetwork(version)) {
                        try AccountKey(parsing: text, on: network, scriptType: type)
                    }
                }
            }
        }
        #expect(!UTXONetwork.bitcoin.accepts(.tpub) && !UTXONetwork.bitcoin.accepts(.ltub))
        #expect(!UTXONetwork.bitcoinRegtest.accepts(.xpub) && UTXONetwork.litecoin.accepts(.zpub))
        #expect(throws: AccountKeyError.wrongNetwork(.tpub), "before it is asked what it is for") {
            try AccountKey(parsing: key.text(as: .tpub), on: .bitcoin)
        }
        let zpub = key.text(as: .zpub)
        #expect(throws: AccountKeyError.scriptTypeConflict(.p2wpkh)) {
            try AccountKey(parsing: "tr(\(zpub)/0/*)", on: .bitcoin)
        }
        #expect(throws: AccountKeyError.scriptTypeConflict(.p2wpkh)) {
            try AccountKey(parsing: zpub, on: .bitcoin, scriptType: .p2tr)
        }
        #expect(throws: AccountKeyError.scriptTypeConflict(.p2wpkh)) {
            try AccountKey(parsing: "wpkh(\(Self.account)/0/*)", on: .bitcoin, scriptType: .p2tr)
        }
        #expect(throws: AccountKeyError.sharedWallet) {
            try AccountKey(parsing: key.text(as: .sharedZpub), on: .bitcoin)
        }
    }

    @Test("addresses belong to one kind of network, and say to which", arguments: accountVectors)
    func addressNetworks(vector: AccountVector) throws {
        for (_, text) in vector.addresses {
            for network in UTXONetwork.allCases {
                do {
                    let address = try Address(parsing: text, on: network)
                    #expect(address.network == network)
                    #expect(Address(script: address.script, on: network) == address)
                } catch {
                    guard case .wrongNetwork(let owners) = error else { throw error }
                    #expect(owners.contains(vector.network))
                    #expect(!owners.contains(network))
                }
            }
            #expect(throws: AddressError.self) { try Address(parsing: " " + text, on: vector.network) }
            #expect(throws: AddressError.self) { try Address(parsing: text + "q", on: vector.network) }
        }
    }

    @Test(
        "addresses are refused for what is wrong with them",
        arguments: [
            ("BC1QCR8TE4KR609GCAWUTMRZA0J4XV80JY8Z306FYu", AddressError.bech32(.mixedCase)),
            ("bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyv", .bech32(.checksum)),
            (
                "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
                .wrongNetwork([.bitcoinTestnet3, .bitcoinTestnet4, .bitcoinSignet])
            ),
            ("LTCPodha2LAxSyBGsGfkWcmKDEB8cWrqLU", .wrongNetwork([.litecoin])),
            ("MDpYp682EJWL4sMvdDztEEDfgJh16Fvyv4", .wrongNetwork([.litecoin])),
            ("ltc1q8sp0dy0fxryl4gdzukza2egwdglxw5aj8emw6c", .wrongNetwork([.litecoin])),
            ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", .base58(.checksum)), ("", .base58(.tooShort)),
            ("bitcoin:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", .base58(.character(at: 7))),
            ("D7Y55nY7tF8LyTkAqFJe8KyY8R9gtXYwaz", .base58(.checksum)),
            (account, .unknown), ("tltc1", .wrongNetwork([.litecoinTestnet])),
            ("ltcmweb1qqthisisanaddressoftheextensionblock", .extensionBlock),
            (String(repeating: "1", count: 161), .unknown),
        ])
    func addressRefusals(text: String, error: AddressError) {
        if text == "tltc1" {
            #expect(throws: AddressError.bech32(.structure)) { try Address(parsing: text, on: .bitcoin) }
        } else {
            #expect(throws: error) { try Address(parsing: text, on: .bitcoin) }
        }
    }

    @Test("Litecoin's script addresses are read with both prefixes and written with the newer one")
    func litecoinScriptAddresses() throws {
        let hash = [UInt8](1...20)
        let new = try Address(parsing: Base58Check.encode([50] + hash), on: .litecoin)
        let old = try Address(parsing: Base58Check.encode([5] + hash), on: .litecoin)
        #expect(new == old)
        #expect(new.text == Base58Check.encode([50] + hash))
        #expect(throws: AddressError.wrongNetwork([.litecoin])) {
            try Address(parsing: new.text, on: .bitcoin)
        }
        let upper = "LTC1Q8SP0DY0FXRYL4GDZUKZA2EGWDGLXW5AJ8EMW6C"
        #expect(try Address(parsing: upper, on: .litecoin).text == upper.lowercased())
        // A key hash whose text begins like Bech32 and has no other 1.
        let alike = try Address(parsing: "LTC12237YiakMQzWcJe4dgVtBunRHhMcuH", on: .litecoin)
        let keyHash: [UInt8] = [
            0x57, 0x62, 0x79, 0x6d, 0xb7, 0x8e, 0xa3, 0xba, 0x1d, 0xd3, 0x68, 0x82, 0x5b,
            0xb3, 0xa7, 0xc0, 0x0e, 0x5f, 0x05, 0x23,
        ]
        #expect(alike.script == .payToKeyHash(keyHash))
    }

    @Test("only scripts of the exact form have an address")
    func scripts() {
        let hash = [UInt8](1...20)
        #expect(Script.payToKeyHash(hash).template == .keyHash(hash))
        #expect(Script.payToScriptHash(hash).template == .scriptHash(hash))
        for bytes: [UInt8] in [
            [], [0x6a], [0x6a, 2, 1, 2], [0, 20] + hash + [0], [0, 21] + hash, [0, 19] + hash[1...],
            [0x50, 20] + hash,
            [0x61, 20] + hash, [0x76, 0xa9, 20] + hash + [0x88, 0xad],
            [0x76, 0xa9, 20] + hash + [0x88, 0xac, 0],
            [0xa9, 20] + hash + [0x88], [0x21] + hash + [0xac], [0x51, 1, 1],
        ] {
            #expect(Script(bytes: bytes).template == nil, "\(bytes)")
            #expect(Address(script: Script(bytes: bytes), on: .bitcoin) == nil)
        }
    }
}
