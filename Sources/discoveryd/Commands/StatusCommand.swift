import ArgumentParser
import Daemon
import FoundationEssentials

/// `discoveryd status`: how the daemon on this host is.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the status of the daemon on this host: services, lease, list, files."
    )

    @OptionGroup var control: ControlOptions

    @Option(name: .shortAndLong, help: "text, or json.")
    var output = OutputStyle.text

    func run() async throws {
        let json = try await control.ask(.status).report ?? ""
        guard let report = try? JSONDecoder().decode(StatusReport.self, from: Data(json.utf8))
        else {
            Terminal.complain("discoveryd: \(LocalAPIRoutes.otherVersion)")
            throw ExitStatus.unavailable
        }
        switch output {
        case .text: Terminal.print(StatusText(report: report, now: Date()).text)
        case .json: Terminal.print(json)
        }
    }
}
