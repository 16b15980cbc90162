import Registry
import Testing
import Texts

extension TableUpdate {
    /// A list of these instances, each at 10.0.0.5:80.
    static func of(_ keys: ServiceKey..., revision: Revision) throws -> TableUpdate {
        var table = EndpointTable()
        for key in keys {
            let address = try #require(HostAddress("10.0.0.5"))
            table.insert(
                Endpoint(
                    instance: ServiceInstance(key: key, address: address, port: 80),
                    createRevision: 1,
                    modRevision: 1,
                    version: 1,
                    lease: LeaseID(rawValue: 7)
                )
            )
        }
        return TableUpdate(table: table, clusterID: ClusterID(rawValue: 1), revision: revision)
    }
}
