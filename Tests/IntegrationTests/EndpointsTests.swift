import Foundation
import TestKit
import Testing

/// Which endpoints the built program goes to, and what it makes of a list of them.
@Suite struct EndpointsTests {
    @Test func anIPv6AddressWithoutBracketsCostsThatEndpointOnlyAndIsSaid() async throws {
        try await Fleet.with { fleet in
            let host = try fleet.start(
                "one",
                services: ["web/w1": 8080],
                etcd: "endpoints = [\"http://2001:db8::5:2379\", \"\(fleet.etcd.endpoint)\"]"
            )
            try await eventually("registered") { host.keys == ["web/w1"] }
            let sentence = "an IPv6 address stands in brackets: http://[2001:db8::5]:2379, or "
            #expect(host.process.printed.contains(sentence))
            let check = try await Command(
                DaemonProcess.program,
                ["check", "-c", fleet.directory.file("one.conf")]
            ).run()
            #expect(check.status == 0)
            #expect(check.errors.contains("warning: ") && check.errors.contains(sentence))
        }
    }
}
