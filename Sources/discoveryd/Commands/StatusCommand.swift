import ArgumentParser
import FoundationEssentials

/// `discoveryd status`: how the daemon on this host is.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the status of the daemon on this host: services, lease, list, files."
    )

    @OptionGroup var control: ControlOptions

    @Option(name: .shortAndLong, help: "text, or json.")
    var output = OutputStyle.text

    func run() throws {
        guard let report = try control.ask(.status).status else {
            Terminal.complain("discoveryd: the daemon sent no status")
            throw ExitStatus.software
        }
        switch output {
        case .text: Terminal.print(StatusText(report: report, now: Date()).text)
        case .json: Terminal.print(report.json)
        }
    }
}
