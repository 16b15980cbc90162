extension Configuration {
    /// `[lease]`: how long a registration outlives its host.
    struct Lease: Equatable, Sendable {
        /// The time to live that is asked of etcd: a crashed host is gone from the lists about this
        /// long after its last sign of life. Default 10 s, whole seconds, 2 s to 1 h.
        var ttl: Duration = .seconds(10)

        static let ttls: ClosedRange<Duration> = .seconds(2) ... .seconds(3600)
        /// Below this, one slow disk or election of etcd takes healthy hosts off the lists.
        static let comfortableTTL: Duration = .seconds(5)
    }
}
