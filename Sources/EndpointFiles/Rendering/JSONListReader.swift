internal import FoundationEssentials
public import Registry
import Texts

/// Reads a list that ``JSONListRenderer`` wrote: the last one of an earlier run, when there is no other.
public enum JSONListReader {
    /// Reads a whole list.
    ///
    /// - Parameters:
    ///   - bytes: The file. It is not trusted more than a record in the store: an endpoint that could
    ///     not stand in a record is left out.
    ///   - prefix: Where the list must have been read.
    /// - Returns: The list, or `nil` when the file is anything but a list of that prefix.
    public static func read(_ bytes: [UInt8], prefix: RegistryPrefix) -> TableUpdate? {
        guard let wire = try? JSONDecoder().decode(Wire.self, from: Data(bytes)),
            wire.schema == JSONListRenderer.schema, wire.prefix == prefix.text,
            let cluster = UInt64(wire.cluster, radix: 16), wire.revision >= 0
        else { return nil }
        var table = EndpointTable()
        for (name, items) in wire.services {
            guard let service = ServiceName(read: name) else { continue }
            for item in items {
                if let endpoint = item.endpoint(of: service) { table.insert(endpoint) }
            }
        }
        return TableUpdate(
            table: table,
            clusterID: ClusterID(rawValue: cluster),
            revision: Revision(rawValue: wire.revision)
        )
    }

    private struct Wire: Decodable {
        let schema: Int
        let cluster: String
        let prefix: String
        let revision: Int64
        let services: [String: [Item]]

        enum CodingKeys: String, CodingKey {
            case cluster = "cluster_id"
            case schema, prefix, revision, services
        }
    }

    private struct Item: Decodable {
        let id: String
        let address: String
        let port: UInt16
        let weight: UInt16
        let zone: String?
        let tags: [String]
        let meta: [String: String]
        let state: String
        let created: Int64
        let modified: Int64
        let version: Int64
        let lease: String

        enum CodingKeys: String, CodingKey {
            case created = "create_revision"
            case modified = "mod_revision"
            case id, address, port, weight, zone, tags, meta, state, version, lease
        }

        func endpoint(of service: ServiceName) -> Endpoint? {
            guard let id = InstanceID(read: id), let address = HostAddress(address),
                address.unusable == nil, let lease = UInt64(lease, radix: 16)
            else { return nil }
            let instance = ServiceInstance(
                key: ServiceKey(service: service, instance: id),
                address: address,
                port: port,
                weight: weight,
                zone: zone,
                tags: tags,
                meta: meta
            )
            let state = EndpointState(read: state)
            guard RecordLimits.fault(in: instance) == nil, state != .leaving else { return nil }
            return Endpoint(
                instance: instance,
                state: state,
                createRevision: Revision(rawValue: created),
                modRevision: Revision(rawValue: modified),
                version: version,
                lease: LeaseID(rawValue: Int64(bitPattern: lease))
            )
        }
    }
}
