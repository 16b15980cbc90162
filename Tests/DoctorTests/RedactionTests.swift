import Configuration
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
            [Service]
            Environment=A=MARK "B=MARK MARK"
            SetCredential=x:MARK
            ExecStartPre=/usr/bin/x \\
              --password MARK
            ExecStart=/usr/sbin/discoveryd run
            """
        let shown = Redaction.unitFile(text)
        #expect(!shown.contains("MARK"), "\(shown)")
        #expect(shown.contains("Environment=A=(removed) B=(removed)"))
        #expect(shown.contains("ExecStart=/usr/sbin/discoveryd run"))
        #expect(shown.contains("ExecStartPre=/usr/bin/x (removed)"))
    }
}
