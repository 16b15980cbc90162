import Registry
import Testing
import Texts

@testable import Configuration

@Suite struct ConfigurationSummaryTests {
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
