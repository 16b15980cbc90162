import EndpointFiles
import Files
import Programs
import Registry
import Testing

@testable import Configuration

/// What an output may ask for beside its path: its form, its owner, and what is done with it.
@Suite struct ConfigurationOutputOptionsTests {
    private func faults(_ lines: String) -> [String] {
        ConfigurationFixture("[[output]]\npath = \"/run/x.json\"\n\(lines)").faults().map {
            $0.replacing("[output \"/run/x.json\"] ", with: "")
        }
    }

    private func outputs(_ path: String, _ lines: String) throws -> [Configuration.Output] {
        try ConfigurationFixture("[[output]]\npath = \"\(path)\"\n\(lines)").configuration().outputs
    }

    @Test func `the runtime API of HAProxy is read, with what stands behind each server`() throws {
        let lines = """
            services = ["web"]
            format = "haproxy"
            server_options = "check  inter 2s"
            runtime = "/run/haproxy/admin.sock"
            drain_before_delete = "5s"
            check = ["haproxy", "-c", "-f", "{file}"]
            reload = { unit = "haproxy.service" }
            """
        let configuration = try ConfigurationFixture("[[output]]\npath = \"/run/x.cfg\"\n\(lines)")
            .configuration()
        let output = EndpointOutput(try #require(configuration.outputs.first))
        #expect(output.format == .haproxy(options: HAProxyServerOptions("check inter 2s")))
        #expect(output.hasRuntime)
        #expect(
            configuration.runtimeOutputs == [
                RuntimeOutput(
                    path: "/run/x.cfg",
                    socket: "/run/haproxy/admin.sock",
                    drainBeforeDelete: .seconds(5),
                    check: ProgramCall(["haproxy", "-c", "-f", "{file}"])
                )
            ]
        )
    }

    @Test(arguments: [
        (
            #"server_options = "check;quit""#,
            #"server_options: must be words such as "check inter 2s""#
        ),
        (#"server_options = "weight 5""#, #"server_options: "weight" is written by discoveryd"#),
        (
            #"server_options = "check cookie x"\#nruntime = "/s"\#nreload = { unit = "a.service" }"#,
            #"runtime: HAProxy takes no "cookie" for a server that is added while it runs"#
        ),
        (#"runtime = "/run/haproxy/admin.sock""#, "runtime: needs reload = { ... } beside it"),
        (#"runtime = "admin.sock""#, "runtime: must be absolute, is"),
        (#"drain_before_delete = "5s""#, "drain_before_delete: is for runtime, and there is none"),
    ])
    func `what HAProxy's runtime API cannot have is refused`(lines: String, fault: String) {
        let found = faults("services = [\"web\"]\nformat = \"haproxy\"\n\(lines)")
        #expect(found.contains { $0.contains(fault) }, "\(found)")
    }

    @Test func `other formats have no runtime API and no server options`() {
        let found = faults(
            "runtime = \"/s\"\nserver_options = \"check\"\nreload = { unit = \"a.service\" }"
        )
        #expect(found.count == 2, "\(found)")
        #expect(found.allSatisfy { $0.contains("belongs to format \"haproxy\"") }, "\(found)")
    }

    @Test func everyOptionIsReadAndReachesTheFile() throws {
        let read = try #require(
            try outputs(
                "/etc/haproxy/backends.cfg",
                """
                services = ["web"]
                zone = "a"
                tags = ["blue", "new"]
                format = "haproxy"
                include_draining = true
                header = true
                owner = "haproxy"
                group = "4711"
                mode = "0640"
                wait = { min = "2s", max = "1m" }
                check = ["haproxy", "-c", "-f", "{file}"]
                timeout = "20s"
                [output.reload]
                unit = "haproxy.service"
                interval = "10s"
                splay = "30s"
                timeout = "1m"
                """
            ).first
        )
        let output = EndpointOutput(read)
        #expect(output.format == .haproxy() && output.header && output.includeDraining)
        #expect(output.filter == EndpointFilter(zone: "a", tags: ["blue", "new"]))
        #expect(output.access == FileAccess(mode: 0o640, owner: 101, group: 4711))
        #expect(output.wait == OutputWait(min: .seconds(2), max: .seconds(60)))
        #expect(
            output.check == ProgramCall(["haproxy", "-c", "-f", "{file}"], limit: .seconds(20))
        )
        #expect(
            read.reload
                == ReloadAction(
                    .unit("haproxy.service"),
                    limit: .seconds(60),
                    interval: .seconds(10),
                    splay: .seconds(30)
                )
        )
    }

    @Test func theLongestWaitFollowsFromTheShortest() throws {
        let read = try outputs("/run/x", "wait = { min = \"500ms\" }")
        #expect(read.map(\.wait) == [OutputWait(min: .milliseconds(500), max: .seconds(2))])
    }

    @Test func aHostsFileHasItsDomainAndAProgramItsArguments() throws {
        let hosts = try outputs("/run/hosts", "format = \"hosts\"\ndomain = \"Corp.Example.\"")
        let domain = try #require(DomainName("corp.example"))
        #expect(hosts.map { EndpointOutput($0).format } == [.hosts(domain: domain)])
        let made = try outputs("/run/x", "format = \"command\"\ncommand = [\"/bin/x\", \"-a b\"]")
        #expect(made.map { EndpointOutput($0).command } == [ProgramCall(["/bin/x", "-a b"])])
        #expect(made.map { EndpointOutput($0).format } == [.json])
    }

    // MARK: {service}

    @Test func aPathIsExpandedOverTheServicesOfItsOwnOutput() throws {
        let read = try outputs(
            "/run/{service}/{service}.json",
            "services = [\"web\", \"db\"]\nformat = \"envoy\""
        )
        #expect(read.map(\.path) == ["/run/web/web.json", "/run/db/db.json"])
        #expect(read.map { $0.services?.map(\.text) } == [["web"], ["db"]])
    }

    @Test(arguments: [
        ("", ["2:8: path: {service} needs services = [...], which it is expanded over"]),
        (
            "services = [\"..\"]",
            ["2:8: path: must not contain \"..\", is \"/run/../x.json\""]
        ),
        (
            "services = [\".discoveryd\"]",
            [
                "2:8: path: must not lie in a .discoveryd, where discoveryd stages its files, is "
                    + "\"/run/.discoveryd/x.json\""
            ]
        ),
    ])
    func aPathThatCannotBeExpandedIsRefused(lines: String, sentences: [String]) {
        let fixture = ConfigurationFixture("[[output]]\npath = \"/run/{service}/x.json\"\n\(lines)")
        let name = "[output \"/run/{service}/x.json\"] "
        #expect(fixture.faults().map { $0.replacing(name, with: "") } == sentences)
    }

    @Test func expandedPathsThatMeetAreRefused() {
        let text = """
            [[output]]
            path = "/run/web.json"
            [[output]]
            path = "/run/{service}.json"
            services = ["db", "web"]
            """
        #expect(
            ConfigurationFixture(text).faults() == [
                "4:8: [output \"/run/{service}.json\"] path: is written by the output at "
                    + "/etc/discoveryd.conf:1:1"
            ]
        )
    }

