@testable import Crypto

/// Vector, path from the master key, extended public key (BIP 32, test vectors 1 to 4).
let extendedKeyVectors: [(vector: Int, path: String, text: String)] = [
    (
        1, "m",
        """
        xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhe\
        PY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8
        """
    ),
    (
        1, "m/0h",
        """
        xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEj\
        WgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw
        """
    ),
    (
        1, "m/0h/1",
        """
        xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3\
        UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ
        """
    ),
    (
        1, "m/0h/1/2h",
        """
        xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VU\
        NgqFJPMM3No2dFDFGTsxxpG5uJh7n7epu4trkrX7x7DogT5Uv6fcLW5
        """
    ),
    (
        1, "m/0h/1/2h/2",
        """
        xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBq\
        aGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV
        """
    ),
    (
        1, "m/0h/1/2h/2/1000000000",
        """
        xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSV\
        qNTEcYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cFJodrTHy
        """
    ),
    (
        2, "m",
        """
        xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUa\
        pSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB
        """
    ),
    (
        2, "m/0",
        """
        xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9Lgpe\
        yGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH
        """
    ),
    (
        2, "m/0/2147483647h",
        """
        xpub6ASAVgeehLbnwdqV6UKMHVzgqAG8Gr6riv3Fxxpj8ksbH9ebxaEy\
        BLZ85ySDhKiLDBrQSARLq1uNRts8RuJiHjaDMBU4Zn9h8LZNnBC5y4a
        """
    ),
    (
        2, "m/0/2147483647h/1",
        """
        xpub6DF8uhdarytz3FWdA8TvFSvvAh8dP3283MY7p2V4SeE2wyWmG5mg\
        5EwVvmdMVCQcoNJxGoWaU9DCWh89LojfZ537wTfunKau47EL2dhHKon
        """
    ),
    (
        2, "m/0/2147483647h/1/2147483646h",
        """
        xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhg\
        bmJbZRkrgZw4koxb5JaHWkY4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL
        """
    ),
    (
        2, "m/0/2147483647h/1/2147483646h/2",
        """
        xpub6FnCn6nSzZAw5Tw7cgR9bi15UV96gLZhjDstkXXxvCLsUXBGXPdS\
        nLFbdpq8p9HmGsApME5hQTZ3emM2rnY5agb9rXpVGyy3bdW6EEgAtqt
        """
    ),
    (
        3, "m",
        """
        xpub661MyMwAqRbcEZVB4dScxMAdx6d4nFc9nvyvH3v4gJL378CSRZiY\
        mhRoP7mBy6gSPSCYk6SzXPTf3ND1cZAceL7SfJ1Z3GC8vBgp2epUt13
        """
    ),
    (
        3, "m/0h",
        """
        xpub68NZiKmJWnxxS6aaHmn81bvJeTESw724CRDs6HbuccFQN9Ku14VQ\
        rADWgqbhhTHBaohPX4CjNLf9fq9MYo6oDaPPLPxSb7gwQN3ih19Zm4Y
        """
    ),
    (
        4, "m",
        """
        xpub661MyMwAqRbcGczjuMoRm6dXaLDEhW1u34gKenbeYqAix21mdUKJ\
        yuyu5F1rzYGVxyL6tmgBUAEPrEz92mBXjByMRiJdba9wpnN37RLLAXa
        """
    ),
    (
        4, "m/0h",
        """
        xpub69AUMk3qDBi3uW1sXgjCmVjJ2G6WQoYSnNHyzkmdCHEhSZ4tBok3\
        7xfFEqHd2AddP56Tqp4o56AePAgCjYdvpW2PU2jbUPFKsav5ut6Ch1m
        """
    ),
    (
        4, "m/0h/1h",
        """
        xpub6BJA1jSqiukeaesWfxe6sNK9CCGaujFFSJLomWHprUL9DePQ4JDk\
        M5d88n49sMGJxrhpjazuXYWdMf17C9T5XnxkopaeS7jGk1GyyVziaMt
        """
    ),
]

