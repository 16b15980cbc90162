import Texts

/// The name of an upstream, as it can stand in the configuration and in `proxy_pass http://NAME`.
///
/// nginx takes names that differ in case for the same, so only small letters stand for themselves;
/// any other byte but digits, `-`, `_` and `.` becomes a tilde and two digits: `Web` is `~57eb`.
struct NginxName: Hashable, CustomStringConvertible {
    let description: String

    init(_ text: String) {
        description = HexEscaping(mark: UInt8(ascii: "~")).spell(text) { byte, _ in
            byte.isLower || byte.isDigit || byte.isJoint
        }
    }
}
