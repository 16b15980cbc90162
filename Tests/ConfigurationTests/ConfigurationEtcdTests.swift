import Etcd
import Registry
import Testing

@testable import Configuration

@Suite struct ConfigurationEtcdTests {
    @Test func anEmptyFileIsAPureReaderWithAllDefaults() throws {
        let configuration = try ConfigurationFixture("").configuration()
        #expect(configuration == Configuration())
        #expect(configuration.etcd.endpoints.map(\.description) == ["http://127.0.0.1:2379"])
        #expect(configuration.etcd.order == .random)
        #expect(configuration.etcd.prefix.text == "services/")
        #expect(configuration.etcd.dialTimeout == .seconds(5))
        #expect(configuration.lease.ttl == .seconds(10))
        #expect(configuration.start.timeout == .seconds(30))
        #expect(configuration.services.isEmpty)
    }

    @Test func everyKeyIsRead() throws {
        let configuration = try ConfigurationFixture(
            """
            [etcd]
            endpoints = ["http://localhost:2379", "[::1]:2390", "127.0.0.2"]
            order = "listed"
            prefix = "/lab/services"
            dial_timeout = "500ms"
            [lease]
            ttl = "1m"
            on_stop = "keep"
            drain = "5s"
            [start]
            timeout = "0s"
            when_etcd_is_away = "degraded"
            """
        ).configuration()
        #expect(
            configuration.etcd.endpoints.map(\.description) == [
                "http://localhost:2379", "http://[::1]:2390", "http://127.0.0.2:2379",
            ]
        )
        #expect(configuration.etcd.order == .listed)
        #expect(configuration.etcd.prefix.text == "/lab/services/")
        #expect(configuration.etcd.dialTimeout == .milliseconds(500))
        #expect(configuration.lease.ttl == .seconds(60))
        #expect(configuration.lease.onStop == .keep)
        #expect(configuration.lease.drain == .seconds(5))
        #expect(configuration.start.timeout == .zero)
        #expect(configuration.start.whenEtcdIsAway == .degraded)
    }

    @Test(arguments: [
        ("etcd", "endpoints = []", "2:13", "endpoints: must name at least one endpoint"),
        (
            "etcd", "endpoints = \"http://me:secret@10.0.0.1:2379\"", "2:13",
            "endpoints: must be an array of strings, is a string"
        ),
        (
            "etcd", "endpoints = [\"http://me:secret@10.0.0.1:2379\"]", "2:14",
            "endpoints: an endpoint holds no user name or password"
        ),
        (
            "etcd", "endpoints = 2379", "2:13",
            "endpoints: must be an array of strings, is an integer"
        ),
        (
            "etcd", "endpoints = [2379]", "2:14",
            "endpoints: must be a string such as \"http://127.0.0.1:2379\", is the integer 2379"
        ),
        (
            "etcd", "endpoints = [\"http://etcd_1:2379\"]", "2:14",
            "endpoints: the host in an endpoint has no underscores, which host names cannot have "
                + "(RFC 1123); use its IP address, or give it another name"
        ),
        (
            "etcd", "order = \"first\"", "2:9",
            "order: must be \"random\" or \"listed\", is \"first\""
        ),
        (
            "etcd", "prefix = \"//\"", "2:10",
            "prefix: must be more than \"//\": the services have a part of etcd's keys of their own, such as "
                + "\"services/\""
        ),
        (
            "etcd", "dial_timeout = \"99ms\"", "2:16",
            "dial_timeout: must be 100ms to 1m, such as \"5s\", is \"99ms\""
        ),
        (
            "etcd", "dial_timeout = \"5 s\"", "2:16",
            "dial_timeout: must be a duration from 100ms to 1m, such as \"5s\", is \"5 s\""
        ),
        (
            "etcd", "dial_timeout = 5", "2:16",
            "dial_timeout: must be a duration from 100ms to 1m, such as \"5s\", is the integer 5"
        ),
        (
            "lease", "ttl = \"2500ms\"", "2:7",
            "ttl: must be a duration of whole seconds from 2s to 1h, such as \"10s\", is \"2500ms\""
        ),
        ("lease", "ttl = \"2h\"", "2:7", "ttl: must be 2s to 1h, such as \"10s\", is \"2h\""),
        (
            "start", "timeout = \"3601s\"", "2:11",
            "timeout: must be 0s to 1h, such as \"30s\", is \"3601s\""
        ),
        (
            "start", "outputs = []", "2:1",
            "outputs: must stand at the top of the file, before the first table"
        ),
    ])
    func aValueThatCannotBeIsRefused(table: String, line: String, place: String, sentence: String) {
        #expect(
            ConfigurationFixture("[\(table)]\n\(line)").faults() == [
                "\(place): [\(table)] \(sentence)"
            ]
        )
    }

    /// Version 0.1.0 ran with it, and may have been right to.
    @Test func anIPv6AddressWithAPortAndNoBracketsCostsThatEndpointOnly() throws {
        let meant =
            "endpoints: an IPv6 address stands in brackets: https://[2001:db8::5]:2379, or "
            + "https://[2001:db8::5:2379]:2379 if all of it is the address"
        let others = ConfigurationFixture(
            "[etcd]\nendpoints = [\"https://10.0.0.1\", \"https://2001:db8::5:2379\"]"
        )
        #expect(
            try others.configuration().etcd.endpoints.map(\.description) == [
                "https://10.0.0.1:2379"
            ]
        )
        #expect(try others.warnings() == ["2:34: [etcd] \(meant); until then it is ignored"])

        let alone = ConfigurationFixture("[etcd]\nendpoints = [\"https://2001:db8::5:2379\"]")
        let taken = "https://[2001:db8::5:2379]:2379"
        #expect(try alone.configuration().etcd.endpoints.map(\.description) == [taken])
        #expect(
            try alone.warnings() == ["2:14: [etcd] \(meant); until then it is taken for \(taken)"]
        )
    }

    @Test func anEndpointThatIsNotOnThisHostIsDoubtful() throws {
        let fixture = ConfigurationFixture(
            "[etcd]\nendpoints = [\"http://127.0.0.1:2379\", \"http://10.0.0.1:2379\", "
                + "\"https://10.0.0.2:2379\"]"
        )
        #expect(
            try fixture.warnings() == [
                "2:39: [etcd] endpoints: the connection to http://10.0.0.1:2379 is not encrypted; "
                    + "whoever is on the way can read and change the registry"
            ]
        )
    }

    @Test func aShortLeaseIsDoubtful() throws {
        #expect(
            try ConfigurationFixture("[lease]\nttl = \"4s\"").warnings() == [
                "2:7: [lease] ttl: 4s is short; below 5s a slow disk or a "
                    + "leader election of etcd removes healthy hosts from the lists"
            ]
        )
        #expect(try ConfigurationFixture("[lease]\nttl = \"5s\"").warnings().isEmpty)
    }
}
