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
/// Source: Prometheus, "Configuration", `file_sd_config` and `relabel_config`.
struct PrometheusEncoder: GroupEncoder {
    struct Entry {
        var labels: [UInt8]
        var target: [UInt8]
    }

    static let saysDraining = true
    private static let prefix = "__meta_discoveryd_"

    func frame(_ origin: ListOrigin) -> ListFrame {
        ListFrame(
            head: Array("[\n".utf8),
            separator: Array(",\n".utf8),
            end: Array("\n]\n".utf8)
        )
    }

    func text(_ service: ServiceName, _ entries: [Entry]) -> [UInt8] {
        let groups = Dictionary(grouping: entries, by: \.labels).sorted {
            $0.key.lexicographicallyPrecedes($1.key)
        }
        guard !groups.isEmpty else { return Self.group(Self.labels(service), []) }
        return Array(
            groups.map { Self.group($0.key, $0.value) }.joined(separator: ",\n".utf8)
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
        return Entry(labels: Self.labels(endpoint), target: target.bytes)
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
