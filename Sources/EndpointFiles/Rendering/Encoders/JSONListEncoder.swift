public import Registry
import Texts

/// The JSON list: valid JSON, one endpoint a line, in stable order. It can carry everything.
///
/// ```json
/// {"schema":1,"cluster_id":"cdf8…","prefix":"services/","revision":42,"services":{
/// "db":[],
/// "web":[
/// {"id":"web-1","addr":"10.0.0.5:8080","address":"10.0.0.5","port":8080, …}
/// ]}}
/// ```
struct JSONListEncoder: LineEncoder {
    static let saysDraining = true
    static let saysTiers = true
    static let separator = Array(",\n".utf8)

    func frame(_ origin: ListOrigin) -> ListFrame {
        var json = JSONText()
        json.openObject()
        json.name("schema")
        json.number(JSONListRenderer.schema)
        json.name("cluster_id")
        json.string(origin.clusterID.description)
        json.name("prefix")
        json.string(origin.prefix.text)
        json.name("revision")
        return ListFrame(
            head: json.bytes,
            afterRevision: Array(",\"services\":{\n".utf8),
            separator: Array(",\n".utf8),
            end: Array("}}\n".utf8)
        )
    }

    func opening(_ service: ServiceName, isEmpty: Bool) -> [UInt8] {
        var json = JSONText()
        json.name(service.text)
        json.openArray()
        if !isEmpty { json.newline() }
        return json.bytes
    }

    func closing(isEmpty: Bool) -> [UInt8] { Array((isEmpty ? "]" : "\n]").utf8) }

    func append(
        _ endpoint: Endpoint,
        _ weights: WeightScale,
        preferred: Bool?,
        to text: inout [UInt8]
    ) {
        let instance = endpoint.instance
        var json = JSONText(continuing: &text)
        json.openObject()
        json.member("id")
        json.string(instance.key.instance.text)
        json.member("addr")
        json.plainString { instance.address.append(to: &$0, port: instance.port) }
        json.member("address")
        json.plainString { $0 += instance.address.text.utf8 }
        json.member("port")
        json.number(instance.port)
        json.members(of: instance)
        json.member("state")
        json.plainString { $0 += endpoint.state.rawValue.utf8 }
        if let preferred {
            json.member("preferred")
            json.flag(preferred)
        }
        json.member("create_revision")
        json.number(endpoint.createRevision.rawValue)
        json.member("mod_revision")
        json.number(endpoint.modRevision.rawValue)
        json.member("version")
        json.number(endpoint.version)
        json.member("lease")
        json.plainString {
            $0.appendHexadecimal(UInt64(bitPattern: endpoint.lease.rawValue))
        }
        json.closeObject()
        json.finish(&text)
    }
}

extension HostAddress {
    /// ``joined(port:)`` at the end of a text.
    fileprivate func append(to bytes: inout [UInt8], port: UInt16) {
        if family == .ipv6 { bytes.append(UInt8(ascii: "[")) }
        bytes += text.utf8
        if family == .ipv6 { bytes.append(UInt8(ascii: "]")) }
        bytes.append(UInt8(ascii: ":"))
        bytes.appendDecimal(UInt64(port))
    }
}

/// Renders the JSON list for those who want nothing else; see ``JSONListEncoder``.
public struct JSONListRenderer: Sendable {
    /// Rises only when a member is removed or changes its meaning.
    public static let schema = 1

    private var blocks: BlockRenderer<JSONListEncoder>

    /// A renderer for one list.
    ///
    /// - Parameters:
    ///   - prefix: Where the list was read.
    ///   - services: The services to show, each of them always; all that have endpoints when `nil`.
    public init(prefix: RegistryPrefix, services: [ServiceName]?) {
        blocks = BlockRenderer(JSONListEncoder(), prefix: prefix, services: services)
    }

    /// Renders a list.
    public mutating func render(_ update: TableUpdate) -> RenderedList {
        blocks.render(update).list
    }
}
