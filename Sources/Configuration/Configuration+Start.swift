extension Configuration {
    /// `[start]`: what starting means.
    package struct Start: Equatable, Sendable {
        /// How long systemd is kept waiting for the registrations and the first complete lists;
        /// after it the daemon is ready but degraded. Default 30 s, 0 to 1 h.
        package var timeout: Duration = .seconds(30)

        /// What happens after it when there is no list at all, not even an old one. Default: the daemon counts
        /// as started, without files.
        package var whenEtcdIsAway = WhenEtcdIsAway.degraded

        static let timeouts: ClosedRange<Duration> = .zero ... .seconds(3600)
    }

    /// What happens when the start timeout is over and there is no list at all.
    package enum WhenEtcdIsAway: String, Hashable, Sendable, CaseIterable {
        /// The start goes on until there is one.
        case wait
        /// The daemon counts as started, without files.
        case degraded
    }
}
