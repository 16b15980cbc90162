import Foundation
import TestKit
import Testing

/// Which endpoints the built program goes to, and what it makes of a list of them.
@Suite struct EndpointsTests {
    @Test func endpointsOfTwoClustersAreAnErrorInTheLogAndInTheStatus() async throws {
        try await Fleet.with { fleet in
            try await EtcdServer.with { other in
                let (one, two) = (fleet.etcd.endpoint, other.endpoint)
                let host = try fleet.start(
                    "one",
                    services: ["web/w1": 8080],
                    etcd: "endpoints = [\"\(one)\", \"\(two)\"]\norder = \"listed\""
                )
                let sentence = "endpoints belong to different etcd clusters: \(one) of "
                try await eventually("it is said") { host.process.printed.contains(sentence) }
                #expect(host.process.printed.components(separatedBy: sentence).count == 2)
                #expect(host.process.printed.contains("; \(two) of "))
                // It says so when it is ready, and is in the first of the list.
                #expect(host.keys == ["web/w1"])
                #expect(try await fleet.keysInEtcd() == ["web/w1"])
                try await eventually("it is in the status") {
                    try await host.ask("status").output.contains(
                        "endpoints   endpoints belong to different"
                    )
                }
                let json = try await host.ask("status", "-o", "json").output
                #expect(json.contains("\"endpoints_error\" : \"endpoints belong to different"))
            }
        }
    }

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
