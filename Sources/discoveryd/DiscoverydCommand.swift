import ArgumentParser
import Daemon

/// The program: where it begins.
@main
enum Program {
    /// Signals first: while this is the only thread. On the main actor there is no other before the first
    /// `await`.
    @MainActor
    static func main() async {
        let signals = ProcessSignals.caught()
        EventLoops.shareOne()
        do {
            if let arguments = RunArguments(plain: CommandLine.arguments.dropFirst()) {
                return try await DaemonRun(arguments: arguments).run(hearing: known(signals))
            }
            let command = try DiscoverydCommand.parseAsRoot()
            if let daemon = command as? any DaemonCommand {
                try await daemon.run(hearing: known(signals))
            } else {
                signals?.release()
                try await run(command)
            }
        } catch {
            DiscoverydCommand.exit(withError: error)
        }
    }

    /// - Throws: An exit status, after it was said that there are none.
    private static func known(_ signals: ProcessSignals?) throws -> ProcessSignals {
        guard let signals else {
            Terminal.complain("discoveryd: no file descriptor is left; raise LimitNOFILE=")
            throw ExitStatus.software
        }
        return signals
    }

    private static func run(_ command: any ParsableCommand) async throws {
        var command = command
        if var waiting = command as? any AsyncParsableCommand {
            try await waiting.run()
        } else {
            try command.run()
        }
    }
}

/// A command that runs until a signal says otherwise.
protocol DaemonCommand: ParsableCommand {
    /// Runs until it is told to end.
    func run(hearing signals: ProcessSignals) async throws
}

/// The command line.
struct DiscoverydCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discoveryd",
        abstract:
            "Registers this host's services in etcd and writes the live endpoint list to files.",
        discussion: """
            Without a command the daemon runs, as systemd starts it. Its configuration is \
            /etc/discoveryd.conf and /etc/discoveryd.conf.d/*.conf; see the commented sample there.

            Exit status: 0 success, 64 wrong usage, 65 faulty template or data, 69 etcd not reachable or the daemon not running, \
            70 internal error or no machine id, 73 no temporary directory, 74 output cannot be written, \
            75 try again: not in time, too many, or another daemon has the files, 77 not permitted, \
            78 faulty configuration. Of doctor also: 1 warnings, 2 a check failed.
            """,
        version: Version.line,
        subcommands: [
            RunCommand.self, CheckCommand.self, ListCommand.self, WatchCommand.self,
            RenderCommand.self, StatusCommand.self, DoctorCommand.self, ExplainCommand.self,
            EventsCommand.self, WaitCommand.self, DrainCommand.self,
            UndrainCommand.self,
            ReloadCommand.self, DevCommand.self,
        ],
        defaultSubcommand: RunCommand.self
    )
}
