import Foundation
import TestKit
import Testing

/// `discoveryd render`, and outputs by a template.
@Suite struct RenderTests {
    private func render(_ arguments: String..., input: String = "/dev/null") async throws
        -> Command.Result
    {
        let words = [DaemonProcess.program, "render"] + arguments
        return try await Command(
            "/bin/sh",
            ["-c", "input=$1; shift; exec \"$@\" <\"$input\"", "sh", input] + words
        )
        .run()
    }

    @Test func dataAreRenderedAsTheStandardSays() async throws {
        try await TemporaryDirectory.with { directory in
            let template = try directory.write(
                "t.mustache",
                "{{#l}}\n  {{>p}}\n{{/l}}\n{{>missing}}{{x}} {{{x}}}\n"
            )
            try directory.write("p.mustache", "{{.}}\n")
            let data = try directory.write("data.json", #"{"l":[1.50,"a&b"],"x":"<"}"#)
            let expected = "  1.50\n  a&amp;b\n&lt; <\n"
            #expect(try await render(template, "--data", data).output == expected)
            let piped = try await render(template, "--data", "-", input: data)
            #expect(piped.output == expected && piped.status == 0 && piped.errors.isEmpty)
            let shell = try await render(template, "--data", data, "--escape", "shell")
            #expect(shell.output == "  1.50\n  a\\&b\n\\< <\n")
        }
    }

    @Test func faultsOfTemplateAndDataAreSaidWithTheirPlaces() async throws {
        try await TemporaryDirectory.with { directory in
            let good = try directory.write("good.mustache", "{{x}}")
            let bad = try directory.write("bad.mustache", "a\n{{#x}}")
            let data = try directory.write("data.json", "{\"x\":\n1]")
            let list = try directory.write("list.json", "{\"x\":[]}")
            let wrong = try await render(bad, "--data", list)
            #expect(
                wrong.status == 65 && wrong.errors == "\(bad):2:1: {{#x}} has no end; add {{/x}}\n"
            )
            let broken = try await render(good, "--data", data)
            #expect(broken.status == 65 && broken.errors.hasPrefix("\(data):2:2: a comma or }"))
            let missing = try await render(directory.file("none"), "--data", list)
            #expect(
                missing.status == 65 && missing.errors.contains("none cannot be read: No such file")
            )
            let unprintable = try await render(good, "--data", list)
            #expect(
                unprintable.status == 65 && unprintable.errors.hasPrefix("\(good):1:1: x is a list")
            )
        }
    }

    @Test func withoutDataAnOutputMustNameIt() async throws {
        try await TemporaryDirectory.with { directory in
            let template = try directory.write("t.mustache", "x")
            let file = try directory.write("d.conf", "")
            let result = try await render(template, "-c", file)
            #expect(
                result.status == 64
                    && result.errors.contains("no output of the configuration names")
            )
            let escape = try await render(template, "-c", file, "--escape", "json")
            #expect(escape.status == 64 && escape.errors.contains("--escape goes with --data"))
        }
    }

    @Test func anOutputIsWhatRenderPrintsAndFollowsTheTemplate() async throws {
        try await Fleet.with { fleet in
            let template = try fleet.directory.write(
                "t.mustache",
                "{{#services}}{{#endpoints}}{{name}} {{addr}} {{meta.note}}\n{{/endpoints}}{{/services}}"
            )
            let path = fleet.directory.file("made")
            let host = try fleet.start(
                "one",
                services: ["web/w1": 8080],
                more: """
                    [[output]]
                    path = "\(path)"
                    format = "template"
                    template = "\(template)"
                    escape = "nginx"
                    """
            )
            let hostile = #"{"Addr":"10.0.0.9:80","discoveryd":{"meta":{"note":"x;y"}}}"#
            try await fleet.etcd.etcdctl("put", "services/web/bad", hostile)
            try await fleet.etcd.etcdctl("put", "services/web/w2", "10.0.0.2:80")
            let expected = "web 10.0.0.5:8080 \nweb 10.0.0.2:80 \n"
            try await eventually("both are there") { fleet.directory.read("made") == expected }
            let log = host.process.printed
            #expect(log.contains(#"meta.note holds ";""#) && log.contains("web/bad"), "\(log)")
            let printed = try await render(template, "-c", fleet.directory.file("one.conf"))
            #expect(
                printed.output == expected
                    && printed.errors.contains("skipped: web/bad: it has a value")
            )

            // A wrong template changes nothing; a right one is taken up.
            try fleet.directory.write("t.mustache", "{{#services}}")
            let refused = try await host.ask("reload")
            #expect(
                refused.status != 0 && refused.errors.contains("\(template):1:1: [output"),
                "\(refused.errors)"
            )
            #expect(fleet.directory.read("made") == expected)
            try fleet.directory.write("t.mustache", "{{service_count}}")
            #expect(try await host.ask("reload").status == 0)
            try await eventually("the new template") { fleet.directory.read("made") == "1" }
        }
    }
}
