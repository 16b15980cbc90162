import Configuration
import Programs
import Testing

@testable import Doctor

@Suite struct RedactionTests {
    @Test func aConfigurationIsToldWithoutItsSecrets() {
        let text = """
            [etcd]
            endpoints = ["http://user:MARK1@10.0.0.1:2379"]
            password_file = "/etc/discoveryd/password"
            password = "MARK2"
            [[service]]
            name = "web"
            port = 8080
            meta = { api_token = "MARK3", colour = "MARK4" }
            check = [
              { http = "http://127.0.0.1/healthz?key=MARK5", headers = { Authorization = "Bearer MARK6" } },
              { exec = ["/usr/bin/probe", "--password", "MARK7"] },
            ]
            [[output]]
            path = "/run/x"
            command = ["/usr/bin/mk", "MARK8"]
            """
        let shown = RedactedConfiguration(Array(text.utf8))
        #expect(!shown.text.contains("MARK"), "\(shown.text)")
        #expect(shown.text.contains(#"etcd.endpoints[0] = "http://(removed)@10.0.0.1:2379""#))
        #expect(shown.text.contains(#"etcd.password_file = "/etc/discoveryd/password""#))
        #expect(shown.text.contains("service[0].port = 8080"))
        #expect(
            shown.text.contains(#"service[0].check[0].http = "http://127.0.0.1/healthz?(removed)""#)
        )
        #expect(shown.text.contains("service[0].check[0].headers.Authorization = (removed)"))
        #expect(shown.text.contains(#"service[0].check[1].exec[0] = "/usr/bin/probe""#))
        #expect(shown.text.contains(#"output[0].command[0] = "/usr/bin/mk""#))
        for number in 1...8 {
            #expect(shown.secrets.contains { $0.contains("MARK\(number)") }, "MARK\(number)")
        }
        // What was left out there is found elsewhere.
        let log = Redaction(shown.secrets).applied(to: "probe said MARK7 and Bearer MARK6")
        #expect(log == "probe said (removed) and (removed)")
    }

    @Test func aFileThatIsNoTOMLTellsNothing() {
        let shown = RedactedConfiguration(Array("password = \"SECRET\n[".utf8))
        #expect(!shown.text.contains("SECRET"))
    }

