import Registry
import Testing

@Suite struct HostAddressTests {
    @Test(arguments: [
        ("10.0.0.5", "10.0.0.5", "10.0.0.5:80"),
        ("2001:DB8:0::5", "2001:db8::5", "[2001:db8::5]:80"),
        ("[::1]", "::1", "[::1]:80"),
        ("Web-1.Example.ORG", "web-1.example.org", "web-1.example.org:80"),
    ])
    func anAddressHasOneSpelling(text: String, bare: String, joined: String) throws {
        let address = try #require(HostAddress(text))
        #expect(address.text == bare)
        #expect(address.joined(port: 80) == joined)
        #expect(HostAddress.split(joined).map { $0.address } == address)
    }

    @Test(arguments: [
        "", "10.0.0", "10.0.0.256", "fe80::1%eth0", "-a", "a-", "a..b", "a_b", "a b", "a\n",
        "ex\u{0}",
        "1.2.3.4.5", ":::", "[10.0.0.1", String(repeating: "a", count: 64), "a;b", "../x",
    ])
    func whatIsNoAddressIsRefused(text: String) {
        #expect(HostAddress(text) == nil)
    }

    @Test(arguments: [
        "10.0.0.5", "10.0.0.5:", "10.0.0.5:0", "10.0.0.5:99999", "10.0.0.5:8o", "::1:80", ":80",
        "10.0.0.5:+80", "10.0.0.5:000080",
    ])
    func anAddressWithoutAUsablePortIsRefused(text: String) {
        #expect(HostAddress.split(text) == nil)
    }
}