/// Extended private keys of the same vectors. They are published; nothing was ever on them that could be
/// lost.
let extendedPrivateKeys = [
    """
    xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPP\
    qjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi
    """,
    """
    xprv9uHRZZhk6KAJC1avXpDAp4MDc3sQKNxDiPvvkX8Br5ngLNv1TxvU\
    xt4cV1rGL5hj6KCesnDYUhd7oWgT11eZG7XnxHrnYeSvkzY7d2bhkJ7
    """,
    """
    xprv9wTYmMFdV23N2TdNG573QoEsfRrWKQgWeibmLntzniatZvR9BmLn\
    vSxqu53Kw1UmYPxLgboyZQaXwTCg8MSY3H2EU4pWcQDnRnrVA1xe8fs
    """,
    """
    xprv9z4pot5VBttmtdRTWfWQmoH1taj2axGVzFqSb8C9xaxKymcFzXBD\
    ptWmT7FwuEzG3ryjH4ktypQSAewRiNMjANTtpgP4mLTj34bhnZX7UiM
    """,
    """
    xprvA2JDeKCSNNZky6uBCviVfJSKyQ1mDYahRjijr5idH2WwLsEd4Hsb\
    2Tyh8RfQMuPh7f7RtyzTtdrbdqqsunu5Mm3wDvUAKRHSC34sJ7in334
    """,
    """
    xprvA41z7zogVVwxVSgdKUHDy1SKmdb533PjDz7J6N6mV6uS3ze1ai8F\
    Ha8kmHScGpWmj4WggLyQjgPie1rFSruoUihUZREPSL39UNdE3BBDu76
    """,
    """
    xprv9s21ZrQH143K31xYSDQpPDxsXRTUcvj2iNHm5NUtrGiGG5e2DtAL\
    Gdso3pGz6ssrdK4PFmM8NSpSBHNqPqm55Qn3LqFtT2emdEXVYsCzC2U
    """,
    """
    xprv9vHkqa6EV4sPZHYqZznhT2NPtPCjKuDKGY38FBWLvgaDx45zo9WQ\
    RUT3dKYnjwih2yJD9mkrocEZXo1ex8G81dwSM1fwqWpWkeS3v86pgKt
    """,
    """
    xprv9wSp6B7kry3Vj9m1zSnLvN3xH8RdsPP1Mh7fAaR7aRLcQMKTR2vi\
    dYEeEg2mUCTAwCd6vnxVrcjfy2kRgVsFawNzmjuHc2YmYRmagcEPdU9
    """,
    """
    xprv9zFnWC6h2cLgpmSA46vutJzBcfJ8yaJGg8cX1e5StJh45BBciYTR\
    XSd25UEPVuesF9yog62tGAQtHjXajPPdbRCHuWS6T8XA2ECKADdw4Ef
    """,
    """
    xprvA1RpRA33e1JQ7ifknakTFpgNXPmW2YvmhqLQYMmrj4xJXXWYpDPS\
    3xz7iAxn8L39njGVyuoseXzU6rcxFLJ8HFsTjSyQbLYnMpCqE2VbFWc
    """,
    """
    xprvA2nrNbFZABcdryreWet9Ea4LvTJcGsqrMzxHx98MMrotbir7yrKC\
    EXw7nadnHM8Dq38EGfSh6dqA9QWTyefMLEcBYJUuekgW4BYPJcr9E7j
    """,
    """
    xprv9s21ZrQH143K25QhxbucbDDuQ4naNntJRi4KUfWT7xo4EKsHt2QJ\
    Du7KXp1A3u7Bi1j8ph3EGsZ9Xvz9dGuVrtHHs7pXeTzjuxBrCmmhgC6
    """,
    """
    xprv9uPDJpEQgRQfDcW7BkF7eTya6RPxXeJCqCJGHuCJ4GiRVLzkTXBA\
    JMu2qaMWPrS7AANYqdq6vcBcBUdJCVVFceUvJFjaPdGZ2y9WACViL4L
    """,
    """
    xprv9s21ZrQH143K48vGoLGRPxgo2JNkJ3J3fqkirQC2zVdk5Dgd5w14\
    S7fRDyHH4dWNHUgkvsvNDCkvAwcSHNAQwhwgNMgZhLtQC63zxwhQmRv
    """,
    """
    xprv9vB7xEWwNp9kh1wQRfCCQMnZUEG21LpbR9NPCNN1dwhiZkjjeGRn\
    aALmPXCX7SgjFTiCTT6bXes17boXtjq3xLpcDjzEuGLQBM5ohqkao9G
    """,
    """
    xprv9xJocDuwtYCMNAo3Zw76WENQeAS6WGXQ55RCy7tDJ8oALr4FWkuV\
    oHJeHVAcAqiZLE7Je3vZJHxspZdFHfnBEjHqU5hG1Jaj32dVoS6XLT1
    """,
]

