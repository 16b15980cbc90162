import Registry
import Testing

@testable import Configuration

@Suite struct ConfigurationOutputTests {
    private func output(_ lines: String) -> ConfigurationFixture {
        ConfigurationFixture("[[output]]\n\(lines)")
    }

    @Test func withoutAnyOutputTheStandardOneIsWritten() throws {
        let outputs = try ConfigurationFixture("").configuration().outputs
        #expect(outputs == [.standard])
        let standard = try #require(outputs.first)
        #expect(standard.path == "/run/discoveryd/endpoints.json")
        #expect(standard.services == nil)
        #expect(standard.format == .json)
        #expect(standard.mode.description == "0644")
    }

    @Test func noOutputsCanBeAskedFor() throws {
        #expect(try ConfigurationFixture("outputs = []").configuration().outputs.isEmpty)
    }

    @Test func everyKeyIsRead() throws {
        let fixture = output(
            """
            path = "/srv/lists/web.json"
            services = ["web", "weird:name"]
            format = "json"
            mode = "0640"
            on_empty = "keep"
            min_endpoints = 3
            hold = "2m"
            """
        )
        let read = try #require(try fixture.configuration().outputs.first)
        #expect(read.path == "/srv/lists/web.json")
        #expect(read.services?.map(\.text) == ["web", "weird:name"])
        #expect(read.mode.bits == 0o640)
        #expect(read.onEmpty == .keep && read.minEndpoints == 3 && read.hold == .seconds(120))
    }

    @Test func anOutputTakesThePlaceOfTheStandardOne() throws {
        let read = try output("path = \"/run/x.json\"").configuration().outputs
        #expect(read == [Configuration.Output(path: "/run/x.json")])
    }

    @Test func noOutputsBesideAnOutputIsRefused() {
        #expect(
            ConfigurationFixture("outputs = []\n[[output]]\npath = \"/run/x\"").faults() == [
                "1:11: outputs: must not be given beside the [[output]] at "
                    + "/etc/discoveryd.conf:2:1"
            ]
        )
    }

    @Test(arguments: [
        ("[\"/run/x\"]", "must be [], for no output; an output is a table, [[output]]"),
        ("\"none\"", "must be [], for no output; an output is a table, [[output]]"),
    ])
    func outputsTakesNothingButTheEmptyList(written: String, sentence: String) {
        #expect(
            ConfigurationFixture("outputs = \(written)").faults() == ["1:11: outputs: \(sentence)"]
        )
    }

    @Test func twoOutputsOfTheSameFileAreRefused() {
        let fixture = ConfigurationFixture(
            "[[output]]\npath = \"/run/x\"\n[[output]]\npath = \"/run/y\"\n"
                + "[[output]]\npath = \"/run/x\""
        )
        #expect(
            fixture.faults() == [
                "6:8: [output \"/run/x\"] path: is written by the output at "
                    + "/etc/discoveryd.conf:1:1"
            ]
        )
    }

    @Test func anOutputBelowTheFileOfAnotherIsRefused() {
        let fixture = ConfigurationFixture(
            "[[output]]\npath = \"/run/x/y/z\"\n[[output]]\npath = \"/run/x\""
        )
        #expect(
            fixture.faults() == [
                "2:8: [output \"/run/x/y/z\"] path: \"/run/x\" is a file, the output at "
                    + "/etc/discoveryd.conf:3:1"
            ]
        )
    }

    @Test(arguments: [
        ("[]", "2:12", "must name at least one service; leave it out for all services"),
        ("[\"web\", \"web\"]", "2:20", "names \"web\" twice"),
        ("\"web\"", "2:12", "must be an array of strings, is a string"),
        (
            "[\"a/b\"]", "2:13",
            "must be 1 to 128 printable characters of ASCII without \"/\", is \"a/b\""
        ),
    ])
    func servicesThatCannotBeAreRefused(written: String, place: String, sentence: String) {
        #expect(
            output("services = \(written)\npath = \"/run/x\"").faults() == [
                "\(place): [output \"/run/x\"] services: \(sentence)"
            ]
        )
    }

    private static let formats =
        "\"json\", \"prometheus\", \"haproxy\", \"nginx\", \"envoy\", \"hosts\", \"env\", \"lines\", "
        + "\"command\" or \"template\""

    @Test func aFormatOrModeThatCannotBeIsRefused() {
        #expect(
            output("path = \"/run/x\"\nformat = \"yaml\"\nmode = \"0844\"").faults() == [
                "3:10: [output \"/run/x\"] format: must be \(Self.formats), is \"yaml\"",
                "4:8: [output \"/run/x\"] mode: "
                    + "must be octal permission bits, \"0000\" to \"0777\", is \"0844\"",
            ]
        )
        #expect(
            output("path = \"/run/x\"\nformat = 1\nmode = 0o644").faults() == [
                "3:10: [output \"/run/x\"] format: must be the string \(Self.formats), "
                    + "is the integer 1",
                "4:8: [output \"/run/x\"] mode: must be a string of octal permission bits, "
                    + "\"0000\" to \"0777\", is the integer 420",
            ]
        )
    }

    @Test(arguments: [
        ("run/x", "must be absolute, is \"run/x\""),
        ("", "must be absolute, is \"\""),
        ("/", "must name a file, but \"/\" ends in \"/\""),
        ("/run/x/", "must name a file, but \"/run/x/\" ends in \"/\""),
        ("/run/../etc/passwd", "must not contain \"..\", is \"/run/../etc/passwd\""),
        ("/run/..", "must not contain \"..\", is \"/run/..\""),
        ("/run/./x", "must not contain \".\", is \"/run/./x\""),
        ("/run//x", "must not contain \"//\", is \"/run//x\""),
        (
            "/run/.discoveryd/x",
            "must not lie in a .discoveryd, where discoveryd stages its files, "
                + "is \"/run/.discoveryd/x\""
        ),
        ("/run/a\nb", "holds a control character"),
        ("/run/a\0b", "holds a control character"),
        // A mark that joins a slash makes one letter of the two, but not one byte.
        ("/run/..\u{2f}\u{301}etc/x", "must not contain \"..\", is \"/run/../\u{301}etc/x\""),
    ])
    func aPathThatCannotBeIsRefused(path: String, sentence: String) {
        #expect(OutputPath.fault(in: path) == sentence)
    }

    @Test(arguments: ["/x", "/run/..x", "/run/.hidden", "/run/x.discoveryd", "/run/ü b.json"])
    func aPathThatOnlyLooksOddIsAllowed(path: String) {
        #expect(OutputPath.fault(in: path) == nil)
    }

    @Test func aPathOrNameThatTheSystemCannotCarryIsRefused() {
        let name = String(repeating: "n", count: 201)
        #expect(
            OutputPath.fault(in: "/\(name)")
                == "must not contain a name longer than 200 bytes, is \"/\(name.prefix(63))…\""
        )
        let deep = String(repeating: "/d", count: 2000)
        #expect(OutputPath.fault(in: deep) == "is 4000 bytes long, at most 3800")
    }

    @Test func noOutputsBesideAnOutputIsSaidEvenWhenThatIsFaulty() {
        #expect(ConfigurationFixture("outputs = []\n[[output]]\npath = 5").faults().count == 2)
    }
}
