import Registry
import Testing
import Texts

@testable import Configuration

@Suite struct ConfigurationSummaryTests {
    @Test func `an output that HAProxy is told of says where`() throws {
        let loaded = try ConfigurationFixture(
            """
            [[output]]
            path = "/run/x.cfg"
            format = "haproxy"
            services = ["web"]
            runtime = "/run/haproxy/admin.sock"
            check = ["haproxy", "-c", "-f", "{file}"]
            reload = { unit = "haproxy.service" }

            """
        ).load()
        let text = ConfigurationSummary(loaded, hostname: "box", primaryAddress: nil).text
        #expect(
            text.contains(
                "writes: /run/x.cfg, web, as haproxy, told to HAProxy at /run/haproxy/admin.sock, "
                    + "what that cannot do checked by haproxy -c -f {file}, then haproxy.service is reloaded"
            ),
            "\(text)"
        )
    }

    @Test func aServiceWithoutAnAddressIsShownWithTheHostsOwn() throws {
        let loaded = try ConfigurationFixture("[[service]]\nname = \"web\"\nport = 8080\n").load()
        let known = ConfigurationSummary(
            loaded,
            hostname: "box",
            primaryAddress: HostAddress("2001:db8::5")
        ).text
        #expect(
            known.contains(
                "registers: web/box-8080 at [2001:db8::5]:8080, the host's primary address"
            )
        )
        let unknown = ConfigurationSummary(loaded, hostname: "box", primaryAddress: nil).text
        #expect(unknown.contains("the host's primary address, which is not known, port 8080"))
    }
}
