import LocalServer

extension Configuration {
    /// `[metrics]`: what the daemon tells Prometheus.
    struct Metrics: Equatable, Sendable {
        /// Where: on loopback, or a unix socket. Default: nowhere.
        var listen: ListenAddress?
    }
}
