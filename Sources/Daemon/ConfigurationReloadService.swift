import Configuration
import EndpointFiles
import Files
import Logging
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
    let watcher: EndpointWatcher
    let wanted: WantedServices
    let status: StatusPublisher
    let queue: ConfigurationReloadQueue
    let log: Logger

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
            for warning in loaded.warnings { log.log(.configurationDoubtful, "\(warning)") }
            for fault in loaded.refused { log.log(.configurationPartRefused, "\(fault)") }
            let notes = apply(loaded.configuration)
            return .applied((loaded.warnings + loaded.refused).map { "\($0)" } + notes)
        } catch {
            events.happened(.configuration(.refused(errors: error.faults.count)))
            for fault in error.faults { log.log(.configurationInvalid, "\(fault)") }
            log.log(.configurationNotReloaded)
            return .refused(error.faults.map(\.description))
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
            log.log(.configurationNeedsRestart, note)
            notes.append(note)
        }
        applied.etcd = old.etcd
        applied.lease = old.lease
        applied.metrics = old.metrics
        events.happened(.configuration(.applied(applied)))
        registrar.setServices(new.services)
        publisher.setOutputs(new.outputs.map(EndpointOutput.init))
        // After the outputs: it looks for files that were replaced before their action was known.
        reloader.setActions(new.reloads)
        watcher.holdLosses(for: new.longestHold)
        watcher.limit(to: new.limits)
        wanted.configurationChanged(to: new)
        log.log(
            .configurationReloaded,
            metadata: ["services": "\(new.services.count)", "outputs": "\(new.outputs.count)"]
        )
        return notes
    }
}