/// What is wrong, the refusal, the text (after BIP 32, test vector 5).
let malformedExtendedKeys: [(fault: String, error: ExtendedKeyError, text: String)] = [
    (
        "a public version over a private key", .invalidPoint,
        """
        xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhe\
        PY2gYweD1YUMnzkxQw1bm6XhhCCXF5rvDu3SQRW2A1Z5yqnVwyY4cNT
        """
    ),
    (
        "a private version over a public key", .privateKey,
        """
        xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPP\
        qjiChpzxM5bEu4ku6ynu4tP6GqJ5kziULDsCA7bVctSatEcmUDntDMZ
        """
    ),
    (
        "key prefix 04", .invalidPoint,
        """
        xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhe\
        PY2gZ45ycVBsADt89FVXeDkYqbSeZmpjjnJETkyyiMwXokWPisrtUjm
        """
    ),
    (
        "key prefix 01", .invalidPoint,
        """
        xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhe\
        PY2gYxFk5nqmbwrSjnkQvUtYydeKpRyanfmc6qmeyusqpnVEF2j8DGn
        """
    ),
    (
        "key prefix 06", .invalidPoint,
        """
        xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhe\
        PY2gZ7yTxx5vs5EaQtewTNzYkEeCQ14B3Byz338CCfKKo4XAi5hezMf
        """
    ),
    (
        "depth 0 with a parent fingerprint", .inconsistentDepth,
        """
        xpub661ntjtSEDiPCjvciP6pCLLxeAybDc7Taf5uSN6GbH4UutJXnNNf\
        gK43TdraRHfbfXCqrBY3w2hVKuWiMe73bminxG2maTP29aWaDpxYPw7
        """
    ),
    (
        "depth 0 with a child number", .inconsistentDepth,
        """
        xpub661MyMwAqRbcJSMey3ddJhFon1i55f2nLYgX5LxBDabkRyAsvzgo\
        mLjsqFzpRTFkwhazZ36LecmLvsoS7aLKHNc4nYPgvP3geewEjpUTwEd
        """
    ),
    (
        "unknown version", .unknownVersion(0xdead_beef),
        """
        pGoh3VSiBwoWmRoSExKdpxHJBCMF5iacGac3mc7Q7j3RD8AADSrpaVmf\
        hA5z6V4aagkXui2W9FapryNxzQW8RvHDfJHBZWQMQj9JwRbJoC6zJxNu
        """
    ),
    (
        "a point that is not on the curve", .invalidPoint,
        """
        xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhe\
        PY2gYym6yCVZtiQKSpLUqpuy2xafsZZR8vydJmD1kZ1yXu2Lp8uNH4N
        """
    ),
    (
        "an x above the field's prime", .invalidPoint,
        """
        xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhe\
        PY2gZ1hr9Rwbk95YadvBkQXxzHBSngB8ndpW6QH7zhhsXZ2jHrohi8A
        """
    ),
    (
        "77 bytes", .length(77),
        """
        Deb7pNXSbX7qSvc2eMjkNYTrggh4pBgYa2QMFjEjj6hUy1i6QK7Zm1qd\
        ZkHEwqHpT7WeE6V55dTU8PuuzPAiP8JDwAcsuN3v858r83c7mPeYLX
        """
    ),
    (
        "79 bytes", .length(79),
        """
        5FQT7TT6bZmQ6QjZkciSR3iW58jYrY1rhLE3ozYsiUF7K4LwZQpHenGJ\
        Q2TxRaL3LJU44DYwWYtx9hCtKjJviZDe3oQfLFfWMm75bUsH21DUWZFJB
        """
    ),
    ("an address", .length(21), "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    (
        "a typing mistake", .encoding(.checksum),
        """
        xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhe\
        PY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet9
        """
    ),
    ("a character that Base58 has not", .encoding(.character(at: 4)), "xpub0"),
    ("no text", .encoding(.tooShort), ""),
    ("endless text", .encoding(.tooLong), String(repeating: "x", count: 129)),
]

