import Registry

/// One `SERVICE ADDRESS:PORT` a line, for `while read -r service address`.
///
/// An empty service has no line.
struct LinesEncoder: ListEncoder {
    static let saysDraining = false

    let header: Bool

    func frame(_ origin: ListOrigin) -> ListFrame { .lines(header: header, origin) }

    func block(_ service: ServiceName, _ entries: [[UInt8]]) -> [UInt8] {
        Array(entries.joined())
    }

    func entry(_ endpoint: Endpoint, _ weights: WeightScale) -> [UInt8] {
        let instance = endpoint.instance
        let address = instance.address.joined(port: instance.port)
        return Array("\(LineWord(instance.key.service.text)) \(address)\n".utf8)
    }
}
