import FoundationEssentials

/// How the daemon is, for `discoveryd status`. Times are those of the wall clock in RFC 3339; what does not
/// apply is left out. A version may add members; it removes none and gives none a new meaning.
struct StatusReport: Codable, Equatable, Sendable {
    /// One instance that this host registers.
    struct Service: Codable, Equatable, Sendable {
        var service: String
        /// The instance; absent while the host has no address for it.
        var id: String?
        /// `pending`, `registered`, `refused`, `withdrawn` or `unhealthy`.
        var status: String
        var since: String?
        /// What stands in the way.
        var detail: String?
        /// What its checks say, where it has some.
        var health: String?
        var healthSince: String?
        var draining: Bool

        enum CodingKeys: String, CodingKey {
            case service, id, status, since, detail, health, draining
            case healthSince = "health_since"
        }
    }

    /// One file.
    struct Output: Codable, Equatable, Sendable {
        var path: String
        /// `waiting`, `current`, `kept`, `refused` or `failed`.
        var status: String
        /// The revision of the list in it.
        var revision: Int64?
        /// When it was written last.
        var modified: String?
        var ageSeconds: Int64?
        var detail: String?

        enum CodingKeys: String, CodingKey {
            case path, status, revision, modified, detail
            case ageSeconds = "age_seconds"
        }
    }

    /// A service that is beyond `[limits]`, and so is not updated.
    struct Oversized: Codable, Equatable, Sendable {
        var service: String
        /// How many keys it has in etcd, and how long they are, values included.
        var keys: Int
        var bytes: Int
    }

    /// What drains.
    struct Drain: Codable, Equatable, Sendable {
        /// The service; absent for the whole host.
        var service: String?
        var since: String
        /// Absent when it lasts until it is ended.
        var until: String?
    }

    var schema = 1
    var version: String
    /// The list's state, as in the status file.
    var state: String
    var since: String
    var etcd: String?
    var etcdError: String?
    /// That the endpoints are of several clusters.
    var endpointsError: String?
    var listError: String?
    var lease: String?
    var ttlSeconds: Int64
    var revision: Int64?
    /// When the list was last read whole.
    var lastSync: String?
    var serviceCount: Int
    var endpointCount: Int
    /// Endpoints that are shown although etcd lost them.
    var heldCount: Int
    /// How many faults the configuration had that was refused last.
    var reloadFaults: Int
    /// What has not taken up the new files, and why.
    var actionErrors: [String]
    var services: [Service]
    var outputs: [Output]
    var drains: [Drain]
    var oversized: [Oversized]

    enum CodingKeys: String, CodingKey {
        case schema, version, state, since, etcd, lease, revision, services, outputs, drains
        case oversized = "oversized_services"
        case etcdError = "etcd_error"
        case endpointsError = "endpoints_error"
        case listError = "list_error"
        case ttlSeconds = "ttl_seconds"
        case lastSync = "last_sync"
        case serviceCount = "service_count"
        case endpointCount = "endpoint_count"
        case heldCount = "held_count"
        case reloadFaults = "reload_faults"
        case actionErrors = "action_errors"
    }

    /// The report for programs: JSON, members by name, a newline at the end.
    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        // Words and numbers cannot fail to be encoded.
        return String(decoding: (try? encoder.encode(self)) ?? Data(), as: UTF8.self) + "\n"
    }
}
