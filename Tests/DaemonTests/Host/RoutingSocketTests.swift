import Glibc
import Registry
import TestKit
import Testing
import Texts

@testable import Daemon

/// The kernel's real answers, each in a network of its own.
@Suite struct RoutingSocketTests {
    @Test func aFilterOfBogonsDoesNotHideTheAddress() async {
        await #expect(processExitsWith: .success) {
            try PrivateNetwork.enter(
                interfaces: ["eth0"],
                """
                addr add 10.1.0.5/24 dev eth0
                route add blackhole 192.0.2.0/24
                route add default via 10.1.0.1 dev eth0
                """
            )
            #expect(PrimaryAddress.current()?.text == "10.1.0.5")
        }
    }

    @Test func anInterfaceInTheNetOfExamplesIsNotTheWayToTheWorld() async {
        await #expect(processExitsWith: .success) {
            try PrivateNetwork.enter(
                interfaces: ["eth0", "lab0"],
                """
                addr add 192.0.2.7/24 dev lab0
                addr add 10.1.0.5/24 dev eth0
                route add default via 10.1.0.1 dev eth0
                """
            )
            #expect(PrimaryAddress.current()?.text == "10.1.0.5")
        }
    }

    @Test func theLeastMetricAndThePreferredSourceCount() async {
        await #expect(processExitsWith: .success) {
            try PrivateNetwork.enter(
                interfaces: ["eth0", "wlan0"],
                """
                addr add 10.2.0.5/24 dev wlan0
                addr add 10.1.0.5/24 dev eth0
                addr add 10.1.0.6/24 dev eth0
                route add default via 10.2.0.1 dev wlan0 metric 600
                route add default via 10.1.0.1 dev eth0 metric 100 src 10.1.0.6
                """
            )
            #expect(PrimaryAddress.current()?.text == "10.1.0.6")
        }
    }

    @Test func theGatewaysOwnNetHasTheAddress() async {
        await #expect(processExitsWith: .success) {
            try PrivateNetwork.enter(
                interfaces: ["eth0"],
                """
                addr add 10.9.0.5/24 dev eth0
                addr add 10.1.0.5/24 dev eth0
                route add default via 10.1.0.1 dev eth0
                """
            )
            #expect(PrimaryAddress.current()?.text == "10.1.0.5")
        }
    }

    @Test func ofSeveralWaysOfOneRouteOneIsTaken() async {
        await #expect(processExitsWith: .success) {
            try PrivateNetwork.enter(
                interfaces: ["eth0"],
                """
                addr add 10.1.0.5/24 dev eth0
                route add default nexthop via 10.1.0.1 dev eth0 nexthop via 10.1.0.2 dev eth0
                """
            )
            #expect(PrimaryAddress.current()?.text == "10.1.0.5")
        }
    }

    @Test func otherTablesAndRoutesThatLeadNowhereAreNoWay() async {
        await #expect(processExitsWith: .success) {
            try PrivateNetwork.enter(
                interfaces: ["eth0"],
                """
                addr add 10.1.0.5/24 dev eth0
                route add default via 10.1.0.1 dev eth0 table 51820
                route add unreachable default metric 4278198272
                route add 0.0.0.0/1 via 10.1.0.1 dev eth0
                """
            )
            #expect(PrimaryAddress.current() == nil)
        }
    }

    @Test func aTunnelWithoutAnAddressIsNoAddress() async {
        await #expect(processExitsWith: .success) {
            try PrivateNetwork.enter(
                interfaces: ["eth0", "tun0"],
                """
                addr add 10.1.0.5/24 dev eth0
                route add default dev tun0
                route add default via 10.1.0.1 dev eth0 metric 100
                """
            )
            #expect(PrimaryAddress.current() == nil)
        }
    }

    @Test func withoutIPv4TheAddressOfIPv6IsOneThatLasts() async {
        await #expect(processExitsWith: .success) {
            try PrivateNetwork.enter(
                interfaces: ["eth0"],
                """
                addr add 2001:db8:1::7/64 dev eth0 preferred_lft 0 nodad
                addr add 2001:db8:1::5/64 dev eth0 nodad
                route add default via fe80::1 dev eth0
                """
            )
            #expect(PrimaryAddress.current()?.text == "2001:db8:1::5")
        }
    }

    @Test func anAddressThatIsStillBeingTriedIsNotTaken() async {
        await #expect(processExitsWith: .success) {
            // A bridge without a port has no carrier, and never finds out whether the address is another's.
            try PrivateNetwork.enter(
                """
                link add br0 type bridge
                link set br0 up
                addr add 2001:db8:1::5/64 dev br0
                route add default via 2001:db8:1::1 dev br0
                """
            )
            #expect(PrimaryAddress.current() == nil)
        }
    }

    @Test func aHostWithoutANetworkHasNoAddress() async {
        await #expect(processExitsWith: .success) {
            try PrivateNetwork.enter("link set lo up")
            #expect(PrimaryAddress.current() == nil)
        }
    }
}
