import ArgumentParser
import Configuration
import Daemon
import EndpointFiles
import Etcd
import Files
import Glibc
import Machines
import Registry
import Systemd

/// `discoveryd check`: reads the configuration and says what is wrong with it, and what would keep the daemon
/// from starting.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the configuration and print what it would do.",
        discussion: """
            Reports every configuration error with file, line and column, and everything else that 'run' would \
            not start with: a directory that is missing or not writable, a file that is another's, a host \
            without an identity. Root checks it as the user of the unit. Nothing is written. An etcd that does \
            not answer and an unknown address of the host are warnings.

            Exit status: 0 without errors, 78 with one, 70 when the host has no identity.
            """
    )

    @OptionGroup var options: ConfigurationOptions

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    /// The unit whose sandbox and limits count.
    private static let unit = "discoveryd.service"
    /// How long etcd is waited for.
    private static let patience = Duration.seconds(3)

    func run() async throws {
        // Asked while we are who we are.
        let settings = try? await ServiceManager().settings(of: Self.unit)
        let view = CheckView.taken(settings)
        let loaded = try options.load(
            by: ConfigurationLoader(
                hostname: HostName.current,
                reserved: ReservedFile.all(
                    statusFile: StatusFile.standardPath,
                    controlSocket: LocalAPIRoutes.standardSocket,
                    stateFiles: (StateDirectory.ofUnit
                        ?? StateDirectory(path: "/var/lib/discoveryd")).files
                ),
                seesAsDaemon: view == .daemon
            )
        )
        for fault in loaded.refused { Terminal.complain("\(fault)") }
        let outputs = OutputCheck(settings: settings, seesAsDaemon: view == .daemon)
            .findings(of: loaded.configuration.outputs)
        for fault in outputs.faults { Terminal.complain(fault) }
        let hasIdentity = sayIdentity()
        if !quiet { await say(loaded, outputs.warnings, view) }
        guard loaded.refused.isEmpty, outputs.faults.isEmpty else { throw ExitStatus.configuration }
        guard hasIdentity else { throw ExitStatus.software }
    }

    /// - Returns: Whether this host has one; the reason is said if not.
    private func sayIdentity() -> Bool {
        do throws(SystemdError) {
            _ = try HostIdentity.current()
            return true
        } catch {
            Terminal.complain(error.message)
            return false
        }
    }

    /// What is doubtful, and what would be done.
    private func say(
        _ loaded: LoadedConfiguration,
        _ outputWarnings: [String],
        _ view: CheckView
    ) async {
        let configuration = loaded.configuration
        var warnings = loaded.warnings.map { "\($0)" } + outputWarnings
        let troubles =
            view.seesSecrets ? EtcdClient.Configuration(configuration.etcd).fileTroubles : []
        warnings += troubles.map { "[etcd] \($0)" }
        warnings += configuration.stagingWarnings
        if let warning = await memoryWarning(configuration.limits) { warnings.append(warning) }
        let address = PrimaryAddress.current()
        if address == nil {
            warnings += configuration.services.filter { $0.address == nil }.map { service in
                "\(service.name) \(PrimaryAddress.missing)"
            }
        }
        // What is wrong with the files is said already, and a login needs what others may not read.
        let isAskable =
            troubles.isEmpty && (view.seesSecrets || !configuration.etcd.hasSecrets)
        if isAskable, let trouble = await etcdTrouble(configuration.etcd) {
            warnings.append("[etcd] \(trouble); the daemon starts all the same, and waits for it")
        }
        for warning in warnings { Terminal.complain("warning: \(warning)") }
        if let note = view.note { Terminal.complain(note) }
        let summary = ConfigurationSummary(
            loaded,
            hostname: HostName.current,
            primaryAddress: address
        )
        Terminal.print(summary.text)
    }

    /// What keeps us from reading the services, if anything does.
    private func etcdTrouble(_ etcd: Configuration.Etcd) async -> String? {
        var settings = EtcdClient.Configuration(etcd)
        settings.dialTimeout = min(settings.dialTimeout, Self.patience)
        do {
            let answer = try await within(Self.patience * 2) { [settings] in
                try await EtcdClient.withClient(settings) { client in
                    try await client.get(prefix: Bytes(etcd.prefix.text), countOnly: true)
                }
            }
            return answer == nil ? "etcd does not answer in time" : nil
        } catch {
            return "\(error)"
        }
    }

    /// Returns a warning when `MemoryMax=` of the unit is less than the limits need; `nil` also when there is no
    /// systemd to ask.
    private func memoryWarning(_ limits: ListLimits) async -> String? {
        let most = try? await ServiceManager().memoryMax(of: Self.unit)
        guard let most, limits.neededMemory > most else { return nil }
        let (needed, megabyte) = (limits.neededMemory, UInt64(1 << 20))
        return """
            [limits] admits lists that need about \(needed / megabyte) MB, and MemoryMax= of the unit is \
            \(most / megabyte) MB; lower the limits, or raise MemoryMax= with 'systemctl edit discoveryd'
            """
    }
}

extension Configuration.Etcd {
    /// Whether it names a file that others must not read.
    fileprivate var hasSecrets: Bool { passwordFile != nil || keyFile != nil }
}

extension Configuration {
    /// What is wrong with the directories in which its files would be staged, as far as that can be seen: a sentence
    /// each. It may change while the daemon runs, and so is no fault of the configuration.
    var stagingWarnings: [String] {
        // Whoever runs this may be another than the daemon will be.
        let users = Set([geteuid(), Accounts.ofHost.userID("_discoveryd")].compactMap { $0 })
        return outputs.compactMap { output in
            AtomicFileWriter().stagingFault(of: output.path, usedBy: users).map(\.description)
        }
    }
}
