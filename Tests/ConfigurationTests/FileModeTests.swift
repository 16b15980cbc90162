import Testing

@testable import Configuration

@Suite struct FileModeTests {
    @Test(arguments: [
        ("0644", 0o644, "0644"), ("644", 0o644, "0644"), ("0000", 0, "0000"),
        ("0777", 0o777, "0777"), ("007", 7, "0007"),
    ])
    func octalPermissionBitsAreRead(text: String, bits: UInt16, written: String) {
        #expect(FileMode(text)?.bits == bits)
        #expect(FileMode(text)?.description == written)
    }

    @Test(arguments: [
        "", "0", "64", "0844", "1777", "4755", "00644", "0o644", "-644", "+644", "rw-",
    ])
    func anythingElseIsNotAMode(text: String) {
        #expect(FileMode(text) == nil)
    }
}
