package import EndpointFiles

/// The value of `format` of an output; see discoveryd-formats(5). `ListFormat` is how a list is rendered for it.
package enum FormatSetting: String, Hashable, Sendable, CaseIterable {
    /// discoveryd's own list: one endpoint a line, in stable order.
    case json
    /// Prometheus's file_sd.
    case prometheus
    /// Backends of HAProxy.
    case haproxy
    /// Upstreams of nginx.
    case nginx
    /// The endpoints of a cluster of Envoy.
    case envoy
    /// hosts(5).
    case hosts
    /// Variables for shells and systemd.
    case env
    /// `SERVICE ADDRESS:PORT` lines.
    case lines
    /// A format that a program of the administrator makes of the JSON list.
    case command

    /// The list that is rendered for it.
    ///
    /// - Parameters:
    ///   - domain: Where the names of a hosts file are.
    ///   - resolvers: Which section tells HAProxy how to look host names up.
    ///   - options: What stands behind each server of HAProxy.
    package func list(
        under domain: DomainName = .standard,
        resolvers: HAProxySectionName? = nil,
        options: HAProxyServerOptions? = nil
    ) -> ListFormat {
        switch self {
        case .json, .command: .json
        case .prometheus: .prometheus
        case .haproxy: .haproxy(resolvers: resolvers, options: options)
        case .nginx: .nginx
        case .envoy: .envoy
        case .hosts: .hosts(domain: domain)
        case .env: .env
        case .lines: .lines
        }
    }
}
