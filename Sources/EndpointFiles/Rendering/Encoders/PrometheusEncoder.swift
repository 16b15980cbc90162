import Registry
import Texts

/// Prometheus's file_sd: one group for the endpoints of a service that have the same labels.
///
/// ```json
/// [
/// {"labels":{"__meta_discoveryd_service":"web","__meta_discoveryd_state":"up"},"targets":[
/// "10.0.0.5:8080",
/// "10.0.0.6:8080"
/// ]}
/// ]
/// ```
///
/// Prometheus refuses a file with a member that it does not know, so there is no revision and no
/// header. Labels that start with `__` are gone after relabelling: an endpoint cannot set the labels
/// of what is scraped, the administrator chooses from them.
///
/// Where zones are preferred, `__meta_discoveryd_preferred` says of each endpoint whether it is.
///
/// Source: Prometheus, "Configuration", `file_sd_config` and `relabel_config`.
struct PrometheusEncoder: GroupEncoder {
    struct Entry {
        var labels: [UInt8]
        var target: [UInt8]
        var zone: String?
    }

    static let saysDraining = true
    static let saysTiers = true
    private static let prefix = "__meta_discoveryd_"

    func frame(_ origin: ListOrigin) -> ListFrame {
        ListFrame(
            head: Array("[\n".utf8),
            separator: Array(",\n".utf8),
            end: Array("\n]\n".utf8)
        )
    }

    func text(_ service: ServiceName, _ entries: [Entry], _ tiers: ZoneTiers?) -> [UInt8] {
        let groups = Dictionary(grouping: entries, by: \.labels).sorted {
            $0.key.lexicographicallyPrecedes($1.key)
        }
        guard !groups.isEmpty else { return Self.group(Self.labels(service), []) }
        return Array(
            groups.map { labels, entries in
                // Endpoints with the same labels are of the same zone.
                let preferred = tiers?.prefers(entries.first?.zone)
                return Self.group(Self.adding(preferred: preferred, to: labels), entries)
            }.joined(separator: ",\n".utf8)
        )
    }

    func entry(_ endpoint: Endpoint) throws(EncodingFault) -> Entry {
        let instance = endpoint.instance
        // Consul's convention: with a comma at both ends, `.*,blue,.*` finds a tag.
        guard !instance.tags.contains(where: { $0.utf8.contains(UInt8(ascii: ",")) }) else {
            throw EncodingFault(
                .tag,
                "has a tag with a comma, which stands between tags for Prometheus; rename the tag"
            )
        }
        var target = JSONText()
        target.string(instance.address.joined(port: instance.port))
        return Entry(labels: Self.labels(endpoint), target: target.bytes, zone: instance.zone)
    }

    /// Adds the label that tells whether the endpoints of a group are preferred for their zone.
    private static func adding(preferred: Bool?, to labels: [UInt8]) -> [UInt8] {
        guard let preferred else { return labels }
        return labels.dropLast() + Array(",\"\(prefix)preferred\":\"\(preferred)\"}".utf8)
    }

    private static func group(_ labels: [UInt8], _ entries: [Entry]) -> [UInt8] {
        var json = JSONText()
        json.openObject()
        json.name("labels")
        json.value(labels)
        json.name("targets")
        json.openArray()
        for entry in entries { json.value(entry.target, onNewLine: true) }
        if !entries.isEmpty { json.newline() }
        json.closeArray()
        json.closeObject()
        return json.bytes
    }

    private static func labels(_ service: ServiceName) -> [UInt8] {
        var json = JSONText()
        json.openObject()
        json.name(prefix + "service")
        json.string(service.text)
        json.closeObject()
        return json.bytes
    }

    private static func labels(_ endpoint: Endpoint) -> [UInt8] {
        let instance = endpoint.instance
        var json = JSONText()
        json.openObject()
        json.name(prefix + "service")
        json.string(instance.key.service.text)
        if let zone = instance.zone {
            json.name(prefix + "zone")
            json.string(zone)
        }
        if !instance.tags.isEmpty {
            json.name(prefix + "tags")
            json.string("," + instance.tags.joined(separator: ",") + ",")
        }
        json.name(prefix + "state")
        json.string(endpoint.state.rawValue)
        for (name, value) in PrometheusLabelName.unique(instance.meta) {
            json.name(prefix + "meta_" + name.text)
            json.string(value)
        }
        json.closeObject()
        return json.bytes
    }
}
