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
        let url = try #require(HTTPAddress("https://localhost:8443/healthz"))
        let host = try #require(HTTPCheck.Header("Host", "web"))
        let http = try #require(
            HTTPCheck(
                url,
                method: "HEAD",
                headers: [host],
                statuses: [200...200, 204...204],
                contains: "ok",
                trust: TLSTrust(verifies: false)
            )
        )
        let program = ["/usr/lib/nagios/plugins/check_x", "-w", "5"]
        #expect(
            checks.map(\.kind) == [
                .unit("nginx.service"), .tcp(try #require(TCPTarget("[::1]:8080"))), .http(http),
                .exec(try #require(ExecCheck(program, warningPasses: true))),
            ]
        )
        let timing = checks[1].timing
        #expect(timing.interval == .seconds(1) && timing.timeout == .milliseconds(500))
        #expect(timing.rise == 1 && timing.fall == 2 && timing.initial == .up)
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
