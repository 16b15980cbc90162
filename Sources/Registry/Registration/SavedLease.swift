import FoundationEssentials
import Texts

/// A lease that outlives the process: what has to be remembered of it, so that the next run of the
/// daemon goes on with it and no other host notices the restart.
public struct SavedLease: Hashable, Sendable {
    /// The lease.
    public let id: LeaseID
    /// The cluster that granted it.
    public let clusterID: ClusterID
    /// The host it was granted to: a copied disk must not go on with the lease of its origin.
    let owner: String
    /// Where its keys are.
    let prefix: String
    /// The time to live that was asked for, in seconds.
    let ttl: Int64

    /// Remembers a lease that was granted under these settings.
    public init(_ id: LeaseID, of clusterID: ClusterID, _ settings: RegistrationMachine.Settings) {
        self.id = id
        self.clusterID = clusterID
        owner = settings.owner.text
        prefix = settings.prefix.text
        ttl = settings.ttl.components.seconds
    }

    /// Reads what ``bytes`` wrote; `nil` for anything else, which is as good as nothing saved.
    public init?(_ bytes: [UInt8]) {
        guard let wire = try? JSONDecoder().decode(Wire.self, from: Data(bytes)), wire.lease > 0
        else { return nil }
        id = LeaseID(rawValue: wire.lease)
        clusterID = ClusterID(rawValue: wire.cluster)
        owner = wire.owner
        prefix = wire.prefix
        ttl = wire.ttl
    }

    /// One JSON object and a newline.
    public var bytes: [UInt8] {
        var json = JSONText()
        json.openObject()
        json.name("cluster_id")
        json.number(clusterID.rawValue)
        json.name("owner")
        json.string(owner)
        json.name("prefix")
        json.string(prefix)
        json.name("lease")
        json.number(id.rawValue)
        json.name("ttl")
        json.number(ttl)
        json.closeObject()
        json.newline()
        return json.bytes
    }

    private struct Wire: Decodable {
        let cluster: UInt64
        let owner: String
        let prefix: String
        let lease: Int64
        let ttl: Int64

        enum CodingKeys: String, CodingKey {
            case cluster = "cluster_id"
            case owner, prefix, lease, ttl
        }
    }

    /// Whether it was granted to this host.
    func isOwned(by owner: OwnerID) -> Bool { self.owner == owner.text }

    /// Whether a lease that was asked for now would be the same.
    func fits(_ settings: RegistrationMachine.Settings) -> Bool {
        prefix == settings.prefix.text && ttl == settings.ttl.components.seconds
    }
}
