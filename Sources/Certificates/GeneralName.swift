/// A name that a certificate is for, or a part of all names that an authority may sign for
/// (RFC 5280 §4.2.1.6, §4.2.1.10).
package enum GeneralName: Hashable, Sendable, CustomStringConvertible {
    /// A host name, or a domain.
    case dns(String)
    /// An IP address; with as many bytes again for the mask where it stands for a part of all.
    case address([UInt8])
    /// Any other kind, by its number.
    case other(UInt8)

    /// - Throws: ``DERReader/Malformed`` when there is no name next.
    init(_ reader: inout DERReader) throws(DERReader.Malformed) {
        let element = try reader.next()
        switch element.tag & 0x1f {
        case 2: self = .dns(Self.text(element.content))
        case 7: self = .address(Array(element.content))
        case let kind: self = .other(kind)
        }
    }

    /// Whether both are names of one kind.
    func isOfKind(of other: GeneralName) -> Bool {
        switch (self, other) {
        case (.dns, .dns), (.address, .address): true
        case (.other(let one), .other(let two)): one == two
        default: false
        }
    }

    /// As openssl writes it: `DNS:etcd.example`, `IP:10.0.0.0/255.0.0.0`.
    package var description: String {
        switch self {
        case .dns(let name): "DNS:\(name)"
        case .address(let bytes): "IP:\(Self.address(bytes))"
        case .other(1): "email"
        case .other(4): "dirName"
        case .other(6): "URI"
        case .other(let kind): "name of kind \(kind)"
        }
    }

    /// ASCII by the rules; whatever else is there is told and never looked up.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(
            decoding: bytes.prefix(255).map { (0x21...0x7e).contains($0) ? $0 : UInt8(ascii: "?") },
            as: UTF8.self
        )
    }

    private static func address(_ bytes: [UInt8]) -> String {
        switch bytes.count {
        case 4: bytes.map { "\($0)" }.joined(separator: ".")
        case 8: "\(address(Array(bytes.prefix(4))))/\(address(Array(bytes.suffix(4))))"
        case 16:
            stride(from: 0, to: 16, by: 2).map {
                String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
            }.joined(separator: ":")
        case 32: "\(address(Array(bytes.prefix(16))))/\(address(Array(bytes.suffix(16))))"
        default: "?"
        }
    }
}
