import Machines

/// The time in which HAProxy cannot be asked: how soon it is asked again, when that is said, and when a reload is asked
/// for instead.
struct RuntimeOutage: Sendable {
    /// The first pause before HAProxy is asked again; doubled each time.
    private static let firstRetry = Duration.milliseconds(250)
    private static let longestRetry = Duration.seconds(10)
    /// For how long a HAProxy that is not there may be about to start, and load the file by itself, before a reload is
    /// asked for.
    private static let startTime = Duration.seconds(2)
    /// For how long a HAProxy may be away, as while it restarts, before that is said.
    private static let restartTime = Duration.seconds(10)

    /// The last failure; `nil` while HAProxy can be asked.
    private(set) var fault: RuntimeFault?
    private var since = Duration.zero
    /// The kind of failure that was said.
    private var said: RuntimeFault.Code?
    private var retry = firstRetry

    /// HAProxy could not be asked.
    ///
    /// - Returns: Whether that is to be said, whether a reload may be asked for, and the pause before the next try.
    mutating func failed(
        _ fault: RuntimeFault,
        at now: Duration
    ) -> (isNews: Bool, mayReload: Bool, pause: Duration) {
        if self.fault == nil { since = now }
        self.fault = fault
        // A HAProxy that restarts is away for a moment.
        let isPassing = fault.code == .notRunning || fault.code == .interrupted
        let wasSaid = said == fault.code
        let isSaid = wasSaid || !isPassing || now >= since + Self.restartTime
        said = isSaid ? fault.code : nil
        defer { retry = min(retry * 2, Self.longestRetry) }
        return (isSaid && !wasSaid, !isPassing || now >= since + Self.startTime, retry)
    }

    /// HAProxy could be asked.
    ///
    /// - Returns: Whether that is to be said.
    mutating func ended() -> Bool {
        defer { self = RuntimeOutage() }
        return said != nil
    }
}
