import Files
import Logging
import Machines
import Registry

/// What all parts of the daemon know: the time, the configuration, and where to tell what happened.
struct SharedParts: Sendable {
    let timeline = Timeline()
    /// Raised when somebody may want to look again.
    let signal: ChangeSignal
    let board: StatusBoard
    let log: DaemonLog
    let metrics = DaemonMetrics()
    /// The configuration in force.
    let current: CurrentConfiguration
    /// The threads for what may hang.
    let threads: BlockingThreads
    /// What the last run left.
    let earlier: EarlierRun

    init(_ daemon: Daemon, threads: BlockingThreads, earlier: EarlierRun) {
        self.threads = threads
        self.earlier = earlier
        signal = ChangeSignal(timeline: timeline)
        board = StatusBoard(signal: signal)
        log = DaemonLog(daemon.log)
        current = CurrentConfiguration(daemon.configuration)
    }
}