/// One point and chain code under every registered prefix (SLIP 132).
let prefixedKeys: [(version: ExtendedKeyVersion, text: String)] = [
    (
        .xpub,
        """
        xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhe\
        PY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8
        """
    ),
    (
        .ypub,
        """
        ypub6QqdH2c5z7967BioGSfAWFHM1EHzHPBZK7wrND3ZpEWFtzmCqvsD\
        1bgpaE6pSAPkiSKhkuWPCJV6mZTSNMd2tK8xYTcJ48585pZecmSUzWp
        """
    ),
    (
        .zpub,
        """
        zpub6jftahH18ngZxUuv6oSniLNrBCSSE1B4EEU59bwTCEt8x6aS6b2m\
        dfLxbS4QS53g85SWWP6wexqeer516433gYpZQoJie2tcMYdJ1SYYYAL
        """
    ),
    (
        .sharedYpub,
        """
        Ypub6bjiQGLXZ4hTXktBD789LKd9j2LFVjs9dPbXHUK7C1LfXBL7cLFV\
        6iYkNw4HzbcewuPgdVWW5Wsbtj5Cfamz2oFdNvihTXY7yYqXCoB1LjT
        """
    ),
    (
        .sharedZpub,
        """
        Zpub6vZyhw1ShkEwP45J3TumYQietzUhSMreYW7k4sCza1iYaH9LrzR3\
        inCtQ91szWGaMYWVNy74YBE9n1gmPHBzq2wEFGR83SMcFGuAbGkfiwg
        """
    ),
    (
        .tpub,
        """
        tpubD6NzVbkrYhZ4XgiXtGrdW5XDAPFCL9h7we1vwNCpn8tGbBcgfVYj\
        XyhWo4E1xkh56hjod1RhGjxbaTLV3X4FyWuejifB9jusQ46QzG87VKp
        """
    ),
    (
        .upub,
        """
        upub57Wa4MvRPNyAhzxKw1WfftuLKMiCWuDZefryEdU2JCzjgbWHqJCx\
        XM4GVQGUSXn55srUm189Mf4uER1BVZxyhNQZ56pbiUoAzvK54VEYrWu
        """
    ),
    (
        .vpub,
        """
        vpub5SLqN2bLY4WeZJ9SmNJHsyzqVKreTXD4ZnPC22MugDNcjhKX5xNX\
        9QiQWcE4SSRzVWyHWUihpKRT7hckDGNzVc69wSX2JPcfGeNiT5c2XZy
        """
    ),
    (
        .sharedUpub,
        """
        Upub5JQfBberxLXY8a7hsfyeVyF939kTjFu9xwWe9tjZfyq9Jn5CbhbE\
        cTvCJ7DwzxzyKLvTdb8GEsTQMacwno7vqrXDuZw17tGAteaweU9nndT
        """
    ),
    (
        .sharedVpub,
        """
        Vpub5dEvVGKn7251ysJpi2mGi4LeD7tufstet42rwHdT3zD2MstRrMko\
        EXaLKKBXzsetiz3GP4iphXoxEsEWWVXwe6CpmudRho5fANeb32XJ5a2
        """
    ),
    (
        .ltub,
        """
        Ltub2SSUS19CirucWFod2ZsYA2J4v4U76YiCXHdcQttnoiy5aGanFHCP\
        DBX7utfG6f95u1cUbZJNafmvzNCzZZJTw1EmyFoL8u1gJbGM8ipu491
        """
    ),
    (
        .mtub,
        """
        Mtub2mGjjfp7sYT6MYzjrvfAN7Pa62cZ3AhhSQ9qCHngBjLxdNQ1VwMw\
        qFBFw6cr6Zo1JejHM2tw3L8UsepZHFiUjEvNqbVkioqAaKKzXPNT2Xe
        """
    ),
    (
        .ttub,
        """
        ttub4XNESS7BCg9c2kz4vQuvnZcnQ3SyUXy6codUyPtT5zmqKniUFUy3\
        UWGAFdQtXaVdX2N8yJUAv5sH4CtBJD3cNAuKDAZtpsH6JwRzGvXymhZ
        """
    ),
]
