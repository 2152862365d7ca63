/// What a disk does to bytes all the time; element by element it would be most of a simulation's time.
extension [UInt8] {
    /// Writes over what stands from `offset` on. All of it must be there.
    mutating func put(_ new: ArraySlice<UInt8>, at offset: Int) {
        precondition(offset >= 0 && offset + new.count <= count, "there is nothing to write over")
        unsafe withUnsafeMutableBytes { target in
            unsafe new.withUnsafeBytes { source in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                unsafe (to + offset).copyMemory(from: from, byteCount: source.count)
            }
        }
    }

    /// Cuts, or adds zeros.
    mutating func resize(to length: Int) {
        if length < count {
            removeLast(count - length)
        } else if length > count {
            append(contentsOf: [UInt8](repeating: 0, count: length - count))
        }
    }
}
