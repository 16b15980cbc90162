/// A report of the reloader, for the log and the metrics.
public enum ReloadReport: Hashable, Sendable {
    /// The action was done, for these files.
    case done(ReloadAction, paths: [String])
    /// It failed, and is retried after the delay. Reported once for each cause.
    case failed(ReloadAction, ReloadFault, retryIn: Duration)
}
