/// The eight characters behind the `#` of an output descriptor (BIP 380).
enum DescriptorChecksum {
    private static let inputs = Array(
        ("0123456789()[],'/*abcdefgh@:$%{}" + "IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~"
            + "ijklmnopqrstuvwxyzABCDEFGH`#\"\\ ").utf8)
    private static let outputs = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
    private static let generator: [UInt64] = [
        0xf5_dee5_1989, 0xa9_fdca_3312, 0x1b_ab10_e32d, 0x37_06b1_677a, 0x64_4d62_6ffd,
    ]

    /// The place of each ASCII character in the input alphabet, 255 for none.
    private static let places: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (place, character) in inputs.enumerated() { table[Int(character)] = UInt8(place) }
        return table
    }()

    /// The checksum of a descriptor without one; nil if a character is none of the descriptor alphabet.
    static func compute(_ text: some StringProtocol) -> String? {
        var residue: UInt64 = 1
        func absorb(_ symbol: UInt64) {
            let top = residue >> 35
            residue = (residue & 0x7_ffff_ffff) << 5 ^ symbol
            for bit in 0..<5 where top >> UInt64(bit) & 1 == 1 { residue ^= generator[bit] }
        }
        var (groups, pending): (UInt64, Int) = (0, 0)
        for character in text.utf8 {
            let place = places[Int(character)]
            guard place != 255 else { return nil }
            absorb(UInt64(place & 31))
            groups = groups * 3 + UInt64(place >> 5)
            pending += 1
            if pending == 3 {
                absorb(groups)
                (groups, pending) = (0, 0)
            }
        }
        if pending > 0 { absorb(groups) }
        for _ in 0..<8 { absorb(0) }
        residue ^= 1
        let characters = (0..<8).map { outputs[Int(residue >> UInt64(5 * (7 - $0)) & 31)] }
        return String(decoding: characters, as: UTF8.self)
    }
}
