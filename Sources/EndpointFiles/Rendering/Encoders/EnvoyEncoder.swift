import Registry
import Texts

/// Envoy's EDS: a DiscoveryResponse with the ClusterLoadAssignment of a service.
///
/// Each zone is a locality. A weight of 0 and draining are `DRAINING`, since Envoy has no weight
/// below 1. `meta` is under `envoy.lb`, where subset load balancing looks. The revision is the
/// `version_info`. Envoy refuses weights whose sum is beyond 32 bits: those of a service are halved until
/// it is not. Where zones are preferred, each tier is a priority.
///
/// Source: Envoy, `config.endpoint.v3.ClusterLoadAssignment`; 1.40 tried.
struct EnvoyEncoder: GroupEncoder {
    struct Entry {
        var zone: String?
        /// At least 1.
        var weight: Int
        /// Whether it takes part in the weight of its locality.
        var wantsTraffic: Bool
        /// Its JSON up to the weight, and what follows that.
        var head: [UInt8]
        var tail: [UInt8]
    }

    /// The largest sum of the weights of a cluster.
    private static let largestSum = Int(UInt32.max)

    static let saysDraining = true
    static let saysTiers = true
    private static let type =
        "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"

    func frame(_ origin: ListOrigin) -> ListFrame {
        ListFrame(
            head: Array(#"{"version_info":""#.utf8),
            afterRevision: Array("\",\"resources\":[\n".utf8),
            separator: Array(",\n".utf8),
            end: Array("\n]}\n".utf8)
        )
    }

    func text(_ service: ServiceName, _ entries: [Entry], _ tiers: ZoneTiers?) -> [UInt8] {
        var halvings = 0
        while entries.reduce(0, { $0 + max(1, $1.weight >> halvings) }) > Self.largestSum,
            halvings < UInt16.bitWidth
        {
            halvings += 1
        }
        let zones = Dictionary(grouping: entries, by: \.zone).sorted {
            ($0.key ?? "").utf8.lexicographicallyPrecedes(($1.key ?? "").utf8)
        }
        // Envoy refuses priorities with a hole between them.
        let priorities = tiers.map { tiers in Set(zones.map { tiers.tier(of: $0.key) }).sorted() }
        var json = JSONText()
        json.openObject()
        json.name("@type")
        json.string(Self.type)
        json.name("cluster_name")
        json.string(service.text)
        json.name("endpoints")
        json.openArray()
        for (zone, entries) in zones {
            let priority = tiers.flatMap { priorities?.firstIndex(of: $0.tier(of: zone)) }
            json.value(Self.locality(zone, entries, halvings, priority), onNewLine: true)
        }
        if !zones.isEmpty { json.newline() }
        json.closeArray()
        json.closeObject()
        return json.bytes
    }

    func entry(_ endpoint: Endpoint) throws(EncodingFault) -> Entry {
        let instance = endpoint.instance
        let address = try IPAddress(instance.address)
        var json = JSONText()
        json.openObject()
        json.name("endpoint")
        json.openObject()
        json.name("address")
        json.openObject()
        json.name("socket_address")
        json.openObject()
        json.name("address")
        json.string(address.text)
        json.name("port_value")
        json.number(instance.port)
        for _ in 1...3 { json.closeObject() }
        json.name("health_status")
        json.string(endpoint.wantsTraffic ? "HEALTHY" : "DRAINING")
        json.name("load_balancing_weight")
        let head = json.bytes.count
        json.number(0)
        let tail = json.bytes.count
        if !instance.meta.isEmpty { Self.metadata(instance.meta, &json) }
        json.closeObject()
        return Entry(
            zone: instance.zone,
            weight: max(1, Int(instance.weight)),
            wantsTraffic: endpoint.wantsTraffic,
            head: Array(json.bytes[..<head]),
            tail: Array(json.bytes[tail...])
        )
    }

    private static func locality(
        _ zone: String?,
        _ entries: [Entry],
        _ halvings: Int,
        _ priority: Int?
    ) -> [UInt8] {
        let weights = entries.map { max(1, $0.weight >> halvings) }
        let sum = zip(entries, weights).reduce(0) { $0 + ($1.0.wantsTraffic ? $1.1 : 0) }
        var json = JSONText()
        json.openObject()
        json.name("locality")
        json.openObject()
        if let zone {
            json.name("zone")
            json.string(zone)
        }
        json.closeObject()
        if let priority {
            json.name("priority")
            json.number(priority)
        }
        json.name("load_balancing_weight")
        json.number(max(1, sum))
        json.name("lb_endpoints")
        json.openArray()
        for (entry, weight) in zip(entries, weights) {
            json.value(entry.head + Array("\(weight)".utf8) + entry.tail, onNewLine: true)
        }
        json.newline()
        json.closeArray()
        json.closeObject()
        return json.bytes
    }

    private static func metadata(_ meta: [String: String], _ json: inout JSONText) {
        json.name("metadata")
        json.openObject()
        json.name("filter_metadata")
        json.openObject()
        json.name("envoy.lb")
        json.openObject()
        for (name, value) in meta.sorted(by: { $0.key < $1.key }) {
            json.name(name)
            json.string(value)
        }
        for _ in 1...3 { json.closeObject() }
    }
}
