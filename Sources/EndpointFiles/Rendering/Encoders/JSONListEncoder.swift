import Registry

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

    func append(_ endpoint: Endpoint, _ weights: WeightScale, to text: inout [UInt8]) {
        let instance = endpoint.instance
        var json = JSONText(continuing: &text)
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
        json.finish(&text)
    }
}
