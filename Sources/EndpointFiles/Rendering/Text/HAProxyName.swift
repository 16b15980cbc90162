import Texts

/// The name of a backend or a server: `[A-Za-z0-9_.:-]`.
///
/// What hosts that run discoveryd register is spelled as it is; in other names any other byte, and
/// the colon, becomes a colon and two digits: `10.0.0.5:80` is `10.0.0.5:3a80`.
struct HAProxyName: Hashable, CustomStringConvertible {
    let description: String

    init(_ text: String) {
        description = HexEscaping(mark: UInt8(ascii: ":")).spell(text) { byte, _ in
            byte.isLower || byte.isUpper || byte.isDigit || byte.isJoint
        }
    }
}
