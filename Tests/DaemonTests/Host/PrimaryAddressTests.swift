import Glibc
import Registry
import Testing
import Texts

@testable import Daemon

@Suite struct PrimaryAddressTests {
    @Test(arguments: [
        "127.0.0.1", "::1", "169.254.1.2", "fe80::1", "fe80::1%eth0", "0.0.0.0", "::", "host",
    ])
    func whatMeansNothingToOtherHostsIsNotTaken(text: String) {
        #expect(PrimaryAddress.usable(text) == nil)
    }

    @Test(arguments: ["10.0.0.5", "2001:db8::5"])
    func whatOthersCanReachIsTaken(text: String) {
        #expect(PrimaryAddress.usable(text)?.text == text)
    }

    // MARK: the choice

    @Test func thePreferredSourceOfTheRouteComesFirst() throws {
        let routes = [try route(gateway: "10.0.0.1", source: "10.0.0.7")]
        let addresses = [try address("10.0.0.5"), try address("10.0.0.7")]
        #expect(choice(routes, addresses, towards: "10.0.0.5") == "10.0.0.7")
    }

    @Test func theSourceTowardsTheGatewayComesSecond() throws {
        let routes = [try route(gateway: "10.0.0.1")]
        let addresses = [try address("10.9.9.9"), try address("10.0.0.5")]
        #expect(choice(routes, addresses, towards: "10.0.0.5") == "10.0.0.5")
    }

    @Test func theFirstGlobalAddressOfTheInterfaceComesThird() throws {
        let routes = [try route(), try route(metric: 600, interface: 3)]
        let addresses = [
            try address("10.3.0.5", interface: 3), try address("10.2.0.4", isGlobal: false),
            try address("10.2.0.5"), try address("10.2.0.6"),
        ]
        #expect(choice(routes, addresses) == "10.2.0.5")
    }

    @Test func theRouteOfLeastMetricDecidesWhereverItStands() throws {
        let routes = [
            try route(metric: 600, interface: 3, gateway: "10.3.0.1"),
            try route(metric: 100, gateway: "10.2.0.1", source: "10.2.0.5"),
        ]
        #expect(choice(routes, [], towards: "10.3.0.5") == "10.2.0.5")
        // Of two that weigh the same the first that has an address.
        let equal = [try route(metric: 100, interface: 9), routes[1]]
        #expect(choice(equal, []) == "10.2.0.5")
    }

    @Test func aRouteWithoutAnAddressIsNotReplacedByOneThatNobodyTakes() throws {
        let routes = [try route(metric: 100), try route(metric: 600, source: "10.3.0.5")]
        #expect(choice(routes, []) == nil)
        #expect(choice([], [try address("10.2.0.5")]) == nil)
    }

    @Test func anAddressThatDoesNotLastIsNeverTaken() throws {
        let gone = try address("2001:db8::1", isLasting: false)
        let stays = try address("2001:db8::2")
        let routes = [
            try route(gateway: "fe80::1", source: "2001:db8::1")
        ]
        #expect(choice(routes, [gone, stays], towards: "2001:db8::1") == "2001:db8::2")
        #expect(choice(routes, [gone], towards: "2001:db8::1") == nil)
        // A link-local source is no source for others.
        #expect(
            choice([try route(gateway: "fe80::1")], [stays], towards: "fe80::9") == "2001:db8::2"
        )
    }

    @Test func aLocalNetWhoseAddressesNoInterfaceHasMayBeASource() throws {
        #expect(choice([try route(source: "10.8.0.5")], []) == "10.8.0.5")
        #expect(choice([try route(source: "127.0.0.2")], []) == nil)
    }

    // MARK: parts

    private func raw(_ text: String) throws -> RawAddress {
        try #require(RawAddress(text))
    }

    private func route(
        metric: UInt32 = 0,
        interface: UInt32 = 2,
        gateway: String? = nil,
        source: String? = nil
    ) throws -> DefaultRoute {
        let (gateway, source) = (try gateway.map(raw), try source.map(raw))
        return DefaultRoute(
            family: gateway?.family ?? source?.family ?? .ipv4,
            metric: metric,
            interface: interface,
            gateway: gateway,
            preferredSource: source
        )
    }

    private func address(
        _ text: String,
        interface: UInt32 = 2,
        isGlobal: Bool = true,
        isLasting: Bool = true
    ) throws -> InterfaceAddress {
        InterfaceAddress(
            try raw(text),
            interface: interface,
            isGlobal: isGlobal,
            isLasting: isLasting
        )
    }

    private func choice(
        _ routes: [DefaultRoute],
        _ addresses: [InterfaceAddress],
        towards: String? = nil
    ) -> String? {
        PrimaryAddress.choice(of: routes.first?.family ?? .ipv4, routes, addresses) { _, _ in
            towards.flatMap { RawAddress($0) }
        }?.text
    }
}

extension RawAddress {
    /// As people write it.
    fileprivate init?(_ text: String) {
        let parts = text.split(separator: ".").compactMap { UInt8($0) }
        if parts.count == 4 {
            self.init(.ipv4, parts[...])
        } else {
            var bytes = [UInt8](repeating: 0, count: 16)
            guard inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
            self.init(.ipv6, bytes[...])
        }
    }
}
