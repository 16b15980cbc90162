import ArgumentParser
import Configuration
import Daemon
import EndpointFiles
import Files
import Logging
import Systemd

/// Carries out `discoveryd run`: loads the configuration and runs the daemon.
struct DaemonRun {
    let arguments: RunArguments

    /// Runs until a signal ends it.
    ///
    /// - Throws: An exit status, after the reason was said.
    func run(hearing signals: ProcessSignals) async throws {
        FreeMemory.shareArenas()
        let threads = BlockingThreads()
        let entries = LogQueue(on: threads.thread("log"))
        let destination = LogDestination.detected()
        let logLevel = arguments.logLevel.level
        LoggingSystem.bootstrap { label in
            entries.handler(
                destination.handler(label: label, identifier: "discoveryd", level: logLevel)
            )
        }
        let result: Result<Void, any Error>
        do {
            result = .success(try await run(hearing: signals, threads, Logger(label: "discoveryd")))
        } catch {
            result = .failure(error)
        }
        await entries.flush(within: Self.logPatience)
        try result.get()
    }

    /// How long the last words of the log are waited for.
    private static let logPatience = Duration.seconds(1)

    private func run(
        hearing signals: ProcessSignals,
        _ threads: BlockingThreads,
        _ log: Logger
    ) async throws {
        let state = arguments.stateDirectory.map { StateDirectory(path: $0) } ?? .ofUnit
        let loader = ConfigurationLoader(
            hostname: HostName.current,
            reserved: ReservedFile.all(
                statusFile: arguments.statusFile,
                controlSocket: arguments.controlSocket,
                stateFiles: state?.files ?? []
            )
        )
        let path = arguments.configuration
        let loaded: LoadedConfiguration
        do {
            loaded = try loader.load(path)
        } catch {
            for fault in error.faults { log.log(.configurationInvalid, "\(fault)") }
            // Nobody else is left to tell when systemd is not there.
            _ = try? Notifier().send(
                .status("configuration errors: \(error.faults.count); see the log")
            )
            throw ExitStatus.configuration
        }
        let host: HostIdentity
        do {
            host = try HostIdentity.current()
        } catch {
            log.log(.hostUnidentified, error.message)
            throw ExitStatus.software
        }
        for warning in loaded.warnings { log.log(.configurationDoubtful, "\(warning)") }
        for fault in loaded.refused { log.log(.configurationPartRefused, "\(fault)") }
        let lock = try await lock(state, drain: loaded.configuration.lease.drain, signals, log)
        defer { lock.release() }
        let daemon = Daemon(
            loaded.configuration,
            host: host,
            reload: { () throws(ConfigurationFaults) in
                try loader.load(path)
            },
            statusFile: arguments.statusFile,
            state: state,
            controlSocket: arguments.controlSocket,
            ending: lock.end,
            threads: threads,
            signals: signals,
            log: log
        )
        try await daemon.run()
    }

    /// Makes sure that no other daemon has our files; one that is ending is waited for.
    ///
    /// - Throws: ``ExitStatus/tryAgain``, after it was said who has them; `ExitCode.success` when a signal ends it
    ///   meanwhile.
    private func lock(
        _ state: StateDirectory?,
        drain: Duration,
        _ signals: ProcessSignals,
        _ log: Logger
    ) async throws -> InstanceLock {
        // It drains first, and then has some seconds to leave the registry.
        let patience = drain + .seconds(15)
        do {
            return try await InstanceLock.take(
                for: [arguments.statusFile] + (state.map { [$0.lockedPath] } ?? []),
                patience: patience,
                isOver: signals.takeEnd,
                waiting: { holder in
                    log.log(.waitingForPredecessor, holder?.description)
                    let who = holder.map { ": \($0)" } ?? ""
                    // Nobody else is left to tell when systemd is not there.
                    _ = try? Notifier().send(
                        .status("\(LogMessage.waitingForPredecessor.text)\(who)"),
                        .extendTimeout(patience)
                    )
                },
                log: log
            )
        } catch let held as InstanceLock.Held {
            log.log(.alreadyRunning, "\(held)")
            // The same.
            _ = try? Notifier().send(.status("\(LogMessage.alreadyRunning.text): \(held)"))
            throw ExitStatus.tryAgain
        } catch is CancellationError {
            log.log(.stoppedDuringStart)
            throw ExitCode.success
        }
    }
}
