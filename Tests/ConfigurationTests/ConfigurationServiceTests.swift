import EndpointFiles
import Etcd
import Registry
import Testing
import Texts

@testable import Configuration

@Suite struct ConfigurationServiceTests {
    /// A service of which only some lines matter.
    private func service(_ lines: String, name: String = "web") -> ConfigurationFixture {
        ConfigurationFixture("[[service]]\nname = \"\(name)\"\nport = 8080\n\(lines)")
    }

    @Test func theSmallestServiceHasTheDefaultsOfTheRest() throws {
        let services = try service("").configuration().services
        let name = try #require(ServiceName(declared: "web"))
        #expect(services == [Configuration.Service(name: name, port: 8080)])
        let web = try #require(services.first)
        #expect(web.weight == 100)
        #expect(web.address == nil)
        #expect(try web.instanceID(hostname: "box").text == "box-8080")
    }

    @Test func everyKeyIsRead() throws {
        let web = try #require(
            try service(
                """
                address = "[2001:DB8::5]"
                id = "web-1"
                weight = 0
                zone = "a"
                tags = ["green", "blue", "green"]
                meta = { version = "1.2", "free name" = "" }
                """
            ).configuration().services.first
        )
        #expect(web.address?.text == "2001:db8::5")
        #expect(try web.instanceID(hostname: "localhost").text == "web-1")
        #expect(web.weight == 0)
        #expect(web.zone == "a")
        #expect(web.tags == ["blue", "green"])
        #expect(web.meta == ["version": "1.2", "free name": ""])
    }

    @Test func metaMayBeWrittenInAllWaysOfTOML() throws {
        let table = try service("[service.meta]\nversion = \"1.2\"").configuration()
        let dotted = try service("meta.version = \"1.2\"").configuration()
        #expect(table.services.map(\.meta) == [["version": "1.2"]])
        #expect(dotted == table)
    }

    @Test(arguments: [
        ("localhost", "must be set, because the name of this host, \"localhost\", is not its own"),
        (
            "LocalHost.localdomain",
            "must be set, because the name of this host, \"LocalHost.localdomain\", is not its own"
        ),
        ("", "must be set, because the name of this host, \"\", is empty"),
        (
            "büro",
            "must be set, because the name of this host, \"büro\", and the port do not make "
                + "1 to 128 letters, digits, \".\", \"_\" or \"-\""
        ),
    ])
    func aHostWhoseNameMakesNoIDMustSetOne(hostname: String, sentence: String) throws {
        var fixture = service("")
        fixture.hostname = hostname
        #expect(fixture.faults() == ["1:1: [service \"web\"] id: \(sentence)"])
        var configured = service("id = \"web-1\"")
        configured.hostname = hostname
        #expect(try configured.configuration().services.count == 1)
    }

    @Test func twoServicesOfTheSameInstanceAreRefused() {
        let fixture = ConfigurationFixture(
            """
            [[service]]
            name = "web"
            port = 8080
            [[service]]
            name = "web"
            port = 8081
            id = "box-8080"
            [[service]]
            name = "web"
            port = 8080
            [[service]]
            name = "db"
            port = 8080
            """
        )
        #expect(
            fixture.faults() == [
                "7:6: [service \"web\"] id: \"box-8080\" is taken by the service of that name at "
                    + "/etc/discoveryd.conf:1:1",
                "8:1: [service \"web\"] id: \"box-8080\" is taken by the service of that name at "
                    + "/etc/discoveryd.conf:1:1",
            ]
        )
    }

    @Test(arguments: [
        (
            "address = \"10.0.0.5:80\"",
            "4:11: [service \"web\"] address: must be an IP address or a host name "
                + "such as \"10.0.0.5\", without a port, is \"10.0.0.5:80\""
        ),
        (
            "address = \"0.0.0.0\"",
            "4:11: [service \"web\"] address: must be an address that others can connect to, "
                + "is \"0.0.0.0\"; leave it out for the primary address of this host"
        ),
        (
            "address = \"[::]\"",
            "4:11: [service \"web\"] address: must be an address that others can connect to, "
                + "is \"::\"; leave it out for the primary address of this host"
        ),
        (
            "id = \"a/b\"",
            "4:6: [service \"web\"] id: must be 1 to 128 letters, digits, \".\", \"_\" or \"-\", "
                + "is \"a/b\""
        ),
        ("weight = -1", "4:10: [service \"web\"] weight: must be 0 to 65535, is -1"),
        ("zone = \"\"", "4:8: [service \"web\"] zone: is empty"),
        ("zone = \"a\\nb\"", "4:8: [service \"web\"] zone: holds a control character"),
        (
            "tags = \"blue\"",
            "4:8: [service \"web\"] tags: must be an array of strings, is a string"
        ),
        (
            "tags = [\"blue\", 5]",
            "4:17: [service \"web\"] tags: must be a string of 1 to 128 bytes, is the integer 5"
        ),
        ("tags = [\"\"]", "4:9: [service \"web\"] tags: is empty"),
        (
            "meta = [\"a\"]",
            "4:8: [service \"web\"] meta: must be a table of strings, is an array"
        ),
        (
            "meta = { version = 1.2 }",
            "4:20: [service \"web\"] meta.version: "
                + "must be a string of at most 1024 bytes, is the float 1.2"
        ),
        ("meta = { \"\" = \"x\" }", "4:10: [service \"web\"] meta.\"\": its name: is empty"),
        (
            "outputs = []",
            "4:1: [service \"web\"] outputs: "
                + "must stand at the top of the file, before the first table"
        ),
    ])
    func aValueThatCannotBeIsRefused(line: String, fault: String) {
        #expect(service(line).faults() == [fault])
    }

    @Test func theLimitsOfARecordHold() throws {
        let word = String(repeating: "w", count: RecordLimits.wordBytes)
        let text = String(repeating: "t", count: RecordLimits.metaValueBytes)
        let tags = (1...RecordLimits.tags).map { "\"t\($0)\"" }.joined(separator: ", ")
        let meta = (1...RecordLimits.metaEntries).map { "m\($0) = \"\"" }.joined(separator: ", ")
        let most = "zone = \"\(word)\"\ntags = [\(tags)]\nmeta = { \(meta) }"
        #expect(try service(most).configuration().services.count == 1)
        let tooMuch = """
            zone = "\(word)w"
            tags = [\(tags), "more"]
            meta = { more = "\(text)t", \(meta) }
            """
        #expect(
            service(tooMuch).faults() == [
                "4:8: [service \"web\"] zone: is 129 bytes long, at most 128",
                "5:8: [service \"web\"] tags: must be at most 64 strings, are 65",
                "6:17: [service \"web\"] meta.more: is 1025 bytes long, at most 1024",
            ]
        )
        #expect(
            service("meta = { more = \"\", \(meta) }").faults() == [
                "4:8: [service \"web\"] meta: must be at most 64 entries, are 65"
            ]
        )
    }

    @Test func anAddressThatOnlyThisHostReachesIsDoubtful() throws {
        #expect(
            try service("address = \"127.0.0.1\"").warnings() == [
                "1:1: [service \"web\"] address: \"127.0.0.1\" means its own host to every consumer; "
                    + "others cannot connect to it"
            ]
        )
        #expect(try service("address = \"10.0.0.5\"").warnings().isEmpty)
    }

    @Test func anIPv6AddressThatEndsWithThePortIsDoubtful() throws {
        #expect(
            try service("address = \"2001:db8::5:8080\"").warnings() == [
                "1:1: [service \"web\"] address: \"2001:db8::5:8080\" ends with the port, and all of it is "
                    + "taken for the address; write \"2001:db8::5\" if that is meant, the port stands in "
                    + "port"
            ]
        )
        for address in ["2001:db8::5", "2001:db8::5:80", "2001:db8::8080", "[2001:db8::5]"] {
            #expect(try service("address = \"\(address)\"").warnings().isEmpty)
        }
    }

    @Test func aLongNameIsCutInWhatIsSaidOfIt() {
        let long = String(repeating: "n", count: 129)
        #expect(
            service("", name: long).faults() == [
                "2:8: [service \"\(long.prefix(64))…\"] name: must be 1 to 128 letters, digits, "
                    + "\".\", \"_\" or \"-\", is \"\(long.prefix(64))…\""
            ]
        )
    }

    @Test func aRecordThatIsTooLargeAsAWholeIsRefused() throws {
        let text = String(repeating: "t", count: RecordLimits.metaValueBytes)
        func meta(_ count: Int) -> String {
            (1...count).map { "m\($0) = \"\(text)\"" }.joined(separator: ", ")
        }
        #expect(try service("meta = { \(meta(60)) }").configuration().services.count == 1)
        let quotes = String(repeating: "\\\"", count: 600)
        let faults = service("meta = { q = \"\(quotes)\", \(meta(63)) }").faults()
        let fault = try #require(faults.first)
        #expect(faults.count == 1)
        #expect(fault.hasPrefix("1:1: [service \"web\"] makes a record of 6"))
        #expect(fault.hasSuffix(" bytes, at most 65536; shorten its meta"))
    }

    @Test func namesInMetaThatLookTheSameAreRefused() {
        #expect(
            service("meta = { \"\\u00e9\" = \"\", \"e\\u0301\" = \"\" }").faults() == [
                "4:25: [service \"web\"] meta.\"e\u{301}\": looks the same as another name in meta"
            ]
        )
    }

    @Test func aRefusedIDIsSaidOnceAndNotTakenForTheDefault() {
        var fixture = service("id = \"\"\n[[service]]\nname = \"web\"\nport = 8080\nid = 5")
        fixture.hostname = "localhost"
        #expect(fixture.faults().count == 2)
        #expect(fixture.faults().allSatisfy { $0.contains("id: must be ") && !$0.contains("set") })
    }

    @Test func theInstanceThatIsRegisteredIsAsConfigured() throws {
        let primary = try #require(HostAddress("10.0.0.9"))
        let found = try #require(try service("zone = \"a\"").configuration().services.first)
            .instance(hostname: "box", primaryAddress: primary)
        #expect(found.key.description == "web/box-8080")
        #expect(found.address == primary)
        #expect(found.port == 8080)
        #expect(found.zone == "a")
        let set = try #require(
            try service("address = \"10.0.0.5\"").configuration().services.first
        )
        #expect(
            try set.instance(hostname: "box", primaryAddress: primary).address.text == "10.0.0.5"
        )
    }

    // MARK: also

    @Test func aServiceIsToldInAZoneOfCoreDNSAsWell() throws {
        let text = "also = [\"skydns\"]\ndomain = \"Cluster.Local.\"\nid = \"web-1\""
        let web = try #require(try service(text).configuration().services.first)
        #expect(web.skyDNSDomain?.text == "cluster.local")
        let address = try #require(HostAddress("10.0.0.5"))
        let instance = try web.instance(hostname: "box", primaryAddress: address)
        #expect(web.companions(of: instance).map(\.key) == ["/skydns/local/cluster/web/web-1"])
    }

    /// CoreDNS would answer for the one with the other's instances. Both ran with 0.1.0, so neither keeps the
    /// daemon from starting.
    @Test(arguments: [
        (
            """
            name = "v2.api"
            domain = "test"
            """,
            "also: its name has a dot, so its records would lie below those of a service that is called like what "
                + "follows the dot, maybe on another host; it is registered without a record for \"skydns\""
        ),
        (
            """
            name = "db"
            domain = "API.test"
            """,
            "also: its records would lie below those of \"api.test\", the service at /etc/discoveryd.conf:1:1; it "
                + "is registered without a record for \"skydns\""
        ),
        (
            """
            name = "api"
            domain = "test"
            id = "b.a"
            """,
            "also: its records would lie below those of \"api.test\", the service at /etc/discoveryd.conf:1:1; it "
                + "is registered without a record for \"skydns\""
        ),
    ])
    func namesThatLieBelowOneAnotherAreLeftOutOfTheDNSAndNothingElse(
        second: String,
        warning: String
    ) throws {
        let also = "also = [\"skydns\"]\n"
        let text = """
            [[service]]
            name = "api"
            port = 80
            id = "a"
            domain = "test"
            \(also)
            [[service]]
            port = 81
            \(also)\(second)
            """
        let loaded = try ConfigurationFixture(text).load()
        #expect(loaded.warnings.map(\.sentence) == [warning])
        let services = loaded.configuration.services
        #expect(services.count == 2)
        #expect(services.map { $0.skyDNSDomain?.text } == ["test", nil])
    }

    /// 0.1.0 took them, and registered what nobody could connect to.
    @Test(arguments: [
        ("224.0.0.1", "is a multicast address, not that of a host"),
        ("255.255.255.255", "is the broadcast address, not that of a host"),
        ("fe80::1", "is a link-local address, which means nothing without the interface it is on"),
        ("::ffff:0.0.0.0", "is nobody's; a server may listen there, and nobody can connect to it"),
        ("0x0", "is a number to those who look names up, not a name"),
    ])
    func anAddressWhereNobodyCanConnectCostsItsServiceOnly(text: String, why: String) throws {
        let lines = "address = \"\(text)\"\n[[service]]\nname = \"db\"\nport = 5432"
        let loaded = try service(lines).load()
        #expect(loaded.configuration.services.map(\.name.text) == ["db"])
        #expect(
            loaded.warnings.map(\.description) == [
                "/etc/discoveryd.conf:4:11: [service \"web\"] address: \"\(text)\" \(why); the service is "
                    + "skipped"
            ]
        )
    }

    @Test(arguments: [
        (
            "also = [\"skydns\"]",
            "4:8: [service \"web\"] also: \"skydns\" needs domain, the zone that CoreDNS serves"
        ),
        (
            "domain = \"test\"",
            "4:10: [service \"web\"] domain: goes with also = [\"skydns\"] only"
        ),
        (
            "also = [\"dns\"]",
            "4:9: [service \"web\"] also: must be \"skydns\", is \"dns\""
        ),
        (
            "id = \"a..b\"\nalso = [\"skydns\"]\ndomain = \"test\"",
            "4:6: [service \"web\"] id: \"a..b.web.test\" is no name of the DNS, which also = [\"skydns\"] "
                + "needs: labels of 1 to 63 letters, digits, \"-\" or \"_\", 253 bytes in all"
        ),
        (
            """
            id = "A"
            also = ["skydns"]
            domain = "test"
            [[service]]
            name = "web"
            port = 81
            id = "a"
            also = ["skydns"]
            domain = "test"
            """,
            "10:6: [service \"web\"] id: \"a.web.test\" is the name of the service at /etc/discoveryd.conf:1:1 in the DNS"
        ),
        (
            "also = [\"skydns\"]\ndomain = \"test\"\n[etcd]\nprefix = \"/skydns/test\"",
            "1:1: [service \"web\"] also: \"skydns\" writes to \"/skydns/test/web/box-8080\", which is "
                + "among the keys of the registry; give [etcd] another prefix"
        ),
    ])
    func whatCannotBeToldIsRefused(text: String, fault: String) {
        #expect(service(text).faults() == [fault])
    }
}
