import EndpointFiles
import Foundation
import Mustache
import Registry
import TestKit
import Testing
import Texts

/// What templates make of hostile records, given to those who read such files: each endpoint that is in the file is there
/// with the values that it has, and none of them is anything else.
@Suite struct TemplatesAreReadTests {
    /// An endpoint of each hostile text, in each place where a record can hold one; and two that mean no harm, the first
    /// and the last.
    private static func endpoints() throws -> [Endpoint] {
        let texts =
            HostileEndpoints.texts + ["{{x}}", "{{", "}}", "%h", "${HOME}", " ", "a b", "", "é"]
        let hostile = try texts.enumerated().map { number, text in
            try Lists.endpoint(
                "web",
                "h\(100 + number)",
                zone: text,
                tags: [text],
                meta: ["note": text, text: "x"]
            )
        }
        return try [good("a")] + hostile + [good("z")]
    }

    private static func good(_ id: String) throws -> Endpoint {
        try Lists.endpoint(
            "web",
            id,
            zone: "fine",
            tags: ["fine"],
            meta: ["note": "fine", "b": "fine"]
        )
    }

    /// The endpoints that a template shows, and the text.
    private func rendered(
        _ template: String,
        _ escape: MustacheEscapeName
    ) throws -> (text: String, shown: [Endpoint]) {
        let all = try Self.endpoints()
        let list = Lists.text(try Templates.format(template, escape), all)
        let left = Set(list.rejections.compactMap(\.instance))
        let shown = all.filter { !left.contains($0.instance.key.instance) }
        // Those that mean no harm are always there, and so is somebody who does.
        #expect(
            Set(shown.map(\.instance.key.instance.text)).isSuperset(of: ["a", "z"])
                && shown.count > 5
        )
        #expect(list.rejections.allSatisfy { $0.fault.code == .value })
        return (list.text, shown)
    }

    private func note(_ endpoint: Endpoint) -> String { endpoint.instance.meta["note"] ?? "" }

    // MARK: shells

    private static let words =
        "{{#services}}{{#endpoints}}{{id}} {{zone}} {{meta.note}} {{#tags}}{{.}}{{/tags}}\n{{/endpoints}}{{/services}}"

    @Test(arguments: [Consumer.sh, .bash])
    func aShellSeesOneWordATag(_ shell: Consumer) async throws {
        let (text, shown) = try rendered(
            Self.words.replacing("{{id}}", with: "printf '%s\\0%s\\0%s\\0%s\\0' {{id}}"),
            .shell
        )
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("script", text)
            let result = try await shell.run(["-u", path])
            #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
            let seen = result.output.split(separator: "\0", omittingEmptySubsequences: false)
                .dropLast().map(String.init)
            #expect(
                seen
                    == shown.flatMap {
                        [$0.instance.key.instance.text, note($0), note($0), note($0)]
                    }
            )
        }
    }

    @Test(arguments: [Consumer.sh, .bash])
    func withinDoubleQuotesAShellRunsNothing(_ shell: Consumer) async throws {
        let (text, shown) = try rendered(
            "{{#services}}{{#endpoints}}printf '%s\\0' \"{{zone}}\"\n{{/endpoints}}{{/services}}",
            .shell
        )
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("script", text)
            let result = try await shell.run(["-u", path])
            #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
            #expect(
                result.output.split(separator: "\0", omittingEmptySubsequences: false).count
                    == shown.count + 1
            )
            #expect(!result.output.contains("uid="))
        }
    }

    @Test func systemdReadsAnEnvironmentFileAsItIsMeant() async throws {
        let (text, shown) = try rendered(
            "{{#services}}{{#endpoints}}T_{{id}}={{zone}}\nQ_{{id}}=\"{{meta.note}}\"\n{{/endpoints}}{{/services}}",
            .systemd
        )
        var seen: [String: String] = [:]
        for line in try await Consumer.systemdEnvironment(text)
        where line.hasPrefix("T_") || line.hasPrefix("Q_") {
            let pair = line.split(separator: "=", maxSplits: 1)
            seen[String(pair[0])] = String(pair[1])
        }
        var expected: [String: String] = [:]
        for endpoint in shown {
            expected["T_\(endpoint.instance.key.instance)"] = note(endpoint)
            expected["Q_\(endpoint.instance.key.instance)"] = note(endpoint)
        }
        #expect(seen == expected)
    }

    // MARK: JSON, YAML, HTML

    private static let strings = """
        {"l": [{{#services}}{{#endpoints}}
        {"id": "{{id}}", "zone": "{{zone}}", "note": "{{meta.note}}", "port": {{port}},
         "names": [{{#meta_list}}"{{name}}"{{^last}}, {{/last}}{{/meta_list}}]}{{^last}},{{/last}}
        {{/endpoints}}{{/services}}]}

        """

    private func expectTheSame(_ json: String, _ shown: [Endpoint]) throws {
        let read = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        let list = try #require(read?["l"] as? [[String: Any]])
        #expect(list.count == shown.count)
        for (seen, endpoint) in zip(list, shown) {
            #expect(seen["id"] as? String == endpoint.instance.key.instance.text)
            #expect(
                seen["note"] as? String == note(endpoint)
                    && seen["zone"] as? String == note(endpoint)
            )
            #expect(seen["port"] as? Int == 8080)
            let names = Set(seen["names"] as? [String] ?? [])
            #expect(names == Set(endpoint.instance.meta.keys))
        }
    }

    @Test func jsonSaysAllOfThem() async throws {
        let (text, shown) = try rendered(Self.strings, .json)
        #expect(shown.count == (try Self.endpoints()).count)
        try expectTheSame(text, shown)
        let python =
            "import json, sys; json.dump(json.load(open(sys.argv[1], encoding='utf-8')), sys.stdout)"
        try expectTheSame(try await Consumer.python(python, reading: text), shown)
    }

    @Test func yamlSaysAllOfThem() async throws {
        let template = """
            l:
            {{#services}}{{#endpoints}}
              - id: "{{id}}"
                zone: "{{zone}}"
                note: "{{meta.note}}"
                port: {{port}}
                names:
                {{#meta_list}}
                  - "{{name}}"
                {{/meta_list}}
            {{/endpoints}}{{/services}}

            """
        let (text, shown) = try rendered(template, .yaml)
        #expect(shown.count == (try Self.endpoints()).count)
        let python =
            "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1], encoding='utf-8')), sys.stdout)"
        try expectTheSame(try await Consumer.python(python, reading: text), shown)
    }

    @Test func htmlHoldsNoTagOfTheirs() async throws {
        let (text, shown) = try rendered(
            "{{#services}}{{#endpoints}}<p title=\"{{meta.note}}\" class='{{zone}}'>{{zone}}</p>\n{{/endpoints}}{{/services}}",
            .html
        )
        let python = """
            import html.parser, json, sys
            seen = []
            class Reader(html.parser.HTMLParser):
                def handle_starttag(self, tag, attributes): seen.append([tag, dict(attributes), ""])
                def handle_data(self, data):
                    if seen: seen[-1][2] += data
                def handle_endtag(self, tag): seen[-1].append(tag)
            reader = Reader()
            reader.feed(open(sys.argv[1], encoding="utf-8", newline="").read())
            json.dump([[tag, data["title"], data["class"]] for tag, data, *_ in seen], sys.stdout)
            """
        let output = try await Consumer.python(python, reading: text)
        let seen = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[String]]
        #expect(seen == shown.map { ["p", note($0), note($0)] })
    }

    // MARK: proxies

    @Test func haproxyTakesTheListWithAllItsNames() async throws {
        let hostile = try HostileEndpoints.all()
        let template = """
            defaults
                mode http
                timeout connect 1s
                timeout client 1s
                timeout server 1s
            frontend f
                bind 127.0.0.1:1
            {{#services}}
            backend {{name}}
            {{#endpoints}}
            {{#meta.note}}
                http-request set-header X-Note "{{meta.note}}" if { path {{zone}} }
            {{/meta.note}}
                server {{id}} {{addr}} weight {{weight}}
            {{/endpoints}}
            {{/services}}

            """
        let all = try Self.endpoints() + hostile
        let list = Lists.text(try Templates.format(template, .haproxy), all)
        let servers = list.text.split(separator: "\n").count { $0.hasPrefix("    server ") }
        #expect(servers == all.count - list.rejections.count && servers > hostile.count / 2)
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("list.cfg", list.text)
            let result = try await Consumer.haproxy.run(["-c", "-f", path])
            #expect(result.status == 0, "\(result.errors)")
        }
    }

    @Test func haproxyHasTheVeryWords() async throws {
        let (text, shown) = try rendered(
            """
            global
                stats socket SOCKET
            defaults
                mode http
                timeout connect 1s
                timeout client 1s
                timeout server 1s
            frontend f
                bind unix@BIND
            {{#services}}{{#endpoints}}
                http-request return status 200 content-type text/plain string {{zone}} if { path /{{id}} }
                http-request return status 200 content-type text/plain string "{{zone}}" if { path /q{{id}} }
            {{/endpoints}}{{/services}}

            """,
            .haproxy
        )
        try await TemporaryDirectory.with { directory in
            let (socket, bind) = (directory.file("admin"), directory.file("bind"))
            let path = try directory.write(
                "list.cfg",
                text.replacing("SOCKET", with: socket).replacing("BIND", with: bind)
            )
            let haproxy = try ChildProcess(Consumer.haproxy.path(), ["-f", path])
            defer { haproxy.kill() }
            try await eventually("HAProxy to listen") {
                FileManager.default.fileExists(atPath: bind)
            }
            let python = """
                import http.client, json, socket, sys
                seen = []
                for path in sys.argv[2:]:
                    client = http.client.HTTPConnection("x")
                    client.sock = socket.socket(socket.AF_UNIX)
                    client.sock.connect(sys.argv[1])
                    client.request("GET", path, headers={"Connection": "close"})
                    seen.append(client.getresponse().read().decode())
                json.dump(seen, sys.stdout)
                """
            let paths = shown.flatMap {
                ["/\($0.instance.key.instance)", "/q\($0.instance.key.instance)"]
            }
            let result = try await Consumer.python3.run(["-c", python, bind] + paths)
            let seen = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String]
            #expect(seen == shown.flatMap { [note($0), note($0)] })
        }
    }

    @Test func nginxTakesTheListWithAllItsNames() async throws {
        let template = """
            {{#services}}
            upstream {{name}} {
                {{#endpoints}}
                server {{addr}} weight={{weight}};
                {{/endpoints}}
            }
            {{#endpoints}}
            map $uri $m_{{port}}_{{create_revision}}_{{id}} {
                default {{zone}};
                "{{meta.note}}" x{{zone}};
            }
            {{/endpoints}}
            {{/services}}

            """
        // A variable's name is no word, so the maps are for ids of ours.
        let (text, shown) = try rendered(template, .nginx)
        #expect(text.split(separator: "\n").count { $0.hasPrefix("map ") } == shown.count)
        let names = Lists.text(
            try Templates.format(
                "{{#services}}upstream {{name}} { {{#endpoints}}server {{addr}}; {{/endpoints}} }\n{{/services}}",
                .nginx
            ),
            try HostileEndpoints.all()
        )
        #expect(names.rejections == [])
        try await TemporaryDirectory.with { directory in
            for list in [text, names.text] {
                try directory.write("list.conf", list)
                let result = try await Consumer.nginxTests(
                    """
                    variables_hash_max_size 4096;
                    variables_hash_bucket_size 512;
                    map_hash_bucket_size 512;
                    include \(directory.file("list.conf"));
                    """,
                    in: directory
                )
                #expect(result.status == 0, "\(result.errors)")
            }
        }
    }

    // MARK: none

    @Test func withoutAnEscapeNobodyMakesALineOfItsOwn() throws {
        let (text, shown) = try rendered(Self.words, .none)
        #expect(text.split(separator: "\n").count == shown.count)
        #expect(
            text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0.value != 0x7f }
        )
    }
}
