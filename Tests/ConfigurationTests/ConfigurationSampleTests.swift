import EndpointFiles
import Mustache
import Testing

@testable import Configuration

/// The file that is installed as /etc/discoveryd.conf.
@Suite struct ConfigurationSampleTests {
    private static let path: String = {
        // Tests/DiscoverydTests/Configuration/… stands four levels below the root.
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/") + "/etc/discoveryd.conf"
    }()

    @Test func itIsValidAsItStandsAndChangesNothing() throws {
        let loaded = try ConfigurationLoader(hostname: "localhost").load(Self.path)
        #expect(loaded.configuration == Configuration())
        #expect(loaded.warnings.isEmpty)
        #expect(loaded.files == [Self.path])
    }

    /// Settings are commented out with `#` alone, prose with `# `.
    @Test func everySettingInItIsValidAndTheDefaultsAreTheTrueOnes() throws {
        let bytes = try ConfigurationSource.disk.readFile(Self.path, 1 << 20)
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        let settings = lines.filter { $0.first == "#" && $0.count > 1 && !$0.hasPrefix("# ") }
        let uncommented = lines.map { settings.contains($0) ? $0.dropFirst() : $0 }
            // What cannot stand beside the rest is looked at below.
            .filter {
                $0 != "outputs = []" && !$0.hasPrefix("command =")
                    && $0 != "domain = \"discoveryd.internal\"" && !$0.hasPrefix("resolvers =")
                    && !$0.hasPrefix("template =") && !$0.hasPrefix("escape =")
                    && !$0.hasPrefix("prefer_zone =") && !$0.hasPrefix("spill_below =")
                    && !$0.hasPrefix("server_options =") && !$0.hasPrefix("runtime =")
                    && !$0.hasPrefix("drain_before_delete =")
            }
        let files = ["password", "ca.pem", "cert.pem", "key.pem"].map { "/etc/discoveryd/\($0)" }
        let named = Dictionary(uniqueKeysWithValues: files.map { ($0, "") })
        let text = uncommented.joined(separator: "\n")
        let loaded = try ConfigurationFixture(
            named.merging([ConfigurationLoader.standardPath: text]) { $1 }
        ).load()
        // The endpoint is http, so that is said of each of the four.
        #expect(loaded.warnings.count == 4)
        #expect(loaded.warnings.allSatisfy { $0.sentence.contains("is not used") })
        var expected = Configuration()
        // These have no default that could be written down.
        expected.etcd = loaded.configuration.etcd
        expected.etcd.endpoints = Configuration.Etcd().endpoints
        expected.etcd.order = Configuration.Etcd().order
        expected.etcd.prefix = Configuration.Etcd().prefix
        expected.etcd.dialTimeout = Configuration.Etcd().dialTimeout
        expected.host.zone = "a"
        expected.metrics = loaded.configuration.metrics
        expected.services = loaded.configuration.services
        expected.outputs = loaded.configuration.outputs
        #expect(loaded.configuration == expected)
        let output = try #require(loaded.configuration.outputs.first)
        #expect(output.path == Configuration.Output.standard.path)
        #expect(output.mode == .standard && output.timeout == .seconds(10))
        #expect(output.reload == ReloadAction(.unit("haproxy.service")))
        var written = Configuration.Output(path: output.path)
        written.services = output.services
        written.filter = output.filter
        (written.owner, written.group) = (output.owner, output.group)
        (written.wait, written.check, written.reload) = (output.wait, output.check, output.reload)
        #expect(output == written)
        #expect(loaded.configuration.services.map(\.weight) == [100])
        #expect(loaded.configuration.services.map(\.skyDNSDomain?.text) == ["cluster.local"])
    }

    @Test(arguments: [("hosts", "domain"), ("command", "command"), ("haproxy", "resolvers")])
    func settingsThatBelongToAFormatAreValidWithIt(format: String, key: String) throws {
        let bytes = try ConfigurationSource.disk.readFile(Self.path, 1 << 20)
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        let setting = try #require(lines.last { $0.hasPrefix("#\(key) = ") }).dropFirst()
        let text =
            "[[output]]\npath = \"/run/x\"\nservices = [\"web\"]\nformat = \"\(format)\"\n\(setting)"
        let output = try #require(try ConfigurationFixture(text).configuration().outputs.first)
        #expect(output.domain == .standard)
        #expect((output.command != nil) == (format == "command"))
        #expect((output.resolvers != nil) == (format == "haproxy"))
    }

    @Test func theTemplateAndItsEscapeAreValidTogether() throws {
        let bytes = try ConfigurationSource.disk.readFile(Self.path, 1 << 20)
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        let settings = lines.filter { $0.hasPrefix("#template = ") || $0.hasPrefix("#escape = ") }
            .map { String($0.dropFirst()) }
        let text = (["[[output]]", "path = \"/run/x\"", "format = \"template\""] + settings)
            .joined(separator: "\n")
        let files = [
            ConfigurationLoader.standardPath: text, "/etc/discoveryd/list.mustache": "{{revision}}",
        ]
        let output = try #require(try ConfigurationFixture(files).configuration().outputs.first)
        #expect(settings.count == 2 && output.template?.escape == .json)
    }

    @Test func aPreferenceForZonesIsValidWithoutTheFilter() throws {
        let bytes = try ConfigurationSource.disk.readFile(Self.path, 1 << 20)
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        let settings = lines.filter {
            $0.hasPrefix("#prefer_zone = ") || $0.hasPrefix("#spill_below = ")
        }
        let text =
            "[[output]]\npath = \"/run/x\"\n" + settings.map { $0.dropFirst() + "\n" }.joined()
        let output = try #require(try ConfigurationFixture(text).configuration().outputs.first)
        #expect(output.zones == ZonePreference(zones: ["a", "b"]))
    }

    @Test func everyKeyThatIsAllowedStandsInIt() throws {
        let bytes = try ConfigurationSource.disk.readFile(Self.path, 1 << 20)
        let text = String(decoding: bytes, as: UTF8.self)
        let keys = [
            "outputs", "endpoints", "order", "prefix", "dial_timeout", "username", "password_file",
            "ca_file",
            "cert_file", "key_file", "server_name", "ttl", "timeout", "name", "port",
            "address", "id", "weight", "zone", "tags", "meta", "path", "services", "format", "mode",
            "on_stop", "drain", "when_etcd_is_away", "on_empty", "min_endpoints", "hold",
            "command", "domain", "include_draining", "header", "owner", "group", "wait", "check",
            "timeout", "reload",
            "listen", "also", "resolvers", "prefer_zone", "spill_below", "template", "escape",
        ]
        for key in keys {
            #expect(text.contains("\n#\(key) = "), "\(key) is not in the sample")
        }
    }
}
