import Testing

@testable import Configuration

@Suite struct ConfigurationFaultTests {
    private static let allowedInEtcd =
        "allowed are endpoints, order, prefix, dial_timeout, username, password_file, ca_file, cert_file, "
        + "key_file, server_name"

    @Test func fiveMistakesGiveFiveSentencesWithPositions() throws {
        let text = """
            [etcd]
            endpoints = ["http://127.0.0.1:2379"]
            [lease]
            ttl = "1s"

            [[service]]
            name = "web"
            prot = 8080
            port = 80800

            [[service]]
            name = "db"
            port = "eighty"

            [[output]]
            path = "run/x.json"
            """
        let error = try #require(throws: ConfigurationFaults.self) {
            try ConfigurationFixture(text).load()
        }
        #expect(
            error.description == """
                /etc/discoveryd.conf:4:7: [lease] ttl: must be 2s to 1h, such as "10s", is "1s"
                /etc/discoveryd.conf:8:1: [service "web"] unknown key "prot", did you mean "port"?
                /etc/discoveryd.conf:9:8: [service "web"] port: must be 1 to 65535, is 80800
                /etc/discoveryd.conf:13:8: [service "db"] port: \
                must be an integer from 1 to 65535, is the string "eighty"
                /etc/discoveryd.conf:16:8: [output "run/x.json"] path: must be absolute, is "run/x.json"
                """
        )
    }

    @Test(arguments: [
        ("8080.0", "the float 8080.0"), ("true", "the boolean true"), ("[8080]", "an array"),
        ("{}", "a table"), ("1979-05-27", "a date"), ("07:32:00", "a time"),
        ("1979-05-27T07:32:00Z", "a date-time"), ("\"\"", "the string \"\""),
    ])
    func aValueOfTheWrongTypeIsNamed(written: String, found: String) {
        let text = "[[service]]\nname = \"web\"\nport = \(written)"
        #expect(
            ConfigurationFixture(text).faults() == [
                "3:8: [service \"web\"] port: must be an integer from 1 to 65535, is \(found)"
            ]
        )
    }

    @Test(arguments: ["-1", "0", "65536", "9223372036854775807"])
    func aPortBeyondItsLimitsIsSaid(written: String) {
        let text = "[[service]]\nname = \"web\"\nport = \(written)"
        #expect(
            ConfigurationFixture(text).faults() == [
                "3:8: [service \"web\"] port: must be 1 to 65535, is \(written)"
            ]
        )
    }

    @Test func whatIsRequiredIsMissedAtTheTable() {
        #expect(
            ConfigurationFixture("\n  [[service]]\n[[output]]").faults() == [
                "2:3: [service] name: is missing, "
                    + "must be a string of 1 to 128 letters, digits, \".\", \"_\" or \"-\"",
                "2:3: [service] port: is missing, must be an integer from 1 to 65535",
                "3:1: [output] path: is missing, "
                    + "must be an absolute path such as \"/run/discoveryd/endpoints.json\"",
            ]
        )
    }

    @Test func anUnknownKeyIsAnsweredWithTheNearestOrWithAllThatIsAllowed() {
        let text = """
            [etcd]
            endpiont = []
            dial-timeout = "5s"
            color = "blue"
            """
        #expect(
            ConfigurationFixture(text).faults() == [
                "2:1: [etcd] unknown key \"endpiont\", did you mean \"endpoints\"?",
                "3:1: [etcd] unknown key \"dial-timeout\", did you mean \"dial_timeout\"?",
                "4:1: [etcd] unknown key \"color\", \(Self.allowedInEtcd)",
            ]
        )
    }

    @Test func unknownTablesAreAnsweredLikewise() {
        let text = """
            ttl = "10s"
            [ectd]
            [[servce]]
            [[servce]]
            [tracing]
            """
        let allowed =
            "allowed are [etcd], [host], [lease], [start], [metrics], [limits], [[service]], [[output]], "
            + "outputs"
        #expect(
            ConfigurationFixture(text).faults() == [
                "1:1: unknown key \"ttl\", \(allowed)",
                "2:2: unknown table [ectd], did you mean [etcd]?",
                "3:3: unknown table [[servce]], did you mean [[service]]?",
                "5:2: unknown table [tracing], \(allowed)",
            ]
        )
    }

    @Test func oneBracketTooFewOrTooManyIsSaid() {
        #expect(
            ConfigurationFixture("[service]\nname = \"web\"\n[[etcd]]\n").faults() == [
                "1:2: service: must be written [[service]], is [service]",
                "3:3: etcd: must be one table, written [etcd], is [[etcd]]",
            ]
        )
        #expect(
            ConfigurationFixture("lease = 10\noutput = \"x\"\nservice = [1]").faults() == [
                "1:1: lease: must be one table, written [lease], is the integer 10",
                "2:1: output: must be written [[output]], is the string \"x\"",
                "3:12: service: must be a table, is the integer 1",
            ]
        )
    }

    @Test func reservedKeysAreSaidToBeReserved() {
        let text = """
            [[service]]
            name = "web"
            port = 80
            ports = [80]
            addresses = ["10.0.0.1"]
            """
        #expect(
            ConfigurationFixture(text).faults() == [
                "4:1: [service \"web\"] ports: is reserved for a later version",
                "5:1: [service \"web\"] addresses: is reserved for a later version",
            ]
        )
    }

    @Test func aSyntaxErrorIsOneFault() {
        #expect(
            ConfigurationFixture("[etcd]\nprefix = services\nprefxi = 1").faults() == [
                "2:10: syntax error while parsing value: could not determine value type"
            ]
        )
    }

    @Test func hostileTextStaysOnItsLine() {
        let long = String(repeating: "k", count: 100_000)
        let faults = ConfigurationFixture(
            "[etcd]\n\"a\\nb\\u001b[2J\\u202e\" = 1\n\(long) = 1\nprefix = \"\\u0085\""
        ).faults()
        #expect(
            faults == [
                "2:1: [etcd] unknown key \"a\\nb\\u{1b}[2J\\u{202e}\", \(Self.allowedInEtcd)",
                "3:1: [etcd] unknown key \"\(long.prefix(64))…\", \(Self.allowedInEtcd)",
                "4:10: [etcd] prefix: must be 1 to 512 printable characters of ASCII, "
                    + "such as \"services/\", is \"\\u{85}\"",
            ]
        )
    }

    @Test func columnsCountCharactersAndNotBytes() {
        #expect(
            ConfigurationFixture("[[service]]\nname = 1\n\"ü\" = 1").faults().last
                == "3:1: [service] unknown key \"ü\", allowed are "
                + "name, port, address, id, weight, zone, tags, meta, check, also, domain"
        )
        #expect(
            ConfigurationFixture("etcd = { \"üü\" = 1 }").faults() == [
                "1:10: [etcd] unknown key \"üü\", \(Self.allowedInEtcd)"
            ]
        )
        #expect(
            ConfigurationFixture("[[service]]\nmeta = { \"é\" = 2 }\nname = \"a\"\nport = 1")
                .faults()
                == [
                    "2:16: [service \"a\"] meta.\"é\": must be a string of at most 1024 bytes, is the integer 2"
                ]
        )
    }
}
