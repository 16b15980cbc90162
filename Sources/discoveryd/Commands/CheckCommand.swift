import ArgumentParser
import Etcd
import Registry
import Systemd

/// `discoveryd check`: reads the configuration and says what is wrong with it.
struct CheckCommand: AsyncParsableCommand {
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

    func run() async throws {
        let loaded = try options.load()
        guard !quiet else { return }
        for warning in loaded.warnings { Terminal.complain("warning: \(warning)") }
        let etcd = EtcdClient.Configuration(loaded.configuration.etcd)
        for trouble in etcd.fileTroubles { Terminal.complain("warning: [etcd] \(trouble)") }
        for warning in loaded.configuration.stagingWarnings {
            Terminal.complain("warning: \(warning)")
        }
        if let warning = await memoryWarning(loaded.configuration.limits) {
            Terminal.complain("warning: \(warning)")
        }
        Terminal.print(ConfigurationSummary(loaded, hostname: HostName.current).text)
    }

    /// Returns a warning when `MemoryMax=` of the unit is less than the limits need; `nil` also when there is no
    /// systemd to ask.
    private func memoryWarning(_ limits: ListLimits) async -> String? {
        let most = try? await ServiceManager().memoryMax(of: "discoveryd.service")
        guard let most, limits.neededMemory > most else { return nil }
        let (needed, megabyte) = (limits.neededMemory, UInt64(1 << 20))
        return """
            [limits] admits lists that need about \(needed / megabyte) MB, and MemoryMax= of the unit is \
            \(most / megabyte) MB; lower the limits, or raise MemoryMax= with 'systemctl edit discoveryd'
            """
    }
}
