package import LocalServer
package import Registry

/// Holds the configuration files, merged, checked and with every default
/// in its place.
///
/// An empty configuration is valid: a host that registers nothing and writes all services to the
/// standard output file.
package struct Configuration: Equatable, Sendable {
    /// The connection to etcd, and the prefix of the registry in it.
    package var etcd = Etcd()
    /// The lease, and what becomes of it when the daemon ends.
    package var lease = Lease()
    /// The facts of this host that its services and outputs share.
    package var host = Host()
    /// The limits of the start.
    package var start = Start()
    /// The address of the metrics. Default: none.
    package var metrics = Metrics()
    /// The limits of what is kept of etcd in memory. Beyond them the largest services are left out.
    package var limits = ListLimits.standard
    /// The services that this host registers, in the order of the files. Default: none. No two are the
    /// same instance.
    package var services: [Service] = []
    /// The files that are written, in the order of the files. Default: ``Output/standard``; none with
    /// `outputs = []`. No two have the same path.
    package var outputs: [Output] = [.standard]

    /// Makes the configuration of an empty file.
    package init() {}

    /// The longest `hold` of the outputs: for so long lost endpoints have to be kept.
    package var longestHold: Duration { outputs.map(\.hold).max() ?? .zero }
}

extension Configuration {
    /// `[lease]`: how long a registration outlives its host.
    package struct Lease: Equatable, Sendable {
        /// The time to live that is asked of etcd: a crashed host is gone from the lists about this
        /// long after its last sign of life. Default 10 s, whole seconds, 2 s to 1 h.
        package var ttl: Duration = .seconds(10)

        /// Says whether the registrations stay or go when the daemon ends. Default: what systemd is about to do.
        package var onStop = OnStop.auto

        /// How long the registrations stand as draining before they go, when the daemon ends and they do
        /// not stay. Default 0 s, up to 5 min.
        package var drain: Duration = .zero

        package static let drains: ClosedRange<Duration> = .zero ... .seconds(300)
        static let ttls: ClosedRange<Duration> = .seconds(2) ... .seconds(3600)
        /// Below this, one slow disk or leader election of etcd removes healthy hosts from the lists.
        static let comfortableTTL: Duration = .seconds(5)
    }

    /// Says whether the registrations stay or go when the daemon ends.
    package enum OnStop: String, Hashable, Sendable, CaseIterable {
        /// They stay when systemd is restarting the unit, and go when it is stopping it.
        case auto
        /// They go at once.
        case deregister
        /// They stay until their lease ends, or the next run goes on with it.
        case keep
    }
}

extension Configuration {
    /// `[host]`: what is true of this host.
    package struct Host: Equatable, Sendable {
        /// The place of the host (a rack, a data centre), 1 to 128 bytes: the zone of its services that name none, and the one
        /// that `prefer_zone = true` prefers. Default: not said.
        package var zone: String?
    }
}

extension Configuration {
    /// `[start]`: what starting means.
    package struct Start: Equatable, Sendable {
        /// How long systemd is kept waiting for the registrations and the first complete lists;
        /// after it the daemon is ready but degraded. Default 30 s, 0 to 1 h.
        package var timeout: Duration = .seconds(30)

        /// Says how the start goes on after it without any list, not even an old one. Default: the daemon counts
        /// as started, without files.
        package var whenEtcdIsAway = WhenEtcdIsAway.degraded

        static let timeouts: ClosedRange<Duration> = .zero ... .seconds(3600)
    }

    /// Says how a start goes on when its timeout is over and there is no list at all.
    package enum WhenEtcdIsAway: String, Hashable, Sendable, CaseIterable {
        /// The start goes on until there is one.
        case wait
        /// The daemon counts as started, without files.
        case degraded
    }
}

extension Configuration {
    /// `[metrics]`: what the daemon tells Prometheus.
    package struct Metrics: Equatable, Sendable {
        /// Where: on loopback, or a unix socket. Default: nowhere.
        package var listen: ListenAddress?
    }
}

extension ListLimits {
    /// The default: 200,000 endpoints, or 64 MB of records. Fits into `MemoryMax=512M` of the unit.
    static let standard = ListLimits(endpoints: 200_000, bytes: 64 << 20)

    /// The memory that the daemon needs at most when the store is as large as the limits, in bytes, estimated on
    /// the safe side: the program, an endpoint, and each record as it is kept and as it stands in a file. See
    /// docs/BENCHMARKS.md for measurements.
    package var neededMemory: UInt64 {
        let each = UInt64(endpoints) * 640 + UInt64(bytes) * 2
        return (64 << 20) + each
    }

    static let endpointCounts = 1...10_000_000
    static let byteCounts = (1 << 10)...(1 << 40)
}
