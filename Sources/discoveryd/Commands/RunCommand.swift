import ArgumentParser
import Configuration
import EndpointFiles
import Files
import Logging
import Systemd

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

    func run(hearing signals: ProcessSignals) async throws {
        FreeMemory.shareArenas()
        let destination = LogDestination.detected()
        LoggingSystem.bootstrap { label in
            destination.handler(label: label, identifier: "discoveryd", level: logLevel.level)
        }
        let log = Logger(label: "discoveryd")
        let state = stateDirectory.map { StateDirectory(path: $0) } ?? .ofUnit
        let loader = ConfigurationLoader(
            hostname: HostName.current,
            reserved: ReservedFile.all(
                statusFile: statusFile,
                controlSocket: control.controlSocket,
                stateFiles: state?.files ?? []
            )
        )
        let path = options.path
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
            statusFile: statusFile,
            state: state,
            controlSocket: control.controlSocket,
            ending: lock.end,
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
                for: [statusFile] + (state.map { [$0.lockedPath] } ?? []),
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
