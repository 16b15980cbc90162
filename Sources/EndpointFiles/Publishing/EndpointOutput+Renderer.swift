public import Registry

extension EndpointOutput {
    /// A renderer for this output.
    ///
    /// - Parameter prefix: Where the list is read.
    public func renderer(prefix: RegistryPrefix) -> ListRenderer {
        switch format {
        case .json: renderer(JSONListEncoder(), prefix)
        case .prometheus: renderer(PrometheusEncoder(), prefix)
        case .haproxy(let resolvers):
            renderer(HAProxyEncoder(header: header, resolvers: resolvers), prefix)
        case .nginx: renderer(NginxEncoder(header: header), prefix)
        case .envoy: renderer(EnvoyEncoder(), prefix)
        case .hosts(let domain): renderer(HostsEncoder(domain: domain, header: header), prefix)
        case .env: renderer(EnvironmentEncoder(header: header), prefix)
        case .lines: renderer(LinesEncoder(header: header), prefix)
        }
    }

    private func renderer(
        _ encoder: some ListEncoder,
        _ prefix: RegistryPrefix
    ) -> ListRenderer {
        ListRenderer(
            BlockRenderer(
                encoder,
                prefix: prefix,
                services: services,
                filter: filter,
                includeDraining: includeDraining
            )
        )
    }
}
