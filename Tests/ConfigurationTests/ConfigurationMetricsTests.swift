import LocalServer
import Testing

@testable import Configuration

@Suite struct ConfigurationMetricsTests {
    @Test func nothingIsServedUnlessItIsSaid() throws {
        #expect(try ConfigurationFixture("").configuration().metrics.listen == nil)
        #expect(try ConfigurationFixture("[metrics]").configuration().metrics.listen == nil)
    }

    @Test(arguments: [
        ("127.0.0.1:9469", ListenAddress.tcp(host: "127.0.0.1", port: 9469)),
        ("127.1.2.3:1", .tcp(host: "127.1.2.3", port: 1)),
        ("[::1]:9469", .tcp(host: "::1", port: 9469)),
        ("unix:/run/discoveryd/state/m.sock", .unix(path: "/run/discoveryd/state/m.sock")),
    ])
    func aPlaceOnThisHostIsRead(written: String, address: ListenAddress) throws {
        let text = "[metrics]\nlisten = \"\(written)\""
        let loaded = try ConfigurationFixture(text).load()
        #expect(loaded.configuration.metrics.listen == address)
        #expect(address.description == written)
        #expect(loaded.warnings.isEmpty)
        let summary = ConfigurationSummary(loaded, hostname: "box", primaryAddress: nil).text
        #expect(summary.hasSuffix("metrics: at \(written)\n"))
    }

    @Test(arguments: [
        (
            "\"10.0.0.5:9469\"",
            "must be on loopback, as there is no authentication, is \"10.0.0.5:9469\"; "
                + "listen at \"127.0.0.1:9469\" and put a proxy in front for other hosts"
        ),
        (
            "\"0.0.0.0:9469\"",
            "must be on loopback, as there is no authentication, is \"0.0.0.0:9469\"; "
                + "listen at \"127.0.0.1:9469\" and put a proxy in front for other hosts"
        ),
        (
            "\"localhost:9469\"",
            "must be an IP address and a port, such as \"127.0.0.1:9469\", is \"localhost:9469\""
        ),
        ("\"unix:m.sock\"", "must be absolute, is \"m.sock\""),
        (
            "9469",
            "must be an address of loopback with a port, or \"unix:\" and a path, such as "
                + "\"127.0.0.1:9469\", is the integer 9469"
        ),
        (
            "\":9469\"",
            "must be an address of loopback with a port, or \"unix:\" and a path, such as "
                + "\"127.0.0.1:9469\", is \":9469\""
        ),
    ])
    func anythingElseIsRefusedWithASentence(written: String, sentence: String) {
        #expect(
            ConfigurationFixture("[metrics]\nlisten = \(written)").faults() == [
                "2:10: [metrics] listen: \(sentence)"
            ]
        )
    }

    @Test func aPathThatNoSocketCanHaveIsRefused() {
        let path = "/" + String(repeating: "x", count: 107)
        #expect(
            ConfigurationFixture("[metrics]\nlisten = \"unix:\(path)\"").faults() == [
                "2:10: [metrics] listen: is a path of 108 bytes, and a socket's has at most 107"
            ]
        )
    }

    @Test func aLaterFileTakesThePlaceOfAnEarlierOne() throws {
        let configuration = try ConfigurationFixture([
            "/etc/discoveryd.conf": "[metrics]\nlisten = \"127.0.0.1:1\"",
            "/etc/discoveryd.conf.d/a.conf": "[metrics]\nlisten = \"127.0.0.1:2\"",
        ]).configuration()
        #expect(configuration.metrics.listen == .tcp(host: "127.0.0.1", port: 2))
    }
}
