import Texts

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
