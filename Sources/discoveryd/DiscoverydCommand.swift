import ArgumentParser

/// The command line.
@main
struct DiscoverydCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discoveryd",
        abstract:
            "Registers this host's services in etcd and writes the live endpoint list to files.",
        discussion: """
            Without a command the daemon runs, as systemd starts it. Its configuration is \
            /etc/discoveryd.conf and /etc/discoveryd.conf.d/*.conf; see the commented sample there.

            Exit status: 0 success, 64 wrong usage, 69 etcd not reachable or the daemon not running, \
            70 internal error, 73 no temporary directory, 75 not in time, 77 not permitted, 78 faulty \
            configuration.
            """,
        version: Version.text,
        subcommands: [
            RunCommand.self, CheckCommand.self, ListCommand.self, WatchCommand.self,
            StatusCommand.self, WaitCommand.self, DrainCommand.self, UndrainCommand.self,
            ReloadCommand.self, DevCommand.self,
        ],
        defaultSubcommand: RunCommand.self
    )
}

/// The version of this program.
enum Version {
    static let text = "0.1.0"

    /// The compiler, as far as it tells.
    static var compiler: String {
        #if compiler(>=6.4)
            "6.4 or newer"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }
}
