import EndpointFiles
import Registry
import Testing
import Texts

/// Lists for tests.
enum Lists {
    static func endpoint(
        _ service: String,
        _ id: String,
        address: String = "10.0.0.5",
        port: UInt16 = 8080,
        weight: UInt16 = 100,
        zone: String? = nil,
        tags: [String] = [],
        meta: [String: String] = [:],
        state: EndpointState = .up,
        revision: Revision = 42
    ) throws -> Endpoint {
        Endpoint(
            instance: ServiceInstance(
                key: ServiceKey(
                    service: try #require(ServiceName(read: service)),
                    instance: try #require(InstanceID(read: id))
                ),
                address: try #require(HostAddress(address)),
                port: port,
                weight: weight,
                zone: zone,
                tags: tags,
                meta: meta
            ),
            state: state,
            createRevision: revision,
            modRevision: revision,
            version: 1,
            lease: LeaseID(rawValue: 0x694d_7a3c_1f0b_2e05)
        )
    }

    static func update(
        _ endpoints: [Endpoint],
        revision: Revision = 42
    ) -> TableUpdate {
        var table = EndpointTable()
        for endpoint in endpoints { table.insert(endpoint) }
        return TableUpdate(
            table: table,
            clusterID: ClusterID(rawValue: 0xcdf8_1819_4e3a_8c32),
            revision: revision
        )
    }

    /// A list in a format, as text, and what it leaves out.
    static func text(
        _ format: ListFormat,
        _ endpoints: [Endpoint],
        services: [ServiceName]? = nil,
        filter: EndpointFilter = EndpointFilter(),
        includeDraining: Bool = false,
        header: Bool = false,
        zones: ZonePreference? = nil
    ) -> (text: String, rejections: [Rejection]) {
        var output = EndpointOutput(
            path: "/list",
            services: services,
            format: format,
            filter: filter,
            includeDraining: includeDraining,
            header: header
        )
        output.zones = zones
        let renderer = output.renderer(prefix: .standard)
        let rendering = renderer.render(update(endpoints))
        return (String(decoding: rendering.list.bytes, as: UTF8.self), rendering.rejections)
    }

    static func names(_ texts: String...) throws -> [ServiceName] {
        try texts.map { try #require(ServiceName(read: $0)) }
    }
}
