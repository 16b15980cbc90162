public import Registry

/// Renders the JSON list: valid JSON, one endpoint a line, in stable order.
///
/// ```json
/// {"schema":1,"cluster_id":"cdf8…","prefix":"services/","revision":42,"services":{
/// "db":[],
/// "web":[
/// {"id":"web-1","addr":"10.0.0.5:8080","address":"10.0.0.5","port":8080, …}
/// ]}}
/// ```
///
/// Cost follows the change: lines of endpoints that did not change are kept, and so are the blocks of
/// services that did not.
public struct JSONListRenderer: Sendable {
    /// Rises only when a member is removed or changes its meaning.
    public static let schema = 1

    private struct Block {
        /// By instance: the line, and the endpoint it says.
        var lines: [InstanceID: (endpoint: Endpoint, line: [UInt8])] = [:]
        var bytes: [UInt8] = []
    }

    private let prefix: RegistryPrefix
    private let services: [ServiceName]?
    private var blocks: [ServiceName: Block] = [:]

    /// A renderer for one output.
    ///
    /// - Parameters:
    ///   - prefix: Where the list was read.
    ///   - services: The services to show, each of them always; all that have endpoints when `nil`.
    public init(prefix: RegistryPrefix, services: [ServiceName]?) {
        self.prefix = prefix
        self.services = services.map { Set($0).sorted() }
    }

    /// Renders a list; `update.changed` must name what changed since the one rendered before.
    public mutating func render(_ update: TableUpdate) -> RenderedList {
        if let changed = update.changed {
            for name in changed { blocks[name]?.bytes = [] }
        } else {
            for name in blocks.keys { blocks[name]?.bytes = [] }
        }
        let names = services ?? update.table.names
        let shown = Set(names)
        for name in blocks.keys where !shown.contains(name) { blocks[name] = nil }

        var tail = Array(#","services":{"#.utf8) + [0x0a]
        for (position, name) in names.enumerated() {
            if blocks[name]?.bytes.isEmpty ?? true { renderBlock(name, update.table) }
            if position > 0 { tail += [0x2c, 0x0a] }
            tail += blocks[name]?.bytes ?? []
        }
        tail += Array("}}\n".utf8)
        return RenderedList(head: head(update.clusterID), revision: update.revision, tail: tail)
    }

    private func head(_ clusterID: ClusterID) -> [UInt8] {
        var json = JSONText()
        json.openObject()
        json.name("schema")
        json.number(Self.schema)
        json.name("cluster_id")
        json.string(clusterID.description)
        json.name("prefix")
        json.string(prefix.text)
        json.name("revision")
        return json.bytes
    }

    private mutating func renderBlock(_ name: ServiceName, _ table: EndpointTable) {
        let before = blocks[name]?.lines ?? [:]
        let endpoints = table.endpoints(of: name)
        var block = Block()
        var json = JSONText()
        json.name(name.text)
        json.openArray()
        for endpoint in endpoints {
            let id = endpoint.instance.key.instance
            let known = before[id]
            let line = known?.endpoint == endpoint ? known?.line : nil
            let bytes = line ?? Self.line(endpoint)
            block.lines[id] = (endpoint, bytes)
            json.value(bytes, onNewLine: true)
        }
        if !endpoints.isEmpty { json.newline() }
        json.closeArray()
        block.bytes = json.bytes
        blocks[name] = block
    }

    private static func line(_ endpoint: Endpoint) -> [UInt8] {
        let instance = endpoint.instance
        var json = JSONText()
        json.openObject()
        json.name("id")
        json.string(instance.key.instance.text)
        json.name("addr")
        json.string(instance.address.joined(port: instance.port))
        json.name("address")
        json.string(instance.address.text)
        json.name("port")
        json.number(instance.port)
        json.members(of: instance)
        json.name("state")
        json.string(endpoint.state.rawValue)
        json.name("create_revision")
        json.number(endpoint.createRevision.rawValue)
        json.name("mod_revision")
        json.number(endpoint.modRevision.rawValue)
        json.name("version")
        json.number(endpoint.version)
        json.name("lease")
        json.string(endpoint.lease.description)
        json.closeObject()
        return json.bytes
    }
}
