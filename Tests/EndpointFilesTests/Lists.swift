import Registry
import Testing

/// Lists for tests.
enum Lists {
    static func endpoint(
        _ service: String,
        _ id: String,
        port: UInt16 = 8080,
        revision: Revision = 42
    ) throws -> Endpoint {
        Endpoint(
            instance: ServiceInstance(
                key: ServiceKey(
                    service: try #require(ServiceName(read: service)),
                    instance: try #require(InstanceID(read: id))
                ),
                address: try #require(HostAddress("10.0.0.5")),
                port: port
            ),
            createRevision: revision,
            modRevision: revision,
            version: 1,
            lease: LeaseID(rawValue: 0x694d_7a3c_1f0b_2e05)
        )
    }

    static func update(
        _ endpoints: [Endpoint],
        revision: Revision = 42,
        changed: Set<ServiceName>? = nil
    ) -> TableUpdate {
        var table = EndpointTable()
        for endpoint in endpoints { table.insert(endpoint) }
        return TableUpdate(
            table: table,
            clusterID: ClusterID(rawValue: 0xcdf8_1819_4e3a_8c32),
            revision: revision,
            changed: changed
        )
    }

    static func names(_ texts: String...) throws -> [ServiceName] {
        try texts.map { try #require(ServiceName(read: $0)) }
    }
}