    @Test func urlsLoseUserInformationAndQueries() {
        let redaction = Redaction([])
        #expect(
            redaction.applied(to: "a http://u:p@h/x?q=1 b") == "a http://(removed)@h/x?(removed) b"
        )
        #expect(redaction.applied(to: "a https://h:1/x b://") == "a https://h:1/x b://")
        #expect(redaction.applied(to: "http://h/@x") == "http://h/@x")
    }

    @Test func privateKeysLoseWhatIsInThem() {
        let text = "x\n-----BEGIN EC PRIVATE KEY-----\nAAAA\nBBBB\n-----END EC PRIVATE KEY-----\ny"
        let shown = Redaction([]).applied(to: text)
        #expect(shown == "x\n-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\ny")
    }

    @Test func unitFilesLoseEnvironmentCredentialsArgumentsAndComments() {
        let text = """
            # password MARK
              ; indented MARK
            [Service]
            Environment=A=MARK "B=MARK MARK"
            Environment="AUTH=Authorization: Basic MARKdXNlcjpwYXNz=="
            Environment=AUTH=x MARKdXNlcjpwYXNz==
            SetCredential=x:MARK
            ExecStartPre=/usr/bin/x \\
              --password MARK
            ExecStartPre=-/usr/bin/vault kv get -token=MARK secret/discoveryd
            ExecStart=/usr/sbin/discoveryd run
            ExecStartPost=/usr/sbin/discoveryd wait ; /bin/echo MARK
            """
        for ending in ["\n", "\r\n"] {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let shown = RedactedUnit(file: lines.joined(separator: ending))
            #expect(!shown.text.contains("MARK"), "\(shown.text)")
            #expect(shown.text.contains("Environment=A=(removed) B=(removed)"))
            #expect(shown.text.contains("Environment=AUTH=(removed)"))
            #expect(shown.text.contains("ExecStart=/usr/sbin/discoveryd run\n"))
            #expect(shown.text.contains("ExecStartPre=/usr/bin/x (removed)"))
            #expect(shown.text.contains("ExecStartPre=-/usr/bin/vault (removed)"))
            #expect(shown.secrets.contains("MARK") && shown.secrets.contains("-token=MARK"))
        }
    }

    @Test func propertiesOfAUnitLoseTheSame() {
        let shown = RedactedUnit(properties: [
            (key: "Environment", value: "A=MARK \"B=x MARK\""),
            (
                key: "ExecStartPre",
                value:
                    "{ path=/bin/x ; argv[]=/bin/x -p MARK secret/discoveryd ; ignore_errors=no ; pid=0 }"
            ),
            (
                key: "ExecStart",
                value:
                    "{ path=/usr/sbin/discoveryd ; argv[]=/usr/sbin/discoveryd run ; ignore_errors=no }"
            ),
            (key: "User", value: "_discoveryd"),
        ])
        #expect(!shown.text.contains("MARK"), "\(shown.text)")
        #expect(shown.text.contains("ExecStartPre=/bin/x (removed)\n"))
        #expect(shown.text.contains("ExecStart=/usr/sbin/discoveryd run\n"))
        #expect(shown.text.contains("User=_discoveryd\n"))
    }

    /// What a bundle is made of most often: a file with faults.
    @Test(arguments: [
        "exec = \"/usr/bin/probe --password MARK\"", "command = \"mk MARK\"",
        "reload = \"curl -H MARK\"", "header = \"Authorization: Bearer MARK\"",
        "meta = { id = \"MARK\", path = \"MARK\" }", "pin = 87654321",
        "http = \"http://user:it'sMARK@h\"", "http = \"http://u:x/MARK@h\"",
        "endpoints = [\"us:MARK@h:2379\"]", "endpoints = [\"http://h/a#MARK\"]",
        "endpoints = [\"http://u:p%40MARK@h\"]", "contains = \"MARK\"",
        "etcd = { password = \"MARK\" }", "unknown = [\"MARK\", { a = \"MARK\" }]",
    ])
    func aFaultyConfigurationTellsNoSecretEither(text: String) {
        let shown = RedactedConfiguration(Array((text + "\n").utf8))
        #expect(!shown.text.contains("MARK") && !shown.text.contains("87654321"), "\(shown.text)")
        #expect(shown.secrets.contains { $0.contains("MARK") || $0 == "87654321" })
    }

    @Test func partsOfSecretsAreFoundElsewhere() {
        let redaction = Redaction([
            "--password=MARKA", "Bearer MARKB", "key=MARKC&x=1", "p%40MARKD", "one\nMARKE",
            "quo\"MARKF\\",
        ])
        let text = "MARKA MARKB MARKC p@MARKD MARKE quo\"MARKF\\"
        #expect(!redaction.applied(to: text).contains("MARK"), "\(redaction.applied(to: text))")
        let json = #"{"a":"quo\"MARKF\\ http://u:p@h/?q=1\"","b":"MARKA"}"#
        let shown = redaction.applied(toJSON: json)
        #expect(shown == #"{"a":"(removed) http://(removed)@h/?(removed)\"","b":"(removed)"}"#)
    }

    @Test func wordsThatStandInEveryBundleAreLeftAlone() {
        let redaction = Redaction(["reload", "haproxy", "files", "abc"])
        let text = "systemctl reload haproxy: files, reload_rights, abc"
        #expect(redaction.applied(to: text) == text)
    }

    @Test func anArchiveIsReadByTar() async throws {
        var archive = TarArchive()
        archive.add("a/one", Array("1".utf8), time: 1_000_000)
        archive.add("a/two", [UInt8](repeating: 0x78, count: 512), time: 1_000_000)
        archive.add("a/none", [], time: 1_000_000)
        let call = ProgramCall(["tar", "-tvf", "-"])
        let listing = try await CommandRunner().run(call, input: archive.finish()).output
        let lines = String(decoding: listing, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 3 && lines.allSatisfy { $0.hasPrefix("-rw------- 0/0") })
        #expect(lines.first?.hasSuffix("a/one") == true)
    }
}
