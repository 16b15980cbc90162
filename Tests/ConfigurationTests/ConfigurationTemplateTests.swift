import EndpointFiles
import Mustache
import Testing

@testable import Configuration

/// `format = "template"`: the template and its partials are files of the configuration.
@Suite struct ConfigurationTemplateTests {
    private static let path = "/etc/discoveryd/x.mustache"

    private func fixture(
        _ files: [String: String],
        _ lines: String = "escape = \"html\"",
        failures: [String: ConfigurationSource.Failure] = [:]
    ) -> ConfigurationFixture {
        let text = """
            [[output]]
            path = "/run/x"
            format = "template"
            template = "\(Self.path)"
            \(lines)
            """
        return ConfigurationFixture(
            files.merging([ConfigurationLoader.standardPath: text]) { $1 },
            failures: failures
        )
    }

    private func faults(_ files: [String: String], _ lines: String = "escape = \"html\"")
        -> [String]
    {
        fixture(files, lines).faults().map { $0.replacing("[output \"/run/x\"] ", with: "") }
    }

    @Test func theTemplateIsReadWithAllItsPartials() throws {
        let files = [
            Self.path: "{{#services}}{{>one}}{{/services}}",
            "/etc/discoveryd/one.mustache": "{{>two}}{{>one.b}}",
            "/etc/discoveryd/two.mustache": "{{name}}",
            "/etc/discoveryd/one.b.mustache": "{{host.name}}",
        ]
        let output = try #require(try fixture(files).configuration().outputs.first)
        let template = try #require(output.template)
        #expect(template.escape == .html && template.host == ListTemplate.Host(name: "box"))
        #expect(template.text.name == Self.path)
        #expect(template.partials.keys.sorted() == ["one", "one.b", "two"])
        #expect(template.files.count == 4 && template.files.allSatisfy { files.keys.contains($0) })
        #expect(EndpointOutput(output).format == .template(template))
    }

