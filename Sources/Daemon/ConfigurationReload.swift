import Configuration
import EndpointFiles
import Files
import Registry
import ServiceLifecycle

/// Reads the configuration again on SIGHUP, or when asked over the control socket, and applies what can be
/// applied.
///
/// A faulty file changes nothing: the old configuration stays, and the faults are said.
struct ConfigurationReloadService: Service {
    let state: CurrentState
    let events: DaemonEvents
    let reload: @Sendable () throws(ConfigurationFaults) -> LoadedConfiguration
    /// Where it is read: its disk may hang, and so may the database of the users and groups that it names.
    let thread: BlockingThread
    let registrar: Registrar
    let publisher: EndpointPublisher
    let reloader: Reloader
    let updater: HAProxyUpdater
    let watcher: EndpointWatcher
    let wanted: WantedServices
    let status: StatusPublisher
    let queue: ConfigurationReloadQueue

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await asker in queue.requests {
                if let outcome = await reloadRequested() { asker?.yield(outcome) }
                asker?.finish()
            }
        }
    }

    /// - Returns: `nil` when the daemon stops before the configuration is read.
    private func reloadRequested() async -> ConfigurationReloadQueue.Outcome? {
        defer { status.reloadEnded() }
        status.reloadBegan()
        let result = await thread.run { [reload] in
            Result { () throws(ConfigurationFaults) in try reload() }
        }
        guard let result else { return nil }
        do throws(ConfigurationFaults) {
            let loaded = try result.get()
            for warning in loaded.warnings { report(.doubtful("\(warning)")) }
            for fault in loaded.refused { report(.partRefused("\(fault)")) }
            let notes = apply(loaded.configuration)
            return .applied((loaded.warnings + loaded.refused).map { "\($0)" } + notes)
        } catch {
            let faults = error.faults.map(\.description)
            report(.refused(faults))
            return .refused(faults)
        }
    }

    /// - Returns: What there is to say to whoever asked.
    private func apply(_ new: Configuration) -> [String] {
        let old = state.configuration
        var applied = new
        var notes: [String] = []
        // Read at the start only; said by name, and still to be said at the next reload.
        for (name, isChanged) in [
            ("[etcd]", old.etcd != new.etcd), ("[lease]", old.lease != new.lease),
            ("[metrics]", old.metrics != new.metrics),
        ] where isChanged {
            let note = "\(name) has changed; restart the daemon: systemctl restart discoveryd"
            report(.needsRestart(note))
            notes.append(note)
        }
        applied.etcd = old.etcd
        applied.lease = old.lease
        applied.metrics = old.metrics
        report(.applied(applied))
        registrar.setServices(new.services)
        // Before the outputs: it reads what HAProxy has loaded.
        updater.setOutputs(new.runtimeOutputs)
        publisher.setOutputs(new.outputs.map(EndpointOutput.init))
        // After the outputs: it looks for files that were replaced before their action was known.
        let atRuntime = Set(new.runtimeOutputs.map(\.path))
        reloader.setActions(new.reloads, except: atRuntime)
        watcher.holdLosses(for: new.longestHold)
        watcher.limit(to: new.limits)
        wanted.configurationChanged(to: new)
        report(.reloaded(services: new.services.count, outputs: new.outputs.count))
        return notes
    }

    private func report(_ report: ConfigurationReport) { events.happened(.configuration(report)) }
}

/// Queues requests to reload the configuration, from SIGHUP and the local API; they are done one after the other.
final class ConfigurationReloadQueue: Sendable {
    /// How a reload ended.
    enum Outcome: Hashable, Sendable {
        /// The new configuration is in force; with what there is to say.
        case applied([String])
        /// It is faulty, and the old one stays.
        case refused([String])
        /// As many wait for a reload as there is room for; nothing was asked.
        case full
    }

    /// Gets the outcome of a request; `nil` when nobody waits for it.
    typealias Asker = AsyncStream<Outcome>.Continuation?

    /// What was asked for, in order.
    let requests: AsyncStream<Asker>
    private let request: AsyncStream<Asker>.Continuation

    init() {
        // A reload that begins later reads no less: those that find no place are told to try again.
        (requests, request) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(16))
    }

    /// A signal asked for it.
    func signalled() {
        request.yield(nil)
    }

    /// Asks for a reload and waits for its end.
    ///
    /// - Returns: `nil` when the task was cancelled.
    func reload() async -> Outcome? {
        let (outcomes, asker) = AsyncStream.makeStream(
            of: Outcome.self,
            bufferingPolicy: .bufferingOldest(1)
        )
        guard case .enqueued = request.yield(asker) else { return .full }
        return await outcomes.first { _ in true }
    }
}
