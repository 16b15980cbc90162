import Etcd
import Registry

extension Configuration {
    /// `[etcd]`: where the registry is.
    struct Etcd: Equatable, Sendable {
        /// The members to connect to, in the order in which they are tried; at least one. Default:
        /// `http://127.0.0.1:2379`.
        var endpoints: [EtcdEndpoint] = [.local]
        /// The part of the key space that holds the services. Default: `services/`.
        var prefix: RegistryPrefix = .standard
        /// How long one pass over all endpoints may take until one of them is connected. Default 5 s,
        /// 100 ms to 1 min.
        var dialTimeout: Duration = .seconds(5)

        static let dialTimeouts: ClosedRange<Duration> = .milliseconds(100) ... .seconds(60)
    }
}
