/// In which form a list is written. discoveryd-formats(5) describes each for its readers.
public enum ListFormat: Hashable, Sendable {
    /// discoveryd's own list: one endpoint a line, all that is known of it.
    case json
    /// Prometheus's file_sd: groups of targets with labels.
    case prometheus
    /// HAProxy: a `backend` section a service. Host names are left out unless the section of HAProxy's own
    /// configuration is named that tells how to resolve them. The options stand behind each server.
    case haproxy(resolvers: HAProxySectionName? = nil, options: HAProxyServerOptions? = nil)
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

    /// How the path has to end for its reader to know the format; `nil` when any path will do.
    public var pathEnding: String? {
        switch self {
        case .prometheus, .envoy: ".json"
        case .json, .haproxy, .nginx, .hosts, .env, .lines: nil
        }
    }

    /// Which services an output of this format has to name.
    public var naming: Naming {
        switch self {
        case .json, .prometheus, .hosts, .env, .lines: .optional
        case .haproxy, .nginx: .advised
        case .envoy: .one
        }
    }

    /// Which services an output has to name.
    public enum Naming: Hashable, Sendable {
        /// None: it can show whatever there is.
        case optional
        /// Those it is for: the names stand beside the administrator's own backends and upstreams,
        /// and a service that somebody calls like one of those would be taken for it, or keep the
        /// program from starting.
        case advised
        /// Exactly one: Envoy refuses a file with the endpoints of two clusters.
        case one
    }
}
