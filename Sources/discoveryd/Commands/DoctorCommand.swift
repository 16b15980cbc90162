import ArgumentParser
import Daemon
import Doctor
import Glibc

/// `discoveryd doctor`: what keeps discoveryd from working on this host, with the remedy.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Find out what keeps discoveryd from working on this host.",
        discussion: """
            Makes checks in the order in which they depend on each other, one line each: ok, warning, failed, or \
            skipped with the reason. The remedy stands under what is wrong. The daemon may run or not. Run it as root: \
            what needs root or a group is skipped for others. Nothing is written, but for a transaction in etcd that \
            never holds. discoveryd(8) lists the checks.

            --bundle writes all of it into one file for a bug report, with the configuration, the unit, the \
            status, the journal and the metrics; passwords, keys, headers of checks, arguments of programs and \
            environment variables are left out.

            Exit status: 0 when all is ok or skipped, 1 with warnings, 2 when a check failed, 64 for wrong usage, \
            73 when the bundle cannot be written.
            """
    )

    @OptionGroup var options: ConfigurationOptions

    @OptionGroup var control: ControlOptions

    @Option(name: .shortAndLong, help: "text, or json.")
    var output = OutputStyle.text

    @Option(
        help: ArgumentHelp(
            "Also write a file for a bug report (tar.gz, only its owner may read it); it must not exist.",
            valueName: "file"
        ),
        completion: .file()
    )
    var bundle: String?

    func run() async throws {
        Self.takeCredentials()
        var gatherer = FactGatherer()
        gatherer.configuration = options.path
        gatherer.controlSocket = control.controlSocket
        let facts = await gatherer.facts()
        let diagnosis = Diagnosis(facts)
        let report = DiagnosisReport(diagnosis, version: Version.text, now: facts.now)
        switch output {
        case .text: Terminal.print(diagnosis.text(hasColour: Terminal.isInteractive))
        case .json: Terminal.print(report.json)
        }
        if let bundle {
            do throws(BundleFault) {
                try await SupportBundle(facts, diagnosis, report).write(to: bundle)
            } catch {
                Terminal.complain("discoveryd: \(error.message)")
                throw ExitStatus.cannotCreate
            }
            Terminal.complain("discoveryd: wrote \(bundle); look into it before you give it away")
        }
        guard diagnosis.exitStatus == 0 else { throw ExitCode(diagnosis.exitStatus) }
    }

    /// Root sees the credentials of the running unit, see systemd.exec(5), and so reads what the daemon reads. Before
    /// there is another thread.
    private static func takeCredentials() {
        let directory = "/run/credentials/discoveryd.service"
        guard getenv("CREDENTIALS_DIRECTORY") == nil, access(directory, R_OK | X_OK) == 0 else {
            return
        }
        setenv("CREDENTIALS_DIRECTORY", directory, 0)
    }
}
