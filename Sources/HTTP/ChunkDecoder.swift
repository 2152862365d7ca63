/// Reads a chunked body byte by byte (RFC 9112, 7.1). Extensions and trailers are checked, bounded and
/// dropped.
///
/// The framing around one byte of data is at most twelve bytes (a size of `chunkSizeDigits` and two line
/// ends) and the extensions have their own bound, so the body's limit bounds the wire as well.
struct ChunkDecoder {
    private enum State {
        case size, extensions, sizeLF, data, dataCR, dataLF
        case trailerStart, trailerName, trailerValue, trailerLF, endLF
    }

    private var state = State.size
    /// Of the present chunk: digits read, bytes still to come.
    private var digits = 0
    private var remaining = 0
    private var extensionBytes = 0
    private var trailerBytes = 0

    /// Goes on through `buffer` from `position`, which it moves, and appends data to `body`. Returns whether
    /// the body is complete.
    mutating func advance(
        _ buffer: [UInt8], _ position: inout Int, into body: inout [UInt8], limits: Limits
    ) throws(Refusal) -> Bool {
        while position < buffer.count {
            if state == .data {
                let end = min(buffer.count, position + remaining)
                body.append(contentsOf: buffer[position..<end])
                remaining -= end - position
                position = end
                if remaining == 0 { state = .dataCR }
                continue
            }
            let byte = buffer[position]
            position += 1
            switch state {
            case .size: try readSize(byte, limits, room: limits.body - body.count)
            case .extensions:
                extensionBytes += 1
                guard extensionBytes <= limits.chunkExtensions else { throw .headTooLarge }
                if byte == 0x0D { state = .sizeLF } else if !byte.isFieldCharacter { throw .malformedChunk }
            case .sizeLF:
                try expect(byte, 0x0A)
                state = remaining == 0 ? .trailerStart : .data
            case .data: break
            case .dataCR:
                try expect(byte, 0x0D)
                state = .dataLF
            case .dataLF:
                try expect(byte, 0x0A)
                (state, digits) = (.size, 0)
            case .endLF:
                try expect(byte, 0x0A)
                return true
            case .trailerStart, .trailerName, .trailerValue, .trailerLF:
                try readTrailer(byte, limits: limits)
            }
        }
        return false
    }

    private mutating func readSize(
        _ byte: UInt8, _ limits: Limits, room: Int
    ) throws(Refusal) {
        if let digit = byte.hexadecimalValue {
            digits += 1
            guard digits <= limits.chunkSizeDigits else { throw .malformedChunk }
            // `room` is far below 2^58, so this cannot overflow before it is refused.
            remaining = remaining << 4 | Int(digit)
            guard remaining <= room else { throw .bodyTooLarge }
            return
        }
        guard digits > 0 else { throw .malformedChunk }
        switch byte {
        case 0x0D: state = .sizeLF
        case 0x3B: state = .extensions
        default: throw .malformedChunk
        }
    }

    private mutating func readTrailer(_ byte: UInt8, limits: Limits) throws(Refusal) {
        trailerBytes += 1
        guard trailerBytes <= limits.trailers else { throw .headTooLarge }
        switch (state, byte) {
        case (.trailerStart, 0x0D): state = .endLF
        case (.trailerStart, _) where byte.isTokenCharacter: state = .trailerName
        case (.trailerName, 0x3A): state = .trailerValue
        case (.trailerName, _) where byte.isTokenCharacter: break
        case (.trailerValue, 0x0D): state = .trailerLF
        case (.trailerValue, _) where byte.isFieldCharacter: break
        case (.trailerLF, 0x0A): state = .trailerStart
        default: throw .malformedField
        }
    }

    private func expect(_ byte: UInt8, _ expected: UInt8) throws(Refusal) {
        guard byte == expected else { throw .malformedChunk }
    }
}
