/// What the reloader reports to whoever logs and counts.
public enum ReloadReport: Hashable, Sendable {
    /// The action was done, for these files.
    case done(ReloadAction, paths: [String])
    /// It failed, and is tried again after the delay. Said once for each cause.
    case failed(ReloadAction, ReloadFault, retryIn: Duration)
}
