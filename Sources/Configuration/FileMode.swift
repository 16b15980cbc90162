/// The permission bits of a file, as chmod(1) writes them: `0644`.
package struct FileMode: Hashable, Sendable, CustomStringConvertible {
    /// 0 to 0o777: no set-user-id, set-group-id or sticky bit.
    package let bits: UInt16

    /// Everybody may read, the owner may write.
    static let standard = FileMode(bits: 0o644)

    /// Reads three or four octal digits, of which the first of four is `0`; `nil` for anything else.
    package init?(_ text: String) {
        let digits = text.utf8
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }),
            digits.count == 3 || (digits.count == 4 && text.hasPrefix("0")),
            let bits = UInt16(text, radix: 8)
        else { return nil }
        self.bits = bits
    }

    /// The permission bits of what stat(2) says.
    package init(ofStatus mode: UInt32) {
        bits = UInt16(mode & 0o777)
    }

    private init(bits: UInt16) {
        self.bits = bits
    }

    /// Whether users other than the owner and the group may read.
    var isReadableByOthers: Bool { bits & 0o004 != 0 }

    /// Four octal digits.
    package var description: String {
        let digits = String(bits, radix: 8)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
