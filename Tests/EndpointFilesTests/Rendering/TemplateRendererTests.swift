import Foundation
import Mustache
import Programs
import Registry
import TestKit
import Testing

@testable import EndpointFiles

/// What a template sees of a list, and what becomes of what it cannot say.
@Suite struct TemplateRendererTests {
    private func text(
        _ template: String,
        _ escape: MustacheEscapeName = .none,
        _ endpoints: [Endpoint],
        services: [ServiceName]? = nil,
        includeDraining: Bool = false
    ) throws -> (text: String, rejections: [Rejection]) {
        Lists.text(
            try Templates.format(template, escape),
            endpoints,
            services: services,
            includeDraining: includeDraining
        )
    }

    private func rendering(
        _ template: String,
        _ escape: MustacheEscapeName,
        _ endpoints: [Endpoint]
    ) throws -> Rendering {
        EndpointOutput(path: "/list", format: try Templates.format(template, escape))
            .renderer(prefix: .standard).render(Lists.update(endpoints))
    }

    // MARK: the context

    @Test func everythingThatIsKnownOfAnEndpointCanBeShown() throws {
        let template = """
            {{#services}}{{#endpoints}}
            {{service}} {{id}} {{addr}} {{address}} {{port}} {{weight}} {{zone}} {{state}} {{draining}}
            {{wants_traffic}} {{ipv4}} {{ipv6}} {{create_revision}} {{mod_revision}} {{version}} {{lease}}
            [{{owner}}] {{#tags}}<{{.}}>{{/tags}} {{meta.version}} {{#meta}}{{version}}{{/meta}}
            {{#tag_list}}{{tag}}{{^last}}, {{/last}}{{/tag_list}}
            {{#meta_list}}{{#first}}({{/first}}{{name}}={{value}}{{^last}}, {{/last}}{{#last}}){{/last}}{{/meta_list}}
            {{/endpoints}}{{/services}}
            """
        let endpoint = try Lists.endpoint(
            "web",
            "web-1",
            address: "2001:db8::6",
            weight: 7,
            zone: "a",
            tags: ["blue", "new"],
            meta: ["version": "1.2", "b": "c"]
        )
        #expect(
            try text(template, .none, [endpoint]).text == """

                web web-1 [2001:db8::6]:8080 2001:db8::6 8080 7 a up false
                true false true 42 42 1 694d7a3c1f0b2e05
                [] <blue><new> 1.2 1.2
                blue, new
                (b=c, version=1.2)

                """
        )
    }

    /// `check` warns of all others.
    @Test func theNamesThatTheManualLists() throws {
        let manual = try String(
            contentsOf: Repository.root.appending(path: "packaging/discoveryd-formats.5"),
            encoding: .utf8
        )
        let section = try #require(
            manual.firstMatch(of: /\.Ss What a template can show\n(?s)(.*?)\n\.Ss/)?.output.1
        )
        var listed: Set<String> = []
        for line in section.split(separator: "\n") where line.starts(with: /\.(It )?Li [a-z]/) {
            let words = line.split(separator: " ").dropFirst(line.hasPrefix(".It") ? 2 : 1)
            listed.formUnion(
                words.map(String.init).filter { $0.wholeMatch(of: /[a-z_0-9]+/) != nil }
            )
        }
        let values: Set = ["up", "draining", "false", "json", "include_draining"]
        #expect(listed.subtracting(values) == Set(TemplateVocabulary.names).subtracting(values))
        #expect(TemplateVocabulary.names.contains("draining"))
    }

    @Test(arguments: TemplateVocabulary.names)
    func eachOfThemIsFound(name: String) throws {
        let endpoint = try Lists.endpoint("a", "1", zone: "z", tags: ["t"], meta: ["k": "v"])
        let template = """
            {{#NAME}}+{{/NAME}}{{^NAME}}-{{/NAME}}{{#services}}{{#NAME}}+{{/NAME}}{{^NAME}}-{{/NAME}}\
            {{#endpoints}}{{#NAME}}+{{/NAME}}{{^NAME}}-{{/NAME}}\
            {{#tag_list}}{{#NAME}}+{{/NAME}}{{/tag_list}}{{#meta_list}}{{#NAME}}+{{/NAME}}{{/meta_list}}\
            {{/endpoints}}{{/services}}
            """
        let found = try text(template.replacing("NAME", with: name), .none, [endpoint]).text
        // Of this endpoint they are false, or nobody has said them.
        let isAbsent = ["draining", "ipv6", "owner"].contains(name)
        #expect(found.contains("+") != isAbsent)
    }

    @Test func theTopHasTheCountsTheRevisionAndTheHost() throws {
        let endpoints = [
            try Lists.endpoint("web", "2"), try Lists.endpoint("web", "1"),
            try Lists.endpoint("db", "1"),
        ]
        #expect(
            try text(
                "{{service_count}} {{endpoint_count}} {{revision}} {{prefix}} {{cluster_id}} {{host.name}}",
                .none,
                endpoints
            ).text == "2 3 42 services/ cdf818194e3a8c32 box"
        )
    }

    @Test func servicesAndEndpointsAreSortedAndKnowFirstAndLast() throws {
        let endpoints = [
            try Lists.endpoint("web", "b"), try Lists.endpoint("web", "a"),
            try Lists.endpoint("web", "c"),
            try Lists.endpoint("db", "x"),
        ]
        let template =
            "{{#services}}{{#first}}<{{/first}}{{name}}:{{endpoint_count}}({{#endpoints}}{{#first}}^{{/first}}{{id}}"
            + "{{^last}},{{/last}}{{/endpoints}}){{^last}};{{/last}}{{#last}}>{{/last}}{{/services}}"
        #expect(try text(template, .none, endpoints).text == "<db:1(^x);web:3(^a,b,c)>")
    }

    @Test func namedServicesAreAlwaysThere() throws {
        let template =
            "{{#services}}{{name}}{{^endpoints}} is empty{{/endpoints}};{{/services}}{{^services}}none{{/services}}"
        let endpoints = [try Lists.endpoint("web", "1"), try Lists.endpoint("other", "1")]
        #expect(
            try text(template, .none, endpoints, services: try Lists.names("web", "db")).text
                == "db is empty;web;"
        )
        #expect(try text(template, .none, []).text == "none")
    }

    @Test func drainingEndpointsAreShownWhereTheOutputAsksForThem() throws {
        let template =
            "{{#services}}{{name}}:{{#endpoints}}{{id}} {{state}} {{wants_traffic}};{{/endpoints}}{{/services}}"
        let endpoints = [
            try Lists.endpoint("web", "1"), try Lists.endpoint("web", "2", state: .draining),
            try Lists.endpoint("web", "3", weight: 0),
        ]
        #expect(try text(template, .none, endpoints).text == "web:1 up true;")
        #expect(
            try text(template, .none, endpoints, includeDraining: true).text
                == "web:1 up true;2 draining false;3 up false;"
        )
        #expect(try text(template, .none, [endpoints[1]]).text == "web:")
    }

    @Test func namesAreSpelledForWhoHasFormatsHere() throws {
        let endpoints = [try Lists.endpoint("Web;", "[::1]:80")]
        let template =
            "{{#services}}{{name}} {{#endpoints}}{{service}} {{id}} {{addr}}{{/endpoints}}{{/services}}"
        #expect(
            try text(template, .haproxy, endpoints).text
                == "Web:3b Web:3b :5b:3a:3a1:5d:3a80 10.0.0.5:8080"
        )
        #expect(
            try text(template, .nginx, endpoints).text
                == "~57eb~3b ~57eb~3b ~5b~3a~3a1~5d~3a80 10.0.0.5:8080"
        )
        #expect(try text(template, .html, endpoints).text == "Web; Web; [::1]:80 10.0.0.5:8080")
    }

    // MARK: zones

    private static let backups =
        "{{#services}}{{#endpoints}}{{id}}{{^preferred}} backup{{/preferred}};{{/endpoints}}{{/services}}"

    private func zoned(_ template: String, _ escape: MustacheEscapeName, _ endpoints: [Endpoint])
        throws
        -> String
    {
        Lists.text(
            try Templates.format(template, escape),
            endpoints,
            zones: ZonePreference(zones: ["a"])
        ).text
    }

    @Test func aTemplateThatNamesItIsToldWhoIsPreferred() throws {
        let endpoints = [
            try Lists.endpoint("web", "1", zone: "a"), try Lists.endpoint("web", "2", zone: "b"),
        ]
        #expect(try zoned(Self.backups, .none, endpoints) == "1;2 backup;")
        // Without a preference nobody is a backup.
        #expect(try text(Self.backups, .none, endpoints).text == "1;2;")
        // Nobody is left in the preferred zone.
        #expect(try zoned(Self.backups, .none, [endpoints[1]]) == "2;")
    }

    @Test func aTemplateThatDoesNotIsShownThePreferredOnly() throws {
        let template = "{{#services}}{{#endpoints}}{{id}};{{/endpoints}}{{/services}}"
        let endpoints = [
            try Lists.endpoint("web", "1", zone: "a"), try Lists.endpoint("web", "2", zone: "b"),
        ]
        #expect(try zoned(template, .none, endpoints) == "1;")
        #expect(try zoned(template, .none, [endpoints[1]]) == "2;")
    }

    @Test(arguments: [backups, "{{#services}}{{#endpoints}}{{id}};{{/endpoints}}{{/services}}"])
    func whereNoneOfThePreferredCanBeSaidTheOthersAreShownPlain(_ template: String) throws {
        let endpoints = [
            try Lists.endpoint("web", "1", address: "name.example", zone: "a"),
            try Lists.endpoint("web", "2", zone: "b"), try Lists.endpoint("web", "3", zone: "c"),
        ]
        #expect(try zoned(template, .nginx, endpoints) == "2;3;")
    }

    @Test func aChoiceThatIsHeldIsRenderedAgainInTime() throws {
        let template =
            "{{#services}}{{#endpoints}}{{^preferred}}{{id}};{{/preferred}}{{/endpoints}}{{/services}}"
        var output = EndpointOutput(path: "/list", format: try Templates.format(template))
        output.zones = ZonePreference(zones: ["a"])
        output.zones?.spillBelow = .endpoints(10)
        let renderer = output.renderer(prefix: .standard)
        let other = try Lists.endpoint("web", "other", zone: "b")
        let endpoints = try (1...10).map { try Lists.endpoint("web", "\($0)", zone: "a") }
        #expect(renderer.render(Lists.update(endpoints + [other]), at: .zero).until == nil)
        // One below the threshold: the choice before stands for a while.
        let fewer = Lists.update(endpoints.dropLast() + [other])
        let held = renderer.render(fewer, at: .seconds(1))
        #expect(held.list.bytes == Array("other;".utf8))
        let until = try #require(held.until)
        let plain = renderer.render(fewer, at: until)
        #expect(plain.list.bytes == [] && plain.until == nil)
        #expect(plain.spilling.map(\.text) == ["web"])
    }

    @Test func theZoneOfTheHostCanBeShown() throws {
        let format = ListFormat.template(
            ListTemplate(
                try MustacheTemplate(Array("{{host.zone}}".utf8), name: "/etc/x.mustache"),
                escape: .none,
                host: ListTemplate.Host(name: "box", zone: "a")
            )
        )
        #expect(Lists.text(format, []).text == "a")
    }

    // MARK: the revision

    @Test func aListThatDiffersInItsRevisionAloneIsTheSame() throws {
        let output = EndpointOutput(
            path: "/list",
            format: try Templates.format("# {{revision}}\n{{#services}}{{name}}\n{{/services}}")
        )
        let renderer = output.renderer(prefix: .standard)
        let endpoints = [try Lists.endpoint("web", "1")]
        let first = renderer.render(Lists.update(endpoints, revision: 42)).list
        let second = renderer.render(Lists.update(endpoints, revision: 4711)).list
        #expect(second.bytes == Array("# 4711\nweb\n".utf8))
        #expect(
            first != second && first.isSameList(as: second) && first.isSameList(as: second.bytes)
        )
        let other = renderer.render(Lists.update([try Lists.endpoint("db", "1")])).list
        #expect(!first.isSameList(as: other) && !first.isSameList(as: other.bytes))
    }

    @Test func aRevisionThatIsPrintedTwiceIsText() throws {
        let list = try rendering("{{revision}} {{revision}}", .json, []).list
        #expect(!list.saysRevision && list.bytes == Array("42 42".utf8))
        #expect(list.isSameList(as: list.bytes))
        let without = try rendering("x", .json, []).list
        #expect(
            without.isSameList(as: Array("x".utf8)) && !without.isSameList(as: Array("x1".utf8))
        )
    }

    // MARK: what cannot be said

    @Test func anEndpointThatCannotBeSaidIsSkippedAndTheRestIsWhole() throws {
        let endpoints = [
            try Lists.endpoint("web", "1", meta: ["n": "fine"]),
            try Lists.endpoint("web", "2", meta: ["n": "fine"]),
            try Lists.endpoint("web", "3", meta: ["n": "x;y"]),
        ]
        let template =
            "{{#services}}{{endpoint_count}}:{{#endpoints}}{{meta.n}}{{^last}},{{/last}}{{/endpoints}}{{/services}}"
        let list = try text(template, .nginx, endpoints)
        #expect(list.text == "2:fine,fine")
        #expect(
            list.rejections.map(\.subject) == ["web/3"]
                && list.rejections.map(\.fault.code) == [.value]
        )
        #expect(
            list.rejections.first?.fault.description == """
                has a value that the template cannot print: meta.n holds ";", which the escape "nginx" cannot \
                represent, /etc/x.mustache:1:47
                """
        )
    }

    @Test func aValueThatIsNotShownDoesNoHarm() throws {
        let endpoints = [try Lists.endpoint("web", "1", zone: "a b", meta: ["n": "x\ny"])]
        let list = try text(
            "{{#services}}{{#endpoints}}{{addr}}{{/endpoints}}{{/services}}",
            .nginx,
            endpoints
        )
        #expect(list.text == "10.0.0.5:8080" && list.rejections == [])
    }

    @Test func aValueThatComesToLightLaterCountsToo() throws {
        // Each is shown as the last only, so each comes to light when the one behind it has gone.
        let endpoints = try (1...9).map {
            try Lists.endpoint("web", "\($0)", zone: $0 > 1 ? "a;b" : "a")
        }
        let list = try text(
            "{{#services}}{{#endpoints}}{{id}}{{#last}}={{zone}}{{/last}} {{/endpoints}}{{/services}}",
            .nginx,
            endpoints
        )
        #expect(list.text == "1=a ")
        #expect(list.rejections.map(\.subject) == (2...9).map { "web/\($0)" })
    }

    @Test func aServiceWhoseNameCannotBeSaidIsSkippedWhole() throws {
        let endpoints = [try Lists.endpoint("a$b", "1"), try Lists.endpoint("web", "1")]
        let list = try text("{{#services}}{{name}};{{/services}}", .systemd, endpoints)
        #expect(list.text == "web;" && list.rejections.map(\.subject) == ["a$b"])
        #expect(list.rejections.map(\.instance) == [nil])
    }

    @Test(arguments: [MustacheEscapeName.haproxy, .nginx])
    func anAddressThatWouldCostTheFileIsSkipped(_ escape: MustacheEscapeName) throws {
        let endpoints = [
            try Lists.endpoint("web", "1", address: "no-such-host.invalid"),
            try Lists.endpoint("web", "2", address: "0.0.0.0"), try Lists.endpoint("web", "3"),
        ]
        let list = try text(
            "{{#services}}{{#endpoints}}{{id}}{{/endpoints}}{{/services}}",
            escape,
            endpoints
        )
        #expect(list.text == "3")
        #expect(list.rejections.map(\.fault.code) == [.hostName, .unspecifiedAddress])
    }

    @Test func aTagAtTheWrongPlaceCostsThoseWhoHaveItsValue() throws {
        // No endpoint without that entry would show it, so neither check nor a trial can.
        let template =
            "{{#services}}{{#endpoints}}{{#meta.n}}{{meta.n}}{{/meta.n}}{{#meta.t}}{{tags}}{{/meta.t}}{{port}},"
            + "{{/endpoints}}{{/services}}"
        let endpoints = [
            try Lists.endpoint("web", "1"), try Lists.endpoint("web", "2", meta: ["n": "1,2"]),
            try Lists.endpoint("web", "3", meta: ["t": "x"]),
        ]
        let list = try text(template, .json, endpoints)
        #expect(list.text == "8080," && list.rejections.map(\.subject) == ["web/2", "web/3"])
        let said = list.rejections.map(\.fault.description)
        #expect(said[0].contains("the tag of meta.n stands outside of a string in double quotes"))
        #expect(said[1].contains("tags is a list"))
    }

    // MARK: what fails

    @Test func aValueOfNobodyIsAFaultOfTheTemplate() throws {
        let format = ListFormat.template(
            ListTemplate(
                try MustacheTemplate(Array("\n{{host.name}}".utf8), name: "/etc/x.mustache"),
                escape: .nginx,
                host: ListTemplate.Host(name: "a b")
            )
        )
        let rendering = EndpointOutput(path: "/list", format: format)
            .renderer(prefix: .standard).render(Lists.update([]))
        #expect(
            rendering.fault
                == ProgramFault(
                    code: .notRendered,
                    message: """
                        /etc/x.mustache:2:1: host.name holds white space, which the escape "nginx" cannot \
                        represent
                        """
                )
        )
    }

    @Test func aTemplateThatTakesTooManyStepsIsEnded() throws {
        let template = ListTemplate(
            try MustacheTemplate(
                Array(
                    "{{#services}}{{#endpoints}}{{#endpoints}}{{id}}{{/endpoints}}{{/endpoints}}{{/services}}"
                        .utf8
                ),
                name: "/etc/x.mustache"
            ),
            escape: .none,
            host: ListTemplate.Host(name: "box")
        )
        var renderer = TemplateRenderer(
            template,
            prefix: .standard,
            services: nil,
            limits: MustacheLimits(steps: 1000, depth: 128, bytes: 1 << 20)
        )
        let endpoints = try (1...100).map { try Lists.endpoint("web", "\($0)") }
        let fault = renderer.render(Lists.update(endpoints)).fault
        #expect(fault?.code == .notRendered)
        #expect(fault?.message.contains("rendering takes more than 1000 steps") == true)
    }

    @Test func outputsOfOneTemplateShareARenderer() throws {
        let pool = RendererPool(prefix: .standard)
        let first = EndpointOutput(path: "/a", format: try Templates.format("x"))
        let second = EndpointOutput(path: "/b", format: try Templates.format("x"))
        let third = EndpointOutput(path: "/c", format: try Templates.format("y"))
        let renderer = pool.renderer(of: first)
        #expect(renderer === pool.renderer(of: second) && renderer !== pool.renderer(of: third))
    }
}
