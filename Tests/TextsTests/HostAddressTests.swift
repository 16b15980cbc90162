import Glibc
import Machines
import TestKit
import Testing
import Texts

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
        // To inet_aton(3), which resolvers ask first, these are addresses.
        "0x0", "0x7f000001", "0X7F.1", "10.0x1", "1.0xff",
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

    @Test(arguments: [
        ("0.0.0.0", HostAddress.Unusable.unspecified), ("0.1.2.3", .unspecified),
        ("::", .unspecified),
        ("::ffff:0.0.0.0", .unspecified), ("224.0.0.1", .multicast),
        ("239.255.255.255", .multicast),
        ("ff02::1", .multicast), ("::ffff:224.0.0.1", .multicast), ("255.255.255.255", .broadcast),
        ("fe80::1", .linkLocal), ("febf::1", .linkLocal),
    ])
    func whereNobodyCanConnectToIsSaid(text: String, why: HostAddress.Unusable) throws {
        #expect(try #require(HostAddress(text)).unusable == why)
    }

    @Test(arguments: [
        "10.0.0.5", "127.0.0.1", "169.254.169.254", "223.255.255.255", "240.0.0.1",
        "255.255.255.254",
        "2.3.4.5", "::1", "2001:db8::5", "fec0::1", "fe7f::1", "::ffff:10.0.0.1", "f::1",
        "host.example",
        "0xample", "0x-a.example",
    ])
    func whereSomebodyMayIsUsable(text: String) throws {
        #expect(try #require(HostAddress(text)).unusable == nil)
    }

    @Test func everyFourNumbersAreReadAsTheSystemReadsThem() {
        var random = SeededGenerator(seed: 2026)
        let numbers = [
            "0", "1", "9", "10", "99", "100", "199", "255", "256", "300", "00", "01", "010", "",
        ]
        for _ in 0..<20_000 {
            let count = Int.random(in: 0..<10, using: &random) == 0 ? 3...5 : 4...4
            let text = (0..<Int.random(in: count, using: &random)).map { _ in
                Bool.random(using: &random)
                    ? "\(Int.random(in: 0...255, using: &random))"
                    : numbers.randomElement(using: &random) ?? ""
            }.joined(separator: ".")
            #expect(HostAddress(text).map { $0.text } == ipv4(text), "\(text)")
        }
    }

    @Test func whateverStandsForAnIPv4AddressIsReadAsTheSystemReadsIt() {
        let corpus = [
            "10.0.0.5", "255.255.255.255:65535", "192.168.1.20:80", "0.0.0.0:1", "010.0.0.1",
        ]
        let complaint = Fuzzing.complaint(corpus: corpus) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            let address = HostAddress(text)
            if let address, address.family == .ipv4, address.text != ipv4(text) {
                return .wrong("wrong")
            }
            if address?.family != .ipv4, ipv4(text) != nil { return .wrong("not read as IPv4") }
            let both = HostAddress.split(text)
            if let (host, port) = slowlySplit(text) {
                return both.map { $0.address == host && $0.port == port } == true
                    ? .right : .wrong("split as \(String(describing: both))")
            }
            return both == nil ? .refused : .wrong("split although it is no address with a port")
        }
        #expect(complaint == nil)
    }

    /// As `inet_pton(3)` and `inet_ntop(3)` have it.
    private func ipv4(_ text: String) -> String? {
        var address = in_addr()
        guard !text.utf8.contains(0), inet_pton(AF_INET, text, &address) == 1 else { return nil }
        var spelling = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
        guard inet_ntop(AF_INET, &address, &spelling, socklen_t(spelling.count)) != nil else {
            return nil
        }
        return String(
            decoding: spelling.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
    }

    /// At the last colon, where both sides say something.
    private func slowlySplit(_ text: String) -> (HostAddress, UInt16)? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let digits = parts.last, (1...5).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(digits), port > 0
        else { return nil }
        let host = parts.dropLast().joined(separator: ":")
        guard parts.count == 2 || (host.hasPrefix("[") && host.hasSuffix("]")) else { return nil }
        return HostAddress(host).map { ($0, port) }
    }
}
