import ArgumentParser
import Daemon
import Logging

/// `discoveryd run`: the daemon.
struct RunCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the daemon: register, watch, write. The default.",
        discussion: """
            SIGTERM deregisters this host's services, or leaves them for the next run, as on_stop says, \
            and stops the daemon; the files stay.
            SIGHUP reloads the configuration and applies what changed.
            If another discoveryd uses the status file or the state directory, this one exits with 75.
            """
    )

    @OptionGroup var options: ConfigurationOptions

    @Option(
        help: ArgumentHelp(
            "Where the daemon writes its status, as JSON, on each change of state.",
            valueName: "file"
        )
    )
    var statusFile = StatusFile.standardPath

    @Option(
        help: ArgumentHelp(
            "Where one run saves its lease and the last list for the next, so that a restart does not "
                + "interrupt the registrations. Default: $STATE_DIRECTORY, which systemd sets; without it "
                + "nothing is saved.",
            valueName: "directory"
        )
    )
    var stateDirectory: String?

    @OptionGroup var control: ControlOptions

    @Option(help: "Log messages of this level and above.")
    var logLevel = LogLevel.info

    var arguments: RunArguments {
        RunArguments(
            configuration: options.path,
            statusFile: statusFile,
            stateDirectory: stateDirectory,
            controlSocket: control.controlSocket,
            logLevel: logLevel
        )
    }

    func run(hearing signals: ProcessSignals) async throws {
        try await DaemonRun(arguments: arguments).run(hearing: signals)
    }
}

/// The levels a person can ask for.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case debug
    case info
    case notice
    case warning
    case error

    var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        }
    }
}
