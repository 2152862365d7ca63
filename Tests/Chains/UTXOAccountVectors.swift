@testable import Chains

/// One account and addresses of it. Made with two independent implementations (a Python BIP 32 and address library
/// each), which agreed; among them are the examples of BIP 49, 84 and 86. The seed is the BIP's well-known one.
struct AccountVector: Sendable {
    let network: UTXONetwork
    let scriptType: ScriptType
    /// The extended key under the prefix that wallets print.
    let key: String
    /// The same account as a descriptor with origin and checksum.
    let descriptor: String
    /// Index and address.
    let addresses: [(index: UInt32, text: String)]
}

let accountVectors: [AccountVector] = [
    AccountVector(
        network: .bitcoin, scriptType: .p2pkh,
        key: """
            xpub6BosfCnifzxcFwrSzQiqu2DBVTshkCXacvNsWGYJVVhhawA7d4R5WSWGFNbi8Aw6ZRc1brxMyWMzG3DSSSSo\
            ekkudhUd9yLb6qx39T9nMdj
            """,
        descriptor: """
            pkh([73c5da0a/44h/0h/0h]xpub6BosfCnifzxcFwrSzQiqu2DBVTshkCXacvNsWGYJVVhhawA7d4R5WSWGFNbi\
            8Aw6ZRc1brxMyWMzG3DSSSSoekkudhUd9yLb6qx39T9nMdj/0/*)#5l2aanww
            """,
        addresses: [
            (0, "1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA"),
            (1, "1Ak8PffB2meyfYnbXZR9EGfLfFZVpzJvQP"),
            (19, "19hp5PzFjsD6z1hwMucUbLHAYeYDWdvB1B"),
            (2_147_483_647, "12PyCxyiKLJc6WewJd173MRDVVdR6VpJ2j"),
        ]),
    AccountVector(
        network: .bitcoin, scriptType: .p2shP2wpkh,
        key: """
            ypub6Ww3ibxVfGzLrAH1PNcjyAWenMTbbAosGNB6VvmSEgytSER9azLDWCxoJwW7Ke7icmizBMXrzBx9979FfaHx\
            HcrArf3zbeJJJUZPf663zsP
            """,
        descriptor: """
            sh(wpkh([73c5da0a/49h/0h/0h]xpub6C6nQwHaWbSrzs5tZ1q7m5R9cPK9eYpNMFesiXsYrgc1P8bvLLAet9Jf\
            HjYXKjToD8cBRswJXXbbFpXgwsswVPAZzKMa1jUp2kVkGVUaJa7/0/*))#vu666hnq
            """,
        addresses: [
            (0, "37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf"),
            (1, "3LtMnn87fqUeHBUG414p9CWwnoV6E2pNKS"),
            (19, "3FsmoJ9P2eUrKjd2ooa8UJVAeyMVPNkvp2"),
            (2_147_483_647, "35AEh5tVU7gv3YkDTLtNuEcTt1t9BDDjZ3"),
        ]),
    AccountVector(
        network: .bitcoin, scriptType: .p2wpkh,
        key: """
            zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDK\
            f31mGDtKsAYz2oz2AGutZYs
            """,
        descriptor: """
            wpkh([73c5da0a/84h/0h/0h]xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbv\
            qAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V/0/*)#afwvtk2s
            """,
        addresses: [
            (0, "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"),
            (1, "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g"),
            (19, "bc1q27yd7vz8m5kz230wuyncfe3pyazez6ah58yzy0"),
            (2_147_483_647, "bc1qkev33hvxz82vkshaz62kwwxnpdcae3hhuvjcnt"),
        ]),
    AccountVector(
        network: .bitcoin, scriptType: .p2tr,
        key: """
            xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECo\
            Y49yfdDEHGCtMMj92pReUsQ
            """,
        descriptor: """
            tr([73c5da0a/86h/0h/0h]xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGV\
            ky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ/0/*)#se42yddx
            """,
        addresses: [
            (0, "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr"),
            (1, "bc1p4qhjn9zdvkux4e44uhx8tc55attvtyu358kutcqkudyccelu0was9fqzwh"),
            (19, "bc1pd6nqrg63ex4025vaw89l9xke00zqjm5vdgm88us6036yqugpfdcq0dfmeg"),
            (2_147_483_647, "bc1pav8jwqrtxqvj856uya800h8elcjr7m04fv500rawfhc5r9nm2m4s2u4c22"),
        ]),
    AccountVector(
        network: .bitcoinTestnet3, scriptType: .p2pkh,
        key: """
            tpubDC5FSnBiZDMmhiuCmWAYsLwgLYrrT9rAqvTySfuCCrgsWz8wxMXUS9Tb9iVMvcRbvFcAHGkMD5Kx8koh4Gqu\
            NGNTfohfk7pgjhaPCdXpoba
            """,
        descriptor: """
            pkh([73c5da0a/44h/1h/0h]tpubDC5FSnBiZDMmhiuCmWAYsLwgLYrrT9rAqvTySfuCCrgsWz8wxMXUS9Tb9iVM\
            vcRbvFcAHGkMD5Kx8koh4GquNGNTfohfk7pgjhaPCdXpoba/0/*)#r32y5znw
            """,
        addresses: [
            (0, "mkpZhYtJu2r87Js3pDiWJDmPte2NRZ8bJV")
        ]),
    AccountVector(
        network: .bitcoinTestnet3, scriptType: .p2shP2wpkh,
        key: """
            upub5EFU65HtV5TeiSHmZZm7FUffBGy8UKeqp7vw43jYbvZPpoVsgU93oac7Wk3u6moKegAEWtGNF8DehrnHtv21\
            XXEMYRUocHqguyjknFHYfgY
            """,
        descriptor: """
            sh(wpkh([73c5da0a/49h/1h/0h]tpubDD7tXK8KeQ3YY83yWq755fHY2JW8Ha8Q765tknUM5rSvjPcGWfUppDFM\
            pQ1ScziKfW3ZNtZvAD7M3u7bSs7HofjTD3KP3YxPK7X6hwV8Rk2/0/*))#k36xjgeu
            """,
        addresses: [
            (0, "2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2")
        ]),
    AccountVector(
        network: .bitcoinTestnet3, scriptType: .p2wpkh,
        key: """
            vpub5Y6cjg78GGuNLsaPhmYsiw4gYX3HoQiRBiSwDaBXKUafCt9bNwWQiitDk5VZ5BVxYnQdwoTyXSs2JHRPAgjA\
            vtbBrf8ZhDYe2jWAqvZVnsc
            """,
        descriptor: """
            wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XV\
            WbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/0/*)#evh9fu0w
            """,
        addresses: [
            (0, "tb1q6rz28mcfaxtmd6v789l9rrlrusdprr9pqcpvkl")
        ]),
    AccountVector(
        network: .bitcoinTestnet3, scriptType: .p2tr,
        key: """
            tpubDDfvzhdVV4unsoKt5aE6dcsNsfeWbTgmLZPi8LQDYU2xixrYemMfWJ3BaVneH3u7DBQePdTwhpybaKRU95pi\
            6PMUtLPBJLVQRpzEnjfjZzX
            """,
        descriptor: """
            tr([73c5da0a/86h/1h/0h]tpubDDfvzhdVV4unsoKt5aE6dcsNsfeWbTgmLZPi8LQDYU2xixrYemMfWJ3BaVneH\
            3u7DBQePdTwhpybaKRU95pi6PMUtLPBJLVQRpzEnjfjZzX/0/*)#xpyddy6h
            """,
        addresses: [
            (0, "tb1p8wpt9v4frpf3tkn0srd97pksgsxc5hs52lafxwru9kgeephvs7rqlqt9zj")
        ]),
    AccountVector(
        network: .bitcoinTestnet4, scriptType: .p2pkh,
        key: """
            tpubDC5FSnBiZDMmhiuCmWAYsLwgLYrrT9rAqvTySfuCCrgsWz8wxMXUS9Tb9iVMvcRbvFcAHGkMD5Kx8koh4Gqu\
            NGNTfohfk7pgjhaPCdXpoba
            """,
        descriptor: """
            pkh([73c5da0a/44h/1h/0h]tpubDC5FSnBiZDMmhiuCmWAYsLwgLYrrT9rAqvTySfuCCrgsWz8wxMXUS9Tb9iVM\
            vcRbvFcAHGkMD5Kx8koh4GquNGNTfohfk7pgjhaPCdXpoba/0/*)#r32y5znw
            """,
        addresses: [
            (0, "mkpZhYtJu2r87Js3pDiWJDmPte2NRZ8bJV")
        ]),
    AccountVector(
        network: .bitcoinTestnet4, scriptType: .p2shP2wpkh,
        key: """
            upub5EFU65HtV5TeiSHmZZm7FUffBGy8UKeqp7vw43jYbvZPpoVsgU93oac7Wk3u6moKegAEWtGNF8DehrnHtv21\
            XXEMYRUocHqguyjknFHYfgY
            """,
        descriptor: """
            sh(wpkh([73c5da0a/49h/1h/0h]tpubDD7tXK8KeQ3YY83yWq755fHY2JW8Ha8Q765tknUM5rSvjPcGWfUppDFM\
            pQ1ScziKfW3ZNtZvAD7M3u7bSs7HofjTD3KP3YxPK7X6hwV8Rk2/0/*))#k36xjgeu
            """,
        addresses: [
            (0, "2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2")
        ]),
    AccountVector(
        network: .bitcoinTestnet4, scriptType: .p2wpkh,
        key: """
            vpub5Y6cjg78GGuNLsaPhmYsiw4gYX3HoQiRBiSwDaBXKUafCt9bNwWQiitDk5VZ5BVxYnQdwoTyXSs2JHRPAgjA\
            vtbBrf8ZhDYe2jWAqvZVnsc
            """,
        descriptor: """
            wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XV\
            WbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/0/*)#evh9fu0w
            """,
        addresses: [
            (0, "tb1q6rz28mcfaxtmd6v789l9rrlrusdprr9pqcpvkl")
        ]),
    AccountVector(
        network: .bitcoinTestnet4, scriptType: .p2tr,
        key: """
            tpubDDfvzhdVV4unsoKt5aE6dcsNsfeWbTgmLZPi8LQDYU2xixrYemMfWJ3BaVneH3u7DBQePdTwhpybaKRU95pi\
            6PMUtLPBJLVQRpzEnjfjZzX
            """,
        descriptor: """
            tr([73c5da0a/86h/1h/0h]tpubDDfvzhdVV4unsoKt5aE6dcsNsfeWbTgmLZPi8LQDYU2xixrYemMfWJ3BaVneH\
            3u7DBQePdTwhpybaKRU95pi6PMUtLPBJLVQRpzEnjfjZzX/0/*)#xpyddy6h
            """,
        addresses: [
            (0, "tb1p8wpt9v4frpf3tkn0srd97pksgsxc5hs52lafxwru9kgeephvs7rqlqt9zj")
        ]),
    AccountVector(
        network: .bitcoinSignet, scriptType: .p2pkh,
        key: """
            tpubDC5FSnBiZDMmhiuCmWAYsLwgLYrrT9rAqvTySfuCCrgsWz8wxMXUS9Tb9iVMvcRbvFcAHGkMD5Kx8koh4Gqu\
            NGNTfohfk7pgjhaPCdXpoba
            """,
        descriptor: """
            pkh([73c5da0a/44h/1h/0h]tpubDC5FSnBiZDMmhiuCmWAYsLwgLYrrT9rAqvTySfuCCrgsWz8wxMXUS9Tb9iVM\
            vcRbvFcAHGkMD5Kx8koh4GquNGNTfohfk7pgjhaPCdXpoba/0/*)#r32y5znw
            """,
        addresses: [
            (0, "mkpZhYtJu2r87Js3pDiWJDmPte2NRZ8bJV")
        ]),
    AccountVector(
        network: .bitcoinSignet, scriptType: .p2shP2wpkh,
        key: """
            upub5EFU65HtV5TeiSHmZZm7FUffBGy8UKeqp7vw43jYbvZPpoVsgU93oac7Wk3u6moKegAEWtGNF8DehrnHtv21\
            XXEMYRUocHqguyjknFHYfgY
            """,
        descriptor: """
            sh(wpkh([73c5da0a/49h/1h/0h]tpubDD7tXK8KeQ3YY83yWq755fHY2JW8Ha8Q765tknUM5rSvjPcGWfUppDFM\
            pQ1ScziKfW3ZNtZvAD7M3u7bSs7HofjTD3KP3YxPK7X6hwV8Rk2/0/*))#k36xjgeu
            """,
        addresses: [
            (0, "2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2")
        ]),
    AccountVector(
        network: .bitcoinSignet, scriptType: .p2wpkh,
        key: """
            vpub5Y6cjg78GGuNLsaPhmYsiw4gYX3HoQiRBiSwDaBXKUafCt9bNwWQiitDk5VZ5BVxYnQdwoTyXSs2JHRPAgjA\
            vtbBrf8ZhDYe2jWAqvZVnsc
            """,
        descriptor: """
            wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XV\
            WbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/0/*)#evh9fu0w
            """,
        addresses: [
            (0, "tb1q6rz28mcfaxtmd6v789l9rrlrusdprr9pqcpvkl")
        ]),
    AccountVector(
        network: .bitcoinSignet, scriptType: .p2tr,
        key: """
            tpubDDfvzhdVV4unsoKt5aE6dcsNsfeWbTgmLZPi8LQDYU2xixrYemMfWJ3BaVneH3u7DBQePdTwhpybaKRU95pi\
            6PMUtLPBJLVQRpzEnjfjZzX
            """,
        descriptor: """
            tr([73c5da0a/86h/1h/0h]tpubDDfvzhdVV4unsoKt5aE6dcsNsfeWbTgmLZPi8LQDYU2xixrYemMfWJ3BaVneH\
            3u7DBQePdTwhpybaKRU95pi6PMUtLPBJLVQRpzEnjfjZzX/0/*)#xpyddy6h
            """,
        addresses: [
            (0, "tb1p8wpt9v4frpf3tkn0srd97pksgsxc5hs52lafxwru9kgeephvs7rqlqt9zj")
        ]),
    AccountVector(
        network: .bitcoinRegtest, scriptType: .p2pkh,
        key: """
            tpubDC5FSnBiZDMmhiuCmWAYsLwgLYrrT9rAqvTySfuCCrgsWz8wxMXUS9Tb9iVMvcRbvFcAHGkMD5Kx8koh4Gqu\
            NGNTfohfk7pgjhaPCdXpoba
            """,
        descriptor: """
            pkh([73c5da0a/44h/1h/0h]tpubDC5FSnBiZDMmhiuCmWAYsLwgLYrrT9rAqvTySfuCCrgsWz8wxMXUS9Tb9iVM\
            vcRbvFcAHGkMD5Kx8koh4GquNGNTfohfk7pgjhaPCdXpoba/0/*)#r32y5znw
            """,
        addresses: [
            (0, "mkpZhYtJu2r87Js3pDiWJDmPte2NRZ8bJV")
        ]),
    AccountVector(
        network: .bitcoinRegtest, scriptType: .p2shP2wpkh,
        key: """
            upub5EFU65HtV5TeiSHmZZm7FUffBGy8UKeqp7vw43jYbvZPpoVsgU93oac7Wk3u6moKegAEWtGNF8DehrnHtv21\
            XXEMYRUocHqguyjknFHYfgY
            """,
        descriptor: """
            sh(wpkh([73c5da0a/49h/1h/0h]tpubDD7tXK8KeQ3YY83yWq755fHY2JW8Ha8Q765tknUM5rSvjPcGWfUppDFM\
            pQ1ScziKfW3ZNtZvAD7M3u7bSs7HofjTD3KP3YxPK7X6hwV8Rk2/0/*))#k36xjgeu
            """,
        addresses: [
            (0, "2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2")
        ]),
    AccountVector(
        network: .bitcoinRegtest, scriptType: .p2wpkh,
        key: """
            vpub5Y6cjg78GGuNLsaPhmYsiw4gYX3HoQiRBiSwDaBXKUafCt9bNwWQiitDk5VZ5BVxYnQdwoTyXSs2JHRPAgjA\
            vtbBrf8ZhDYe2jWAqvZVnsc
            """,
        descriptor: """
            wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XV\
            WbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/0/*)#evh9fu0w
            """,
        addresses: [
            (0, "bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk")
        ]),
    AccountVector(
        network: .bitcoinRegtest, scriptType: .p2tr,
        key: """
            tpubDDfvzhdVV4unsoKt5aE6dcsNsfeWbTgmLZPi8LQDYU2xixrYemMfWJ3BaVneH3u7DBQePdTwhpybaKRU95pi\
            6PMUtLPBJLVQRpzEnjfjZzX
            """,
        descriptor: """
            tr([73c5da0a/86h/1h/0h]tpubDDfvzhdVV4unsoKt5aE6dcsNsfeWbTgmLZPi8LQDYU2xixrYemMfWJ3BaVneH\
            3u7DBQePdTwhpybaKRU95pi6PMUtLPBJLVQRpzEnjfjZzX/0/*)#xpyddy6h
            """,
        addresses: [
            (0, "bcrt1p8wpt9v4frpf3tkn0srd97pksgsxc5hs52lafxwru9kgeephvs7rqjeprhg")
        ]),
    AccountVector(
        network: .litecoin, scriptType: .p2pkh,
        key: """
            Ltub2YDQmP391UYeDYvLye9P1SuNJFkcRGN7SYHM8JMxaDnegcPTXHJ2BnYmvHnFnGPGKu2WMuCga6iZV3SDxDMG\
            rRyMcrYEfSPhrpS1EPkC43E
            """,
        descriptor: """
            pkh([73c5da0a/44h/2h/0h]xpub6BnJJjq783EdyBeQPA9P9ao9DTS3fUqyKG5NJDcrCiwwxEkesGoHN94LZRGE\
            7rz1jgcvmmp8j55BNx573KFq1WBwKiemzkdfNKffKx6Mvku/0/*)#x0y26urf
            """,
        addresses: [
            (0, "LUWPbpM43E2p7ZSh8cyTBEkvpHmr3cB8Ez"),
            (1, "Ldatw8ZjgMGNUo5HMN6RgCrjmh7q494Si3"),
            (19, "LQzUNSGmEhBRWLCkFvecifJaadxquAEGfx"),
            (2_147_483_647, "LPvGc5NKpng3g6MRx2Y39HdBtrjZLPSSsU"),
        ]),
    AccountVector(
        network: .litecoin, scriptType: .p2shP2wpkh,
        key: """
            Mtub2rz9F1pkisRsSZX8sa4Ajon9GhPP6JymLgpuHqbYdU5JKFLBF7Qy8b1tZ3dccj2fefrAxfrPdVkpCxuWn3g7\
            2UctH2bvJRkp6iFmp8aLeRZ
            """,
        descriptor: """
            sh(wpkh([73c5da0a/49h/2h/0h]xpub6BimUhwogkaPLu45SjGYfraR1vvNPuU8JJ6hgMxYsxriXmt9LSkfgssK\
            Ay9zxQyVepKnd4sHKoktDavq9TAePK9s7Z233qBHLVRnWzLxU2W/0/*))#ekvk2has
            """,
        addresses: [
            (0, "M7wtsL7wSHDBJVMWWhtQfTMSYYkyooAAXM"),
            (1, "M92zAbFXY2J7NJXdFpJTe3a5PrsyZQhKZK"),
            (19, "MAyh5P9tJ1SvRADhrXrvWiB9Tt4MUmYw3G"),
            (2_147_483_647, "MGtR7U6evVZpqkzdrQVSJEU1mb7wkUfe4z"),
        ]),
    AccountVector(
        network: .litecoin, scriptType: .p2wpkh,
        key: """
            zpub6rPo5mF47z5coVm5rvWv7fv181awb7Vckn5Cf3xQXBVKu18kuBHDhNi1Jrb4br6vVD3ZbrnXemEsWJoR18mZ\
            wkUdzwD8TQnHDUCGxqZ6swA
            """,
        descriptor: """
            wpkh([73c5da0a/84h/2h/0h]xpub6CjGURuDpczf6uNrCCwfhVizn5J3hsWcvZ2m6GAdmAjZnoWJPrx6TFPjGSf\
            tc2o5fvox6ubQjSXmjjaHZjwYMH7SGFpHHb9Jg24zBf66mbE/0/*)#xy7gfejd
            """,
        addresses: [
            (0, "ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh"),
            (1, "ltc1qwlezpr3890hcp6vva9twqh27mr6edadreqvhnn"),
            (19, "ltc1q7azc8dpce9uwqddl5pr8wwkt9m7799sg7wt9fp"),
            (2_147_483_647, "ltc1qk0k8s2zxwyv555s528cf9m05ykt98y0ze3m6yg"),
        ]),
    AccountVector(
        network: .litecoin, scriptType: .p2tr,
        key: """
            xpub6D39rno4TW2oi3tGmu8RUcukFtU7wFnAkdFkYAcSpGZY9yoPNbkRgTbEUYyhkqacm7dyNfc5uK8oQ71M2hTA\
            LqqDQeE2JAQn9YDteoW2cQC
            """,
        descriptor: """
            tr([73c5da0a/86h/2h/0h]xpub6D39rno4TW2oi3tGmu8RUcukFtU7wFnAkdFkYAcSpGZY9yoPNbkRgTbEUYyhk\
            qacm7dyNfc5uK8oQ71M2hTALqqDQeE2JAQn9YDteoW2cQC/0/*)#g0ng2fpk
            """,
        addresses: [
            (0, "ltc1puht8rk95c53q3u9w3pf9h3jfcutcrl9lxc7rqsdthjrse4k6sn7q9tuqm9"),
            (1, "ltc1p4m4d6s554w3lhamw6pt5je23xvzsqxnz58wc24gc8g9n328yc3xsg3antm"),
            (19, "ltc1ppaf5aa8mh3qq9prazrncezkh5pfqddkpuyjgjemwunza3fndkywq5s49m7"),
            (2_147_483_647, "ltc1pwh879ep746le3sh239m2jk8ncudttf3c99h97vwnqa29d4en447sh46ypv"),
        ]),
    AccountVector(
        network: .litecoinTestnet, scriptType: .p2pkh,
        key: """
            tpubDC5FSnBiZDMmhiuCmWAYsLwgLYrrT9rAqvTySfuCCrgsWz8wxMXUS9Tb9iVMvcRbvFcAHGkMD5Kx8koh4Gqu\
            NGNTfohfk7pgjhaPCdXpoba
            """,
        descriptor: """
            pkh([73c5da0a/44h/1h/0h]tpubDC5FSnBiZDMmhiuCmWAYsLwgLYrrT9rAqvTySfuCCrgsWz8wxMXUS9Tb9iVM\
            vcRbvFcAHGkMD5Kx8koh4GquNGNTfohfk7pgjhaPCdXpoba/0/*)#r32y5znw
            """,
        addresses: [
            (0, "mkpZhYtJu2r87Js3pDiWJDmPte2NRZ8bJV")
        ]),
    AccountVector(
        network: .litecoinTestnet, scriptType: .p2shP2wpkh,
        key: """
            upub5EFU65HtV5TeiSHmZZm7FUffBGy8UKeqp7vw43jYbvZPpoVsgU93oac7Wk3u6moKegAEWtGNF8DehrnHtv21\
            XXEMYRUocHqguyjknFHYfgY
            """,
        descriptor: """
            sh(wpkh([73c5da0a/49h/1h/0h]tpubDD7tXK8KeQ3YY83yWq755fHY2JW8Ha8Q765tknUM5rSvjPcGWfUppDFM\
            pQ1ScziKfW3ZNtZvAD7M3u7bSs7HofjTD3KP3YxPK7X6hwV8Rk2/0/*))#k36xjgeu
            """,
        addresses: [
            (0, "QRHtkDQdVvNNwrVjEdeCGviCw7Ny3SNNiA")
        ]),
    AccountVector(
        network: .litecoinTestnet, scriptType: .p2wpkh,
        key: """
            vpub5Y6cjg78GGuNLsaPhmYsiw4gYX3HoQiRBiSwDaBXKUafCt9bNwWQiitDk5VZ5BVxYnQdwoTyXSs2JHRPAgjA\
            vtbBrf8ZhDYe2jWAqvZVnsc
            """,
        descriptor: """
            wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XV\
            WbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/0/*)#evh9fu0w
            """,
        addresses: [
            (0, "tltc1q6rz28mcfaxtmd6v789l9rrlrusdprr9pesrjxk")
        ]),
    AccountVector(
        network: .litecoinTestnet, scriptType: .p2tr,
        key: """
            tpubDDfvzhdVV4unsoKt5aE6dcsNsfeWbTgmLZPi8LQDYU2xixrYemMfWJ3BaVneH3u7DBQePdTwhpybaKRU95pi\
            6PMUtLPBJLVQRpzEnjfjZzX
            """,
        descriptor: """
            tr([73c5da0a/86h/1h/0h]tpubDDfvzhdVV4unsoKt5aE6dcsNsfeWbTgmLZPi8LQDYU2xixrYemMfWJ3BaVneH\
            3u7DBQePdTwhpybaKRU95pi6PMUtLPBJLVQRpzEnjfjZzX/0/*)#xpyddy6h
            """,
        addresses: [
            (0, "tltc1p8wpt9v4frpf3tkn0srd97pksgsxc5hs52lafxwru9kgeephvs7rqqrhyad")
        ]),
    AccountVector(
        network: .litecoinRegtest, scriptType: .p2pkh,
        key: """
            tpubDC5FSnBiZDMmhiuCmWAYsLwgLYrrT9rAqvTySfuCCrgsWz8wxMXUS9Tb9iVMvcRbvFcAHGkMD5Kx8koh4Gqu\
            NGNTfohfk7pgjhaPCdXpoba
            """,
        descriptor: """
            pkh([73c5da0a/44h/1h/0h]tpubDC5FSnBiZDMmhiuCmWAYsLwgLYrrT9rAqvTySfuCCrgsWz8wxMXUS9Tb9iVM\
            vcRbvFcAHGkMD5Kx8koh4GquNGNTfohfk7pgjhaPCdXpoba/0/*)#r32y5znw
            """,
        addresses: [
            (0, "mkpZhYtJu2r87Js3pDiWJDmPte2NRZ8bJV")
        ]),
    AccountVector(
        network: .litecoinRegtest, scriptType: .p2shP2wpkh,
        key: """
            upub5EFU65HtV5TeiSHmZZm7FUffBGy8UKeqp7vw43jYbvZPpoVsgU93oac7Wk3u6moKegAEWtGNF8DehrnHtv21\
            XXEMYRUocHqguyjknFHYfgY
            """,
        descriptor: """
            sh(wpkh([73c5da0a/49h/1h/0h]tpubDD7tXK8KeQ3YY83yWq755fHY2JW8Ha8Q765tknUM5rSvjPcGWfUppDFM\
            pQ1ScziKfW3ZNtZvAD7M3u7bSs7HofjTD3KP3YxPK7X6hwV8Rk2/0/*))#k36xjgeu
            """,
        addresses: [
            (0, "QRHtkDQdVvNNwrVjEdeCGviCw7Ny3SNNiA")
        ]),
    AccountVector(
        network: .litecoinRegtest, scriptType: .p2wpkh,
        key: """
            vpub5Y6cjg78GGuNLsaPhmYsiw4gYX3HoQiRBiSwDaBXKUafCt9bNwWQiitDk5VZ5BVxYnQdwoTyXSs2JHRPAgjA\
            vtbBrf8ZhDYe2jWAqvZVnsc
            """,
        descriptor: """
            wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XV\
            WbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/0/*)#evh9fu0w
            """,
        addresses: [
            (0, "rltc1q6rz28mcfaxtmd6v789l9rrlrusdprr9puuzgkg")
        ]),
    AccountVector(
        network: .litecoinRegtest, scriptType: .p2tr,
        key: """
            tpubDDfvzhdVV4unsoKt5aE6dcsNsfeWbTgmLZPi8LQDYU2xixrYemMfWJ3BaVneH3u7DBQePdTwhpybaKRU95pi\
            6PMUtLPBJLVQRpzEnjfjZzX
            """,
        descriptor: """
            tr([73c5da0a/86h/1h/0h]tpubDDfvzhdVV4unsoKt5aE6dcsNsfeWbTgmLZPi8LQDYU2xixrYemMfWJ3BaVneH\
            3u7DBQePdTwhpybaKRU95pi6PMUtLPBJLVQRpzEnjfjZzX/0/*)#xpyddy6h
            """,
        addresses: [
            (0, "rltc1p8wpt9v4frpf3tkn0srd97pksgsxc5hs52lafxwru9kgeephvs7rq66tuc9")
        ]),
]
