import Registry
import Texts

/// One `SERVICE ADDRESS:PORT` a line, for `while read -r service address`.
///
/// An empty service has no line.
struct LinesEncoder: LineEncoder {
    static let saysDraining = false

    let header: Bool

    func frame(_ origin: ListOrigin) -> ListFrame { .lines(header: header, origin) }

    func opening(_ service: ServiceName, isEmpty: Bool) -> [UInt8] { [] }

    func append(_ endpoint: Endpoint, _ weights: WeightScale, to text: inout [UInt8]) {
        let instance = endpoint.instance
        let address = instance.address.joined(port: instance.port)
        text += "\(LineWord(instance.key.service.text)) \(address)\n".utf8
    }
}
