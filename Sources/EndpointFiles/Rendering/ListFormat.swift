/// In which form a list is written. discoveryd-formats(5) describes each for its readers.
public enum ListFormat: Hashable, Sendable {
    /// discoveryd's own list: one endpoint a line, all that is known of it.
    case json
    /// Prometheus's file_sd: groups of targets with labels.
    case prometheus
    /// HAProxy: a `backend` section a service.
    case haproxy
    /// nginx: an `upstream` block a service.
    case nginx
    /// Envoy: the endpoints of a cluster, as a DiscoveryResponse.
    case envoy
    /// hosts(5): `ID.SERVICE` and `SERVICE`, under a domain.
    case hosts(domain: DomainName)
    /// Variables for the shell and for systemd's EnvironmentFile.
    case env
    /// `SERVICE ADDRESS:PORT` lines.
    case lines

    /// Whether it has comments, and so can have a header.
    public var hasComments: Bool {
        switch self {
        case .json, .prometheus, .envoy: false
        case .haproxy, .nginx, .hosts, .env, .lines: true
        }
    }

    /// Whether its reader takes one service a file: Envoy refuses a file with the endpoints of two
    /// clusters.
    public var needsOneService: Bool { self == .envoy }
}
