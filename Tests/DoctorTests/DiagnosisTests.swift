import Foundation
import Testing

@testable import Doctor

@Suite struct DiagnosisTests {
    @Test func onAHealthyHostEverythingIsOKAndTheExitStatusIsZero() throws {
        let diagnosis = Diagnosis(try healthyFacts())
        for (name, finding) in diagnosis.findings {
            #expect(finding.verdict == .ok, "\(name): \(finding)")
        }
        #expect(diagnosis.exitStatus == 0)
        #expect(diagnosis.findings.map(\.name) == CheckName.allCases)
    }

    @Test func eachCheckNeedsOnlyWhatComesBeforeIt() {
        for (place, name) in CheckName.allCases.enumerated() {
            #expect(
                name.needs.allSatisfy { CheckName.allCases.prefix(place).contains($0) },
                "\(name)"
            )
        }
    }

    @Test func theNamesAreThoseThatAlertsCite() {
        let names = """
            configuration user directories consumers unit reload_rights dns tcp tls etcd_version cluster clock \
            latency login permissions lease watch files reloads instance ports
            """
        #expect(CheckName.allCases.map(\.rawValue) == names.split(separator: " ").map(String.init))
    }

    @Test func whatNeedsAFailedCheckIsSkippedWithItsReasonAndNothingElse() {
        let diagnosis = Diagnosis { name in
            name == .tls ? Finding("", [.failed("no certificate", "get one")]) : Finding("fine")
        }
        #expect(diagnosis[.tls]?.verdict == .failed)
        for name in [
            CheckName.etcdVersion, .cluster, .clock, .latency, .login, .permissions, .lease, .watch,
        ] {
            #expect(diagnosis[name]?.verdict == .skipped)
            #expect(diagnosis[name]?.sentence == "needs tls, which failed", "\(name)")
        }
        let others = diagnosis.findings.filter { $0.finding.verdict == .ok }
        #expect(others.count == CheckName.allCases.count - 9)
        #expect(diagnosis.exitStatus == 2)
    }

    @Test func warningsAndNonBlockingFailuresKeepNobodyFromLooking() {
        let diagnosis = Diagnosis { name in
            switch name {
            case .dns: Finding("", [.warning("one of two", "mend it")])
            case .configuration: Finding("", [.failed("one output", "mend it")], isBlocking: false)
            default: Finding("fine")
            }
        }
        #expect(!diagnosis.findings.contains { $0.finding.verdict == .skipped })
        #expect(diagnosis.exitStatus == 2)
        let warned = Diagnosis { $0 == .ports ? Finding("", [.warning("a", "b")]) : .skipped("c") }
        #expect(warned.exitStatus == 1)
        #expect(Diagnosis { _ in .skipped("c") }.exitStatus == 0)
    }

    @Test func theTextIsALineACheckWithTheRemedyBelow() throws {
        let diagnosis = Diagnosis { name in
            switch name {
            case .user:
                Finding("", [.warning("later", "second"), .failed("a\u{1b}[31mb", "do this")])
            default: Finding("fine")
            }
        }
        let lines = diagnosis.text().split(separator: "\n").map(String.init)
        #expect(lines[0] == "ok       configuration  fine")
        #expect(lines[1].hasPrefix("failed   user           a") && !lines[1].contains("\u{1b}"))
        #expect(lines[2] == "         -> do this")
        #expect(lines[3] == "         warning: later")
        #expect(lines[4] == "         -> second")
        #expect(diagnosis.text(hasColour: true).contains("\u{1b}[31mfailed \u{1b}[0m"))
    }

    @Test func theJSONHasAllProblemsOfACheck() throws {
        let diagnosis = Diagnosis { name in
            name == .clock ? Finding("", [.warning("late", "set it")]) : Finding("fine")
        }
        let report = DiagnosisReport(diagnosis, version: "1.2.3", now: 0)
        let json = try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any]
        #expect(json?["schema"] as? Int == 1 && json?["exit_status"] as? Int == 1)
        #expect(json?["status"] as? String == "warning")
        #expect(json?["time"] as? String == "1970-01-01T00:00:00Z")
        #expect(json?["version"] as? String == "1.2.3")
        let checks = json?["checks"] as? [[String: Any]] ?? []
        #expect(checks.count == CheckName.allCases.count)
        let clock = checks.first { $0["name"] as? String == "clock" }
        #expect(clock?["status"] as? String == "warning" && clock?["message"] as? String == "late")
        let problems = clock?["problems"] as? [[String: String]]
        #expect(problems == [["status": "warning", "message": "late", "remedy": "set it"]])
    }
}
