import Glibc
import Testing

@testable import Configuration

@Suite struct ConfigurationSecurityTests {
    private static let files = ["/s/password", "/s/ca.pem", "/s/cert.pem", "/s/key.pem"]
    private static let all = """
        [etcd]
        endpoints = ["https://10.0.0.1:2379"]
        username = "discoveryd"
        password_file = "/s/password"
        ca_file = "/s/ca.pem"
        cert_file = "/s/cert.pem"
        key_file = "/s/key.pem"
        server_name = "etcd.example.com"
        """

    @Test func everyKeyIsRead() throws {
        let etcd = try fixture(Self.all).configuration().etcd
        #expect(etcd.username == "discoveryd")
        #expect(etcd.passwordFile == .path("/s/password"))
        #expect(etcd.caFile == .path("/s/ca.pem"))
        #expect(etcd.certFile == .path("/s/cert.pem"))
        #expect(etcd.keyFile == .path("/s/key.pem"))
        #expect(etcd.serverName == "etcd.example.com")
        #expect(try fixture(Self.all).warnings().isEmpty)
    }

    @Test func aLaterFileReplacesSingleKeys() throws {
        let fixture = ConfigurationFixture([
            ConfigurationLoader.standardPath: Self.all, "/s/password": "", "/s/ca.pem": "",
            "/s/cert.pem": "", "/s/key.pem": "", "/s/other": "",
            "/etc/discoveryd.conf.d/user.conf": "[etcd]\npassword_file = \"/s/other\"",
        ])
        #expect(try fixture.configuration().etcd.passwordFile == .path("/s/other"))
        #expect(try fixture.configuration().etcd.username == "discoveryd")
    }

    @Test(arguments: [
        ("username = \"u\"", "2:12", "username: needs password_file beside it"),
        ("password_file = \"/s/password\"", "2:17", "password_file: needs username beside it"),
        ("cert_file = \"/s/cert.pem\"", "2:13", "cert_file: needs key_file beside it"),
        ("key_file = \"/s/key.pem\"", "2:12", "key_file: needs cert_file beside it"),
        ("ca_file = \"/s/none.pem\"", "2:11", "ca_file: \"/s/none.pem\" does not exist"),
        (
            "ca_file = \"ca.pem\"", "2:11",
            "ca_file: must be an absolute path or \"credential:NAME\", such as "
                + "\"/etc/discoveryd/ca.pem\", is \"ca.pem\""
        ),
        (
            "server_name = \"10.0.0.1\"", "2:15",
            "server_name: must be a host name such as \"etcd.example.com\", is \"10.0.0.1\""
        ),
        (
            "username = \"\"", "2:12",
            "username: must be 1 to 256 printable characters, is \"\""
        ),
    ])
    func aValueThatCannotBeIsRefused(line: String, place: String, sentence: String) {
        #expect(fixture("[etcd]\n\(line)").faults() == ["\(place): [etcd] \(sentence)"])
    }

    @Test(arguments: ["password = \"hunter2\"", "password_file = \"hunter2\""])
    func aPasswordInTheConfigurationIsRefusedWithoutRepeatingIt(line: String) {
        let faults = fixture("[etcd]\n\(line)").faults()
        #expect(faults.count == 1)
        #expect(faults.allSatisfy { !$0.contains("hunter2") && $0.contains("password") })
    }

    @Test func secretsThatEverybodyCanReadAreDoubtful() throws {
        let warnings = try fixture(Self.all, mode: "0644").warnings()
        #expect(
            warnings == [
                "4:17: [etcd] password_file: \"/s/password\" can be read by every user of this host; "
                    + "chmod 0640, chgrp to discoveryd's group",
                "7:12: [etcd] key_file: \"/s/key.pem\" can be read by every user of this host; "
                    + "chmod 0640, chgrp to discoveryd's group",
            ]
        )
    }

    @Test func filesOfTLSWithoutAnEncryptedEndpointAreDoubtful() throws {
        let plain = Self.all.replacing("https://10.0.0.1:2379", with: "http://127.0.0.1:2379")
        let warnings = try fixture(plain).warnings()
        #expect(
            warnings.first
                == "5:11: [etcd] ca_file: is not used, no endpoint starts with https://"
        )
        #expect(warnings.count == 4)
    }

    @Test func aPasswordOnAnOpenWayIsDoubtful() throws {
        let plain = Self.all.replacing("https", with: "http")
        #expect(try fixture(plain).warnings().first?.hasSuffix(", and read the password") == true)
    }

    @Test func aCredentialIsAFileOfTheUnit() throws {
        let text = Self.all.replacing("/s/key.pem", with: "credential:key")
        let bare = fixture(text)
        #expect(
            try bare.warnings() == [
                "7:12: [etcd] key_file: cannot be looked at, $CREDENTIALS_DIRECTORY is not set; systemd "
                    + "sets it for a unit with LoadCredential="
            ]
        )
        let missing = fixture(text, credentials: "/run/credentials/discoveryd.service")
        #expect(
            missing.faults() == [
                "7:12: [etcd] key_file: \"/run/credentials/discoveryd.service/key\" does not exist"
            ]
        )
        let closed = fixture(
            text,
            failures: ["/s/credentials/key": .system(EACCES)],
            credentials: "/s/credentials"
        )
        #expect(
            try closed.warnings() == [
                "7:12: [etcd] key_file: can only be looked at by the daemon itself"
            ]
        )
        let there = fixture(text, credentials: "/s/credentials")
        #expect(try there.configuration().etcd.keyFile == .credential("key"))
        #expect(FilePlace.credential("key").path(credentials: "/c") == "/c/key")
    }

    @Test(arguments: [
        "", "credential:", "credential:..", "credential:a/b", "/a/", "a\u{0}b", "/a\n",
    ])
    func whatNamesNoFileIsRefused(text: String) {
        #expect(FilePlace(text) == nil)
    }

    private func fixture(
        _ text: String,
        mode: String = "0640",
        failures: [String: ConfigurationSource.Failure] = [:],
        credentials: String? = nil
    ) -> ConfigurationFixture {
        var files = [ConfigurationLoader.standardPath: text, "/s/credentials/key": ""]
        for file in Self.files { files[file] = "" }
        return ConfigurationFixture(
            files,
            failures: failures,
            mode: mode,
            credentials: credentials
        )
    }
}
