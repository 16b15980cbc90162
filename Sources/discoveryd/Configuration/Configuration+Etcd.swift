import Etcd
import Registry

extension Configuration {
    /// `[etcd]`: where the registry is.
    struct Etcd: Equatable, Sendable {
        /// The members to connect to; at least one. Default: `http://127.0.0.1:2379`.
        var endpoints: [EtcdEndpoint] = [.local]
        /// In which order they are tried. Default: the first is drawn, so that a fleet with one
        /// configuration spreads over the members.
        var order = EtcdClient.EndpointOrder.random
        /// The part of the key space that holds the services. Default: `services/`.
        var prefix: RegistryPrefix = .standard
        /// How long one pass over all endpoints may take until one of them is connected. Default 5 s,
        /// 100 ms to 1 min.
        var dialTimeout: Duration = .seconds(5)

        /// The user of etcd that the daemon logs in as, 1 to 256 printable characters. Default: none.
        var username: String?
        /// Where the user's password is. Given with `username` or not at all.
        var passwordFile: FilePlace?
        /// The authorities that may have signed the servers' certificates, PEM. Default: those of the
        /// system.
        var caFile: FilePlace?
        /// The certificate that is shown to servers, PEM. Default: none.
        var certFile: FilePlace?
        /// Its key, PEM. Given with `certFile` or not at all.
        var keyFile: FilePlace?
        /// The name that the servers' certificates must be for. Default: the host of the endpoint.
        var serverName: String?

        static let dialTimeouts: ClosedRange<Duration> = .milliseconds(100) ... .seconds(60)
    }
}
