/// Keccak-256 with the padding of its authors' submission, 32-byte digests: the hash of Ethereum (Yellow
/// Paper, 4.2). It is not SHA3-256, which FIPS 202 pads otherwise, and which is what the libraries have.
package struct Keccak256: HashFunction {
    package static let blockSize = 136
    package static let digestSize = 32

    /// The state, lane `x + 5 y`.
    private var lanes = InlineArray<25, UInt64>(repeating: 0)
    /// Bytes of the present block that are in the state.
    private var position = 0

    package init() {}

    package mutating func update(_ bytes: Span<UInt8>) {
        var next = 0
        while next < bytes.count {
            if position & 7 == 0, bytes.count - next >= 8 {
                var lane: UInt64 = 0
                for byte in 0..<8 { lane |= UInt64(bytes[next + byte]) << UInt64(8 * byte) }
                lanes[position >> 3] ^= lane
                (position, next) = (position + 8, next + 8)
            } else {
                lanes[position >> 3] ^= UInt64(bytes[next]) << UInt64(8 * (position & 7))
                (position, next) = (position + 1, next + 1)
            }
            if position == Self.blockSize {
                permute()
                position = 0
            }
        }
    }

    package consuming func finalize() -> [UInt8] { digest().bytes }

    /// As `finalize`, without an allocation.
    consuming func digest() -> Hash256 {
        lanes[position >> 3] ^= 1 << UInt64(8 * (position & 7))
        lanes[Self.blockSize / 8 - 1] ^= 1 << 63
        permute()
        return Hash256(lanes: lanes[0], lanes[1], lanes[2], lanes[3])
    }

    /// The five lanes of one `y`.
    private struct Plane {
        var a: UInt64
        var b: UInt64
        var c: UInt64
        var d: UInt64
        var e: UInt64

        init(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64, _ e: UInt64) {
            (self.a, self.b, self.c, self.d, self.e) = (a, b, c, d, e)
        }

        static func ^ (left: Plane, right: Plane) -> Plane {
            Plane(left.a ^ right.a, left.b ^ right.b, left.c ^ right.c, left.d ^ right.d, left.e ^ right.e)
        }

        /// θ: what each column takes from its neighbours.
        var spread: Plane {
            Plane(e ^ turn(b, 1), a ^ turn(c, 1), b ^ turn(d, 1), c ^ turn(e, 1), d ^ turn(a, 1))
        }

        /// χ, the one step that is not linear.
        var mixed: Plane {
            Plane(a ^ (~b & c), b ^ (~c & d), c ^ (~d & e), d ^ (~e & a), e ^ (~a & b))
        }
    }

    /// Keccak-f[1600]: ρ and π of a round stand in the places that the lanes of a plane are taken from.
    private mutating func permute() {
        var (v, w, x) = (plane(0), plane(5), plane(10))
        var (y, z) = (plane(15), plane(20))
        for round in Self.rounds.indices {
            let spread = (v ^ w ^ x ^ y ^ z).spread
            let (p, q, r, s, t) = (v ^ spread, w ^ spread, x ^ spread, y ^ spread, z ^ spread)
            v = Plane(p.a, turn(q.b, 44), turn(r.c, 43), turn(s.d, 21), turn(t.e, 14)).mixed
            w = Plane(turn(p.d, 28), turn(q.e, 20), turn(r.a, 3), turn(s.b, 45), turn(t.c, 61)).mixed
            x = Plane(turn(p.b, 1), turn(q.c, 6), turn(r.d, 25), turn(s.e, 8), turn(t.a, 18)).mixed
            y = Plane(turn(p.e, 27), turn(q.a, 36), turn(r.b, 10), turn(s.c, 15), turn(t.d, 56)).mixed
            z = Plane(turn(p.c, 62), turn(q.d, 55), turn(r.e, 39), turn(s.a, 41), turn(t.b, 2)).mixed
            v.a ^= Self.rounds[round]
        }
        keep(v, 0)
        keep(w, 5)
        keep(x, 10)
        keep(y, 15)
        keep(z, 20)
    }

    private func plane(_ first: Int) -> Plane {
        Plane(lanes[first], lanes[first + 1], lanes[first + 2], lanes[first + 3], lanes[first + 4])
    }

    private mutating func keep(_ plane: Plane, _ first: Int) {
        lanes[first] = plane.a
        lanes[first + 1] = plane.b
        lanes[first + 2] = plane.c
        lanes[first + 3] = plane.d
        lanes[first + 4] = plane.e
    }

    /// ι: what makes each round another one.
    private static let rounds: InlineArray<24, UInt64> = [
        0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808a, 0x8000_0000_8000_8000,
        0x0000_0000_0000_808b, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
        0x0000_0000_0000_008a, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000a,
        0x0000_0000_8000_808b, 0x8000_0000_0000_008b, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
        0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800a, 0x8000_0000_8000_000a,
        0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
    ]
}

/// `lane` rotated to the left.
private func turn(_ lane: UInt64, _ bits: UInt64) -> UInt64 { lane << bits | lane >> (64 - bits) }

extension Hash256 {
    /// Keccak-256 of `input`.
    package init(keccakOf input: Span<UInt8>) {
        var state = Keccak256()
        state.update(input)
        self = state.digest()
    }

    /// Keccak-256 of `input`.
    package init(keccakOf input: [UInt8]) { self.init(keccakOf: input.span) }
}
