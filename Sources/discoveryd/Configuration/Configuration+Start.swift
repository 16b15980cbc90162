extension Configuration {
    /// `[start]`: what starting means.
    struct Start: Equatable, Sendable {
        /// How long systemd is kept waiting for the registrations and the first complete lists;
        /// after it the daemon is ready but degraded, once a list exists. Default 30 s, 0 to 1 h.
        var timeout: Duration = .seconds(30)

        static let timeouts: ClosedRange<Duration> = .zero ... .seconds(3600)
    }
}
