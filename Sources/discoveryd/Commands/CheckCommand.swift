import ArgumentParser
import Etcd
import Registry

/// `discoveryd check`: reads the configuration and says what is wrong with it.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the configuration and say what it would do.",
        discussion: """
            Every fault is said with its file, line and column; the exit status is then 78. Nothing \
            is connected to and nothing is written.
            """
    )

    @OptionGroup var options: ConfigurationOptions

    @Flag(name: .shortAndLong, help: "Say nothing when there is no fault.")
    var quiet = false

    func run() throws {
        let loaded = try options.load()
        guard !quiet else { return }
        for warning in loaded.warnings { Terminal.complain("warning: \(warning)") }
        let etcd = EtcdClient.Configuration(loaded.configuration.etcd)
        for trouble in etcd.fileTroubles { Terminal.complain("warning: [etcd] \(trouble)") }
        Terminal.print(ConfigurationSummary(loaded, hostname: HostName.current).text)
    }
}
