import HealthChecks
import Testing

@testable import Configuration

@Suite struct ConfigurationCheckTests {
    private func service(_ check: String) -> ConfigurationFixture {
        ConfigurationFixture("[[service]]\nname = \"web\"\nport = 80\ncheck = \(check)\n")
    }

    @Test func everyKindIsReadWithItsTiming() throws {
        let fixture = service(
            """
            [
              { unit = "nginx.service" },
              { tcp = "[::1]:8080", interval = "1s", timeout = "500ms", rise = 1, fall = 2, initial = "up" },
              { http = "https://localhost:8443/healthz", method = "HEAD", status = [200, 204], contains = "ok", headers = { Host = "web" }, verify = false },
              { exec = ["/usr/lib/nagios/plugins/check_x", "-w", "5"], warning_passes = true },
            ]
            """
        )
        let checks = try #require(try fixture.configuration().services.first).checks
        #expect(
            checks.map(\.kind.description) == [
                "unit nginx.service", "tcp [::1]:8080", "HEAD https://localhost:8443/healthz",
                "exec /usr/lib/nagios/plugins/check_x",
            ]
        )
        let timing = checks[1].timing
        #expect(timing.interval == .seconds(1) && timing.timeout == .milliseconds(500))
        #expect(timing.rise == 1 && timing.fall == 2 && timing.initial == .up)
        guard case .http(let http) = checks[2].kind, case .exec(let exec) = checks[3].kind else {
            Issue.record("other kinds")
            return
        }
        #expect(http.statuses == [200...200, 204...204] && http.contains == "ok")
        #expect(!http.trust.verifies && exec.warningPasses && exec.arguments == ["-w", "5"])
    }

    @Test(arguments: [
        (
            "{ tcp = \"127.0.0.1:80\" }",
            "check: must be written [{ tcp = \"127.0.0.1:8080\" }], is [check]"
        ),
        ("[{}]", "must have one of unit, tcp, http and exec"),
        (
            "[{ tcp = \"127.0.0.1:80\", unit = \"a.service\" }]",
            "must have one of unit, tcp, http and exec"
        ),
        (
            "[{ tcp = \"127.0.0.1\" }]",
            "tcp: must be an address and a port, such as \"127.0.0.1:8080\""
        ),
        ("[{ exec = [\"check_x\"] }]", "exec: must begin with the absolute path of a program"),
        ("[{ tcp = \"127.0.0.1:80\", contains = \"ok\" }]", "contains: goes with http only"),
        ("[{ tcp = \"127.0.0.1:80\", rise = 0 }]", "rise: must be 1 to 100, is 0"),
        ("[{ unit = \"nginx\" }]", "unit: must be a unit of systemd, such as \"nginx.service\""),
        (
            "[{ tcp = \"127.0.0.1:80\", intervall = \"5s\" }]",
            "unknown key \"intervall\", did you mean \"interval\"?"
        ),
    ])
    func whatCannotBeIsSaid(written: String, sentence: String) {
        let faults = service(written).faults()
        #expect(faults.contains { $0.contains(sentence) }, "\(faults)")
    }
}
