import EndpointFiles
import Testing

@testable import Configuration

/// `[host] zone`, and which zones an output prefers.
@Suite struct ConfigurationZonesTests {
    private let output = "[[output]]\npath = \"/run/x\"\n"

    @Test func `the zone of the host is that of its services which say none`() throws {
        let configuration = try ConfigurationFixture(
            """
            [host]
            zone = "a"
            [[service]]
            name = "web"
            port = 80
            [[service]]
            name = "db"
            port = 5432
            zone = "b"
            """
        ).configuration()
        #expect(configuration.host.zone == "a")
        #expect(configuration.services.map(\.zone) == ["a", "b"])
    }

    @Test func `another file may say the zone, and the last one counts`() throws {
        let main = ConfigurationLoader.standardPath
        let configuration = try ConfigurationFixture([
            main: "[host]\nzone = \"x\"\n[[service]]\nname = \"web\"\nport = 80",
            "\(main).d/a.conf": output + "prefer_zone = true",
            "\(main).d/b.conf": "[host]\nzone = \"a\"",
        ]).configuration()
        #expect(configuration.services.map(\.zone) == ["a"])
        #expect(configuration.outputs.map(\.zones) == [ZonePreference(zones: ["a"])])
    }

    @Test func `a preference reaches the file`() throws {
        func preference(_ lines: String) throws -> ZonePreference? {
            let text = "[host]\nzone = \"a\"\n\(output)\(lines)"
            let read = try #require(try ConfigurationFixture(text).configuration().outputs.first)
            return EndpointOutput(read).zones
        }
        #expect(try preference("") == nil)
        #expect(
            try preference("prefer_zone = true")
                == ZonePreference(zones: ["a"], spillBelow: .endpoints(1))
        )
        #expect(
            try preference("prefer_zone = true\nspill_below = 3")
                == ZonePreference(zones: ["a"], spillBelow: .endpoints(3))
        )
        #expect(
            try preference("prefer_zone = [\"b\", \"a\"]\nspill_below = \"50%\"")
                == ZonePreference(zones: ["b", "a"], spillBelow: .evenShare(percent: 50))
        )
    }

    @Test func `each file of a path with {service} prefers the zone`() throws {
        let text = """
            [host]
            zone = "a"
            [[output]]
            path = "/run/{service}"
            services = ["db", "web"]
            prefer_zone = true
            """
        let outputs = try ConfigurationFixture(text).configuration().outputs
        let preference = ZonePreference(zones: ["a"])
        #expect(outputs.map(\.zones) == [preference, preference])
    }

    @Test func `a mistake has its place and its sentence`() {
        func faults(_ lines: String) -> [String] {
            ConfigurationFixture(output + lines).faults().map {
                $0.replacing("[output \"/run/x\"] ", with: "")
            }
        }
        #expect(
            faults("prefer_zone = true") == [
                "3:15: prefer_zone: true is the zone of this host, and there is none; give it with zone in [host], "
                    + "or name zones"
            ]
        )
        #expect(
            faults("spill_below = 2") == [
                "3:15: spill_below: goes with prefer_zone, and there is none"
            ]
        )
        #expect(
            faults("zone = \"a\"\nprefer_zone = [\"a\"]") == [
                "4:15: prefer_zone: has no choice beside zone, which leaves the endpoints of one zone; leave one of "
                    + "the two out"
            ]
        )
        let kinds = "must be true, for the zone of this host, or an array of"
        let limits = "1 to 64 zones in order of preference"
        for (value, sentence) in [
            ("\"a\"", "\(kinds) \(limits), is the string \"a\""),
            ("[]", "must be \(limits), is an array"),
            ("false", "must be true or an array of zones; leave it out to prefer none"),
            ("[1]", "must be an array of strings, one of them is the integer 1"),
            ("[\"\"]", "the zone \"\" is empty"),
            ("[\"a\", \"b\", \"a\"]", "names \"a\" twice"),
        ] {
            #expect(faults("prefer_zone = \(value)") == ["3:15: prefer_zone: \(sentence)"])
        }
        let thresholds = "1 to 65535 or \"1%\" to \"100%\""
        let written =
            "must be a number of endpoints or a percentage of the even share, \(thresholds)"
        for (value, sentence) in [
            ("0", "must be \(thresholds), is 0"), ("65536", "must be \(thresholds), is 65536"),
            ("\"0%\"", "must be \(thresholds), is \"0%\""),
            ("\"101%\"", "must be \(thresholds), is \"101%\""),
            ("\"+5%\"", "\(written), is \"+5%\""), ("\"5\"", "\(written), is \"5\""),
            ("\"%\"", "\(written), is \"%\""), ("0.5", "\(written), is the float 0.5"),
        ] {
            #expect(
                faults("prefer_zone = [\"a\"]\nspill_below = \(value)") == [
                    "4:15: spill_below: \(sentence)"
                ]
            )
        }
        #expect(
            ConfigurationFixture("[host]\nzone = \"\"").faults() == ["2:8: [host] zone: is empty"]
        )
    }

    @Test func `a summary says the zones`() throws {
        let loaded = try ConfigurationFixture(
            """
            [host]
            zone = "a"
            [[service]]
            name = "web"
            port = 80
            [[output]]
            path = "/run/x"
            prefer_zone = ["a", "b"]
            spill_below = "50%"
            """
        ).load()
        let text = ConfigurationSummary(loaded, hostname: "box", primaryAddress: nil).text
        #expect(text.contains("weight 100, zone a\n"))
        let preference =
            "preferring zone a, then b, unless fewer than 50% of the even share are usable there"
        #expect(text.contains("writes: /run/x, all services, \(preference), as json\n"))
    }
}
