import Configuration
import Foundation
import Glibc
import Systemd
import TestKit
import Testing

@testable import discoveryd

@Suite struct OutputCheckTests {
    @Test func aDirectoryThatIsMissingIsAFaultUnlessSystemdMakesIt() async throws {
        var settings = ServiceSettings()
        settings.runtimeDirectories = ["no-such-directory-of-a-test"]
        let outputs = [
            Configuration.Output(path: "/nonexistent/list.json"),
            Configuration.Output(path: "/run/no-such-directory-of-a-test/list.json"),
            Configuration.Output(path: "/run/no-such-directory-of-a-test/below/list.json"),
        ]
        let faults = OutputCheck(settings: settings, seesAsDaemon: true).findings(of: outputs)
            .faults
        #expect(faults.count == 2)
        #expect(
            faults.first
                == "/nonexistent/list.json: the directory /nonexistent does not exist; create it"
        )
    }

    @Test func whatIsNoRegularFileIsAFaultAndNothingIsWritten() async throws {
        try await TemporaryDirectory.with { directory in
            try FileManager.default.createSymbolicLink(
                atPath: directory.file("link"),
                withDestinationPath: "elsewhere"
            )
            let outputs = ["link", "fine"].map { Configuration.Output(path: directory.file($0)) }
            let faults = OutputCheck(settings: nil, seesAsDaemon: true).findings(of: outputs).faults
            #expect(faults.count == 1 && faults.first?.contains("a symbolic link") == true)
            #expect(directory.names == ["link"])
        }
    }

    @Test func whatTheUserMayNotIsAFaultForTheDaemonAndSaysNothingForAnother() async {
        await #expect(processExitsWith: .success) {
            let outputs = [Configuration.Output(path: "/var/list.json")]
            // Needs root, to be somebody else.
            try #require(setuid(65534) == 0)
            let faults = OutputCheck(settings: nil, seesAsDaemon: true).findings(of: outputs).faults
            #expect(faults.first?.contains("let the daemon's user write to the directory") == true)
            let others = OutputCheck(settings: nil, seesAsDaemon: false).findings(of: outputs)
            #expect(others == OutputCheck.Findings())
        }
    }

    @Test func aStagingDirectoryThatIsNoneIsAFault() async throws {
        try await TemporaryDirectory.with { directory in
            try directory.write(".discoveryd", "a file")
            let outputs = [Configuration.Output(path: directory.file("list.json"))]
            let faults = OutputCheck(settings: nil, seesAsDaemon: true).findings(of: outputs).faults
            #expect(faults.count == 1)
        }
    }

    @Test func whereTheSandboxDoesNotLetTheDaemonWriteIsAWarning() {
        var settings = ServiceSettings()
        settings.protectSystem = "strict"
        #expect(warnings(settings).first?.contains("ReadWritePaths=/var") == true)
        settings.readWritePaths = ["-/var"]
        #expect(warnings(settings).isEmpty)
        settings.readWritePaths = ["/va"]
        #expect(warnings(settings).count == 1)
        settings.protectSystem = "full"
        #expect(warnings(settings).isEmpty)
    }

    private func warnings(_ settings: ServiceSettings) -> [String] {
        OutputCheck(settings: settings, seesAsDaemon: true)
            .findings(of: [Configuration.Output(path: "/var/list.json")]).warnings
    }
}
