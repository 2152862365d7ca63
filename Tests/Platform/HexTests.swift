import Platform
import Testing

@Test("Hexadecimal text survives the round trip and refuses anything else")
func hex() {
    #expect(Hex.encode([0, 15, 255]) == "000fff")
    #expect(Hex.decode("000FFf") == [0, 15, 255])
    for bad in ["0", "0g", " 00", "é0"] { #expect(Hex.decode(bad) == nil) }
}
