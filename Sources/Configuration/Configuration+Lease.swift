extension Configuration {
    /// `[lease]`: how long a registration outlives its host.
    package struct Lease: Equatable, Sendable {
        /// The time to live that is asked of etcd: a crashed host is gone from the lists about this
        /// long after its last sign of life. Default 10 s, whole seconds, 2 s to 1 h.
        package var ttl: Duration = .seconds(10)

        /// What becomes of the registrations when the daemon ends. Default: what systemd is about to do.
        package var onStop = OnStop.auto

        /// How long the registrations stand as draining before they go, when the daemon ends and they do
        /// not stay. Default 0 s, up to 5 min.
        package var drain: Duration = .zero

        package static let drains: ClosedRange<Duration> = .zero ... .seconds(300)
        static let ttls: ClosedRange<Duration> = .seconds(2) ... .seconds(3600)
        /// Below this, one slow disk or leader election of etcd removes healthy hosts from the lists.
        static let comfortableTTL: Duration = .seconds(5)
    }

    /// What becomes of the registrations when the daemon ends.
    package enum OnStop: String, Hashable, Sendable, CaseIterable {
        /// They stay when systemd is restarting the unit, and go when it is stopping it.
        case auto
        /// They go at once.
        case deregister
        /// They stay until their lease ends, or the next run goes on with it.
        case keep
    }
}