    @Test func aNameThatNoListHasIsAWarningWithTheOneThatWasMeant() throws {
        let fixture = fixture([
            Self.path: """
            {{#services}}{{#endpoints}}
            {{adress}} {{meta.rack}} {{host.zon}} {{#meta}}{{rack}}{{/meta}}{{>p}}
            {{^draning}}x{{/draning}} {{nonsense.of.mine}}
            {{/endpoints}}{{/services}}

            """,
            "/etc/discoveryd/p.mustache": "{{id}}{{Weight}}",
        ])
        let place = "/etc/discoveryd/x.mustache"
        let lost = "is nothing that a list has, so that its tag shows nothing;"
        #expect(
            try fixture.warnings().map { $0.replacing("[output \"/run/x\"] ", with: "") } == [
                "/etc/discoveryd/p.mustache:1:7: \"Weight\" \(lost) did you mean \"weight\"?",
                "\(place):2:1: \"adress\" \(lost) did you mean \"address\"?",
                "\(place):2:26: \"host.zon\" \(lost) did you mean \"zone\"?",
                "\(place):3:1: \"draning\" \(lost) did you mean \"draining\"?",
                "\(place):3:27: \"nonsense.of.mine\" \(lost) discoveryd-formats(5) has those that it can show",
            ]
        )
    }

    @Test func ofManyUnknownNamesTheFirstTenAreWarnedOfEachOnce() throws {
        let names = (0..<20_000).map { "{{x\($0 / 2)}}" }.joined()
        let warnings = try fixture([Self.path: names]).warnings()
        #expect(warnings.count == 10)
        #expect(warnings.last?.contains("\"x9\" is nothing that a list has") == true)
    }

    @Test func aTemplateThatHasChangedIsAnotherFormat() throws {
        let first = try fixture([Self.path: "a"]).configuration().outputs.map(EndpointOutput.init)
        let second = try fixture([Self.path: "b"]).configuration().outputs.map(EndpointOutput.init)
        #expect(first != second)
        #expect(
            try fixture([Self.path: "a"]).configuration().outputs.map(EndpointOutput.init) == first
        )
    }

    @Test func eachServiceOfAPathHasTheTemplate() throws {
        let text = """
            [[output]]
            path = "/run/{service}"
            services = ["web", "db"]
            format = "template"
            template = "\(Self.path)"
            escape = "shell"
            """
        let outputs = try ConfigurationFixture([
            ConfigurationLoader.standardPath: text, Self.path: "x",
        ]).configuration().outputs
        #expect(outputs.map(\.path) == ["/run/web", "/run/db"])
        #expect(outputs.allSatisfy { $0.template?.escape == .shell })
    }

    // MARK: faults

    @Test func aWrongTemplateIsAFaultAtItsPlace() {
        #expect(
            faults([Self.path: "a\n{{#b}}"]) == [
                "/etc/discoveryd/x.mustache:2:1: {{#b}} has no end; add {{/b}}"
            ]
        )
        #expect(
            faults([Self.path: "{{>p}}", "/etc/discoveryd/p.mustache": "\n{{x"]) == [
                "/etc/discoveryd/p.mustache:2:1: the tag has no end; close it with \"}}\""
            ]
        )
    }

    @Test func aMissingTemplateIsAFaultWhereItIsNamed() {
        #expect(faults([:]) == ["4:12: template: \"/etc/discoveryd/x.mustache\" does not exist"])
        #expect(
            faults([Self.path: "\n{{>p}}"]) == [
                "/etc/discoveryd/x.mustache:2:1: partial: \"/etc/discoveryd/p.mustache\" does not exist"
            ]
        )
    }

    @Test func aTemplateThatMayNotBeReadSaysTheRemedy() {
        let unreadable = fixture([:], failures: [Self.path: .system(13)]).faults()
        #expect(unreadable.count == 1 && unreadable[0].contains("must be able to read it"))
    }

    @Test(arguments: ["../etc/passwd", "/etc/passwd", ".hidden", "a/b", "a:b"])
    func partialsAreBesideTheTemplate(_ name: String) {
        #expect(
            faults([Self.path: "{{>\(name)}}"]) == [
                "/etc/discoveryd/x.mustache:1:1: partial: \"\(name)\" must be the name of a file beside the "
                    + "template, without \".mustache\": letters, digits, \"_\", \"-\" and inner dots"
            ]
        )
    }

    @Test func tagsWithoutAnEscapeAreFaultsUnlessThereIsNone() throws {
        let sentence =
            "{{{…}}} and {{&…}} write a value without escaping it; write {{…}}, or set escape = \"none\" for "
            + "all of the output"
        let files = [
            Self.path: "{{{revision}}}\n{{&revision}}{{>p}}",
            "/etc/discoveryd/p.mustache": "{{{revision}}}",
        ]
        #expect(
            faults(files)
                == [
                    "/etc/discoveryd/x.mustache:1:1: \(sentence)",
                    "/etc/discoveryd/x.mustache:2:1: \(sentence)",
                    "/etc/discoveryd/p.mustache:1:1: \(sentence)",
                ].sorted { $0 > $1 } || faults(files).count == 3
        )
        #expect(faults(files, "escape = \"none\"") == [])
        #expect(
            try fixture(files, "escape = \"none\"").warnings() == [
                "5:10: [output \"/run/x\"] escape: \"none\" writes values as they are; whoever can register a "
                    + "service can write anything into this file"
            ]
        )
    }

    @Test(arguments: [
        ("{{services}}", "1:1: services is a list; write {{#services}}…{{/services}}"),
        (
            "{{#services}}\n{{#endpoints}}{{meta}}{{/endpoints}}{{/services}}",
            "2:15: meta is an object; name"
        ),
        ("{{>x}}", "1:1: sections and partials are more than 128 deep"),
    ])
    func whatWouldFailOnEveryHostIsAFault(_ template: String, _ start: String) throws {
        let fault = try #require(faults([Self.path: template]).first)
        #expect(fault.hasPrefix("/etc/discoveryd/x.mustache:\(start)"))
    }

    @Test func aTagThatItsEscapeDoesNotProtectIsAFault() throws {
        let template = "{{#services}}\n\"a\": {{name}}{{/services}}"
        #expect(
            faults([Self.path: template], "escape = \"json\"") == [
                "/etc/discoveryd/x.mustache:2:6: the tag of name stands outside of a string in double quotes, where "
                    + "the escape \"json\" protects nothing; move it"
            ]
        )
    }

    @Test func bothKeysMustBeGivenAndOnlyWithTheFormat() {
        let missing = ConfigurationFixture("[[output]]\npath = \"/run/x\"\nformat = \"template\"")
            .faults()
        #expect(
            missing == [
                "1:1: [output \"/run/x\"] template: is missing, format \"template\" renders it; an absolute path "
                    + "such as \"/etc/discoveryd/list.mustache\"",
                "1:1: [output \"/run/x\"] escape: is missing, must say how values are written: \"haproxy\", "
                    + "\"nginx\", \"shell\", \"json\", \"yaml\", \"systemd\", \"html\", \"none\"",
            ]
        )
        let others = ConfigurationFixture(
            "[[output]]\npath = \"/run/x\"\ntemplate = \"/x\"\nescape = \"json\""
        ).faults()
        #expect(
            others == [
                "3:12: [output \"/run/x\"] template: belongs to format \"template\", the format is \"json\"",
                "4:10: [output \"/run/x\"] escape: belongs to format \"template\", the format is \"json\"",
            ]
        )
        #expect(
            faults([Self.path: ""], "escape = \"jason\"") == [
                "5:10: escape: must be \"haproxy\", \"nginx\", \"shell\", \"json\", \"yaml\", \"systemd\", "
                    + "\"html\" or \"none\", is \"jason\""
            ]
        )
    }

    @Test func noOutputMayBeATemplate() throws {
        let text = """
            [[output]]
            path = "/run/x"
            format = "template"
            template = "\(Self.path)"
            escape = "json"
            [[output]]
            path = "/etc/discoveryd/p.mustache"
            """
        let loaded = try ConfigurationFixture([
            ConfigurationLoader.standardPath: text, Self.path: "{{>p}}",
            "/etc/discoveryd/p.mustache": "x",
        ]).load()
        #expect(loaded.configuration.outputs.map(\.path) == ["/run/x"])
        #expect(
            loaded.refused.map(\.sentence) == [
                "path: \"/etc/discoveryd/p.mustache\" is a template, \"/etc/discoveryd/p.mustache\"; name another "
                    + "file. This output is not written"
            ]
        )
    }
}
