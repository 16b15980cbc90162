import Registry
import Texts

/// The name of an environment variable: capitals, digits and `_`.
///
/// Small letters become capitals, a hyphen `_`, an underscore `__`. Anything else becomes a small
/// `x` and two digits: a capital, another character, a digit at the start, and a hyphen beside a
/// hyphen or an underscore, where the two could not be told apart. So no two services come out the
/// same: `user-api` is `USER_API`, `user_api` is `USER__API`, `v1.api` is `V1x2eAPI`.
struct VariableName: Hashable {
    let text: String

    init(_ service: ServiceName, suffix: String) {
        let bytes = Array(service.text.utf8)
        // No small letter comes out of this but the mark.
        let spelled = bytes.indices.map { offset in
            Self.spell(bytes[offset], at: offset, in: bytes)
        }
        text = spelled.joined() + suffix
    }

    private static func spell(_ byte: UInt8, at offset: Int, in bytes: [UInt8]) -> String {
        if byte.isLower {
            String(UnicodeScalar(byte - 0x20))
        } else if byte.isDigit, offset > 0 {
            String(UnicodeScalar(byte))
        } else if byte == UInt8(ascii: "_") {
            "__"
        } else if byte == UInt8(ascii: "-"), isAlone(offset, in: bytes) {
            "_"
        } else {
            HexEscaping(mark: UInt8(ascii: "x")).spell(String(UnicodeScalar(byte))) { _, _ in false
            }
        }
    }

    private static func isAlone(_ offset: Int, in bytes: [UInt8]) -> Bool {
        [offset - 1, offset + 1].allSatisfy { neighbour in
            !bytes.indices.contains(neighbour)
                || ![UInt8(ascii: "-"), UInt8(ascii: "_")].contains(bytes[neighbour])
        }
    }
}
