package import LocalServer

extension Configuration {
    /// `[metrics]`: what the daemon tells Prometheus.
    package struct Metrics: Equatable, Sendable {
        /// Where: on loopback, or a unix socket. Default: nowhere.
        package var listen: ListenAddress?
    }
}
