package import Etcd
package import Registry

extension Configuration {
    /// `[etcd]`: where the registry is.
    package struct Etcd: Equatable, Sendable {
        /// The members to connect to; at least one. Default: `http://127.0.0.1:2379`.
        package var endpoints: [EtcdEndpoint] = [.local]
        /// In which order they are tried. Default: the first is drawn, so that a fleet with one
        /// configuration spreads over the members.
        package var order = EtcdClient.EndpointOrder.random
        /// The part of the key space that holds the services. Default: `services/`.
        package var prefix: RegistryPrefix = .standard
        /// How long one pass over all endpoints may take until one of them is connected, 100 ms to 1 min.
        /// Default: the client's, 5 s.
        package var dialTimeout = EtcdClient.Configuration().dialTimeout

        /// The user of etcd that the daemon logs in as, 1 to 256 printable characters. Default: none.
        package var username: String?
        /// Where the user's password is. Given with `username` or not at all.
        package var passwordFile: FilePlace?
        /// The authorities that may have signed the servers' certificates, PEM. Default: those of the
        /// system.
        package var caFile: FilePlace?
        /// The certificate that is shown to servers, PEM. Default: none.
        package var certFile: FilePlace?
        /// Its key, PEM. Given with `certFile` or not at all.
        package var keyFile: FilePlace?
        /// The name that the servers' certificates must be for. Default: the host of the endpoint.
        package var serverName: String?

        /// The default of each setting.
        package init() {}

        static let dialTimeouts: ClosedRange<Duration> = .milliseconds(100) ... .seconds(60)
    }
}
