import Configuration
import Daemon
import Files
import Glibc
import LocalServer
import Machines
import Registry
import Systemd
import Texts

/// Gathers the facts that the checks judge: from the disk, systemd, polkit, etcd, the daemon and HAProxy.
///
/// Everything that may hang has a limit of its own and runs beside the rest, so that all of it ends within about 15 s,
/// whatever hangs. Nothing is written, but for a transaction in etcd that never holds.
package struct FactGatherer: Sendable {
    /// The configuration file; where it usually is without one.
    package var configuration: String?
    package var controlSocket = LocalAPIRoutes.standardSocket
    package var unit = "discoveryd.service"
    let threads = BlockingThreads()

    /// How long a look at one thing of this host may take.
    static let patience = Duration.seconds(3)
    /// How long an endpoint may take for one step, and for all of them.
    static let (step, steps) = (Duration.seconds(3), Duration.seconds(8))
    /// How long all requests as the daemon's user may take.
    static let session = Duration.seconds(5)

    package init() {}

    /// Gathers all of it.
    package func facts() async -> Facts {
        var facts = Facts(now: Self.now)
        facts.hostname = HostName.current
        // A host without a machine id has no name to sign with.
        facts.owner = (try? HostIdentity.current())?.owner.text
        facts.daemon.socket = controlSocket
        async let shown = UnitQuestions(limit: Self.patience).show([unit])
        async let status = askStatus()
        async let listeners = look("/proc/net") {
            (ListenerTable.ofHost(), ListenerTable.addresses())
        }
        async let processes = look("/proc") { DaemonProcesses.ofHost() }
        await addConfiguration(to: &facts)
        let (heard, daemons) = (await listeners, await processes)
        (facts.listeners, facts.addresses) = heard ?? ([], [])
        facts.processes = daemons ?? []
        (facts.areListenersKnown, facts.areProcessesKnown) = (heard != nil, daemons != nil)
        await addUsers(to: &facts, shown: await shown)
        (facts.daemon.status, facts.daemon.trouble) = await status
        guard let configuration = facts.configuration else { return facts }
        let known = facts
        async let endpoints = examine(configuration, known)
        await addHost(to: &facts, configuration)
        (
            facts.endpoints, facts.fileTroubles, facts.fileWarnings, facts.passwordTrouble,
            facts.ownCertificate, facts.blindness
        ) =
            await endpoints
        await addSession(to: &facts, configuration)
        return facts
    }

    static var now: Int { time(nil) }

    /// Does what may hang on a thread of its own.
    ///
    /// - Returns: `nil` when it takes too long.
    func look<Value: Sendable>(
        _ thing: String,
        _ call: @escaping @Sendable () -> Value
    ) async -> Value? {
        let thread = threads.thread(thing)
        // Throws when it is cancelled: not told, as when it is too late.
        let outcome = try? await within(Self.patience) { await thread.run(call) }
        return outcome.flatMap { $0 }.flatMap { $0 }
    }

    // MARK: the configuration

    private func addConfiguration(to facts: inout Facts) async {
        facts.configurationPath = configuration ?? ConfigurationLoader.standardPath
        let loader = ConfigurationLoader(
            hostname: facts.hostname,
            reserved: ReservedFile.all(
                statusFile: StatusFile.standardPath,
                controlSocket: controlSocket,
                stateFiles: StateDirectory(path: facts.stateDirectory).files
            ),
            // What we may read is not what the daemon may; that is computed from the modes.
            seesAsDaemon: false
        )
        let path = configuration
        let outcome = await look("configuration") {
            () -> Result<LoadedConfiguration, ConfigurationFaults> in
            do throws(ConfigurationFaults) {
                return .success(try loader.load(path))
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(let loaded)?:
            facts.configuration = loaded.configuration
            facts.files = loaded.files
            facts.faults = loaded.refused.map(\.description)
            facts.warnings = loaded.warnings.map(\.description)
        case .failure(let faults)?: facts.faults = faults.faults.map(\.description)
        case nil:
            facts.faults = ["\(facts.configurationPath) cannot be read in time: its disk hangs"]
        }
    }
}
