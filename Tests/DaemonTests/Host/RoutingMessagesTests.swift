import Testing

@testable import Daemon

/// What the kernel might say, byte for byte.
@Suite struct RoutingMessagesTests {
    @Test func aMessageComesBackAsItWasSent() {
        let one = NetlinkMessage(kind: 24, flags: 2, sequence: 7, body: [1, 2, 3, 4, 5])
        let other = NetlinkMessage(kind: 3, flags: 0, sequence: 8, body: [])
        // The second begins at a multiple of four.
        let bytes = one.bytes + [0, 0, 0] + other.bytes
        #expect(NetlinkMessage.all(in: bytes[...]) == [one, other])
    }

    @Test func whatIsNotWholeIsNotTaken() {
        let bytes = NetlinkMessage(kind: 24, flags: 0, sequence: 1, body: [1, 2, 3, 4]).bytes
        for count in 0..<bytes.count {
            #expect(NetlinkMessage.all(in: bytes[..<count]).isEmpty)
        }
        // A length of nothing would be for ever.
        #expect(NetlinkMessage.all(in: [UInt8](repeating: 0, count: 64)[...]).isEmpty)
        #expect(NetlinkMessage.all(in: [UInt8](repeating: 0xff, count: 64)[...]).isEmpty)
    }

    @Test(
        arguments: [
            (1, 24), (2, 8), (3, 1), (4, 253), (7, 6), (8, 1), (9, 2), (0, 7),
        ] as [(Int, UInt8)]
    )
    func aRouteThatIsNoDefaultOfTheMainTableIsNotRead(place: Int, value: UInt8) {
        var header: [UInt8] = [2, 0, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0]
        let attributes = NetlinkAttributes.bytes(4, [2, 0, 0, 0])
        #expect(DefaultRoute(message(24, header + attributes))?.interface == 2)
        header[place] = value
        #expect(DefaultRoute(message(24, header + attributes)) == nil)
    }

    @Test func ofSeveralWaysTheFirstThatIsAliveIsRead() {
        let header: [UInt8] = [2, 0, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0]
        let dead: [UInt8] = [16, 0, 1, 0, 3, 0, 0, 0] + NetlinkAttributes.bytes(5, [10, 0, 0, 1])
        let alive: [UInt8] = [16, 0, 0, 0, 4, 0, 0, 0] + NetlinkAttributes.bytes(5, [10, 0, 0, 2])
        let route = DefaultRoute(
            message(24, header + NetlinkAttributes.bytes(9, dead + alive))
        )
        #expect(route?.interface == 4)
        #expect(route?.gateway?.text == "10.0.0.2")
        #expect(DefaultRoute(message(24, header + NetlinkAttributes.bytes(9, dead))) == nil)
    }

    @Test func anAddressOfSixteenBytesIsNoGatewayOfIPv4() {
        let header: [UInt8] = [2, 0, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0]
        let gateway = NetlinkAttributes.bytes(5, [UInt8](repeating: 1, count: 16))
        let interface = NetlinkAttributes.bytes(4, [2, 0, 0, 0])
        let route = DefaultRoute(message(24, header + gateway + interface))
        #expect(route != nil && route?.gateway == nil)
    }

    @Test(
        arguments: [
            (10, 0x01, false), (10, 0x08, false), (10, 0x20, false), (10, 0x40, false),
            (10, 0x80, true), (2, 0x01, true), (2, 0x20, false), (10, 0x300, true),
        ] as [(UInt8, UInt32, Bool)]
    )
    func anAddressThatIsTemporaryDeprecatedOrTentativeDoesNotLast(
        family: UInt8,
        flags: UInt32,
        lasts: Bool
    ) {
        let bytes = [UInt8](repeating: 9, count: family == 2 ? 4 : 16)
        let body =
            [family, 24, 0, 0, 2, 0, 0, 0] + NetlinkAttributes.bytes(1, bytes)
            + NetlinkAttributes.bytes(8, withUnsafeBytes(of: flags) { [UInt8]($0) })
        #expect(InterfaceAddress(message(20, body))?.isLasting == lasts)
    }

    @Test func withAPeerTheAddressIsOurOwn() {
        let body: [UInt8] =
            [2, 32, 0, 0, 2, 0, 0, 0] + NetlinkAttributes.bytes(1, [10, 0, 0, 1])
            + NetlinkAttributes.bytes(2, [10, 0, 0, 2])
        #expect(InterfaceAddress(message(20, body))?.address.text == "10.0.0.2")
    }

    private func message(_ kind: UInt16, _ body: [UInt8]) -> NetlinkMessage {
        NetlinkMessage(kind: kind, flags: 2, sequence: 1, body: body[...])
    }
}