    @Test func anotherWordInBracesIsRefused() {
        let text = "[[output]]\npath = \"/run/{services}.json\"\nservices = [\"web\"]"
        #expect(
            ConfigurationFixture(text).faults() == [
                "2:8: [output \"/run/{services}.json\"] path: holds \"{services}.json\", but only "
                    + "{service} stands for something"
            ]
        )
    }

    // MARK: what does not go together

    @Test(arguments: [
        ("zone = 5", "3:8: zone: must be a string of 1 to 128 bytes, is the integer 5"),
        ("include_draining = \"yes\"", "include_draining: must be a boolean, true or false"),
        ("header = true", "3:10: header: format \"json\" has no comments to write one in"),
        (
            "domain = \"x.example\"",
            "3:10: domain: belongs to format \"hosts\", the format is \"json\""
        ),
        ("owner = \"nobody-here\"", "owner: must be a user of this host, is \"nobody-here\""),
        ("group = \"4294967295\"", "group: must be a group of this host, is \"4294967295\""),
        (
            "format = \"haproxy\"",
            "3:10: services: must be given with format \"haproxy\": a service that somebody calls "
                + "like a name of your own configuration would be taken for it"
        ),
        (
            "format = \"envoy\"",
            "3:10: services: must name exactly one service with format \"envoy\"; for several, put "
                + "{service} into the path"
        ),
        (
            "format = \"command\"",
            "1:1: command: is missing, format \"command\" runs it; an array of the program and its "
                + "arguments"
        ),
        (
            "command = [\"x\"]",
            "3:11: command: belongs to format \"command\", the format is \"json\""
        ),
        ("format = \"comand\"\ncommand = [\"x\"]", "3:10: format: must be \"json\", "),
        ("check = []", "3:9: check: must be a program and its arguments, such as [\"/bin/true\"]"),
        ("check = \"haproxy -c\"", "3:9: check: must be an array of strings, is a string"),
        (
            "check = [\"bin/x\", \"{file}\"]",
            "3:9: check: the program must be a name or an absolute path, is \"bin/x\""
        ),
        (
            "check = [\"haproxy\", \"-c\"]",
            "3:9: check: must hold {file}, which stands for the new file"
        ),
        ("timeout = \"5s\"", "3:11: timeout: is for check and command, and there is neither"),
        ("wait = \"1s\"", "3:8: wait: must be a table, is the string \"1s\""),
        (
            "wait = { min = \"1d\" }",
            "3:16: wait.min: must be a duration from 0s to 1h, such as \"1s\", is \"1d\""
        ),
        (
            "wait = { max = \"1s\" }",
            "3:8: wait.min: is missing, must be a duration from 0s to 1h, such as \"1s\""
        ),
        (
            "wait = { min = \"2s\", max = \"1s\" }",
            "3:28: wait.max: must not be shorter than min, is \"1s\""
        ),
        (
            "wait = { min = \"2s\", mix = \"1s\" }",
            "3:22: wait: unknown key \"mix\", did you mean \"min\"?"
        ),
        ("reload = {}", "3:10: reload: must have either unit or command, has neither"),
        (
            "reload = { unit = \"x.service\", command = [\"x\"] }",
            "3:10: reload: must have either unit or command, has both"
        ),
        (
            "reload = { unit = \"haproxy\" }",
            "3:19: reload.unit: must be a unit of systemd, such as \"nginx.service\", is \"haproxy\""
        ),
        (
            "reload = { command = [1] }",
            "3:23: reload.command: must be a string without a NUL, is the integer 1"
        ),
    ])
    func whatCannotBeIsSaidWhereItStands(lines: String, sentence: String) throws {
        let found = faults(lines)
        #expect(found.count == 1)
        #expect(try #require(found.first).contains(sentence))
    }

    @Test func aFormatThatItsReaderKnowsByTheNameOfTheFileNeedsThatName() {
        let text = "[[output]]\npath = \"/run/x\"\nformat = \"prometheus\""
        #expect(
            ConfigurationFixture(text).faults() == [
                "2:8: [output \"/run/x\"] path: must end in \".json\" for format \"prometheus\", is "
                    + "\"/run/x\""
            ]
        )
    }

    @Test func oneReloadHasOneSetOfSettings() {
        let text = """
            [[output]]
            path = "/run/a"
            reload = { unit = "x.service" }
            [[output]]
            path = "/run/b"
            reload = { unit = "x.service", splay = "5s" }
            """
        #expect(
            ConfigurationFixture(text).faults() == [
                "4:1: [output \"/run/b\"] reload: must have the interval, splay and timeout of the "
                    + "output at /etc/discoveryd.conf:1:1, which reloads the same"
            ]
        )
    }

    // MARK: the summary

    @Test func theSummaryNamesTheFormatAndWhatIsDone() throws {
        let loaded = try ConfigurationFixture(
            """
            [[output]]
            path = "/run/x.cfg"
            services = ["web"]
            format = "haproxy"
            zone = "a"
            check = ["haproxy", "-c", "-f", "{file}"]
            reload = { unit = "haproxy.service" }
            """
        ).load()
        #expect(
            ConfigurationSummary(loaded, hostname: "box", primaryAddress: nil).text.contains(
                "writes: /run/x.cfg, web, zone a, as haproxy, checked by haproxy -c -f {file}, then "
                    + "haproxy.service is reloaded\n"
            )
        )
    }

    @Test func usersAndGroupsOfThisHostAreFound() {
        #expect(Accounts.ofHost.user("root")?.id == 0 && Accounts.ofHost.group("root")?.id == 0)
        #expect(Accounts.ofHost.user("no-such-user-here") == nil)
        #expect(Accounts.ofHost.user("12") == Account(name: "12", id: 12))
    }

    @Test func aProgramThatIsNotThereIsAWarning() throws {
        let text = """
            [[service]]
            name = "web"
            port = 80
            check = [{ exec = ["/no/check", "x"] }]
            [[output]]
            path = "/run/x"
            check = ["haproxy", "-c", "-f", "{file}"]
            reload = { command = ["/no/reload"] }
            """
        let fixture = ConfigurationFixture(
            [ConfigurationLoader.standardPath: text],
            missingPrograms: ["/no/check", "/no/reload"]
        )
        let rest = "here that can be run; install it, or name its path"
        #expect(
            try fixture.load().warnings.map(\.sentence) == [
                "check: there is no program \"/no/check\" \(rest)",
                "reload: there is no program \"/no/reload\" \(rest)",
            ]
        )
    }
}
