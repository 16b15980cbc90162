import Registry
import Texts

/// One `SERVICE ADDRESS:PORT` a line, for `while read -r service address`.
///
/// An empty service has no line.
struct LinesEncoder: LineEncoder {
    static let saysDraining = false
    static let saysTiers = false

    let header: Bool

    func frame(_ origin: ListOrigin) -> ListFrame { .lines(header: header, origin) }

    func opening(_ service: ServiceName, isEmpty: Bool) -> [UInt8] { [] }

    func append(
        _ endpoint: Endpoint,
        _ weights: WeightScale,
        preferred: Bool?,
        to text: inout [UInt8]
    ) {
        let instance = endpoint.instance
        let address = instance.address.joined(port: instance.port)
        text += "\(LineWord(instance.key.service.text)) \(address)\n".utf8
    }
}

/// A word that a shell reads as one, even unquoted: no blank, no glob, no comment, no option.
///
/// What hosts that run discoveryd register is spelled as it is; any other byte, and a hyphen at the
/// start, becomes a percent sign and two digits.
struct LineWord: Hashable, CustomStringConvertible {
    let description: String

    init(_ text: String) {
        description = HexEscaping(mark: UInt8(ascii: "%")).spell(text) { byte, offset in
            byte.isLower || byte.isUpper || byte.isDigit
                || (byte.isJoint && (offset > 0 || byte != UInt8(ascii: "-")))
        }
    }
}
