/// Reads elements of DER one after the other, as far as certificates use it (X.690 §8.1, §10).
///
/// It takes what is well nested, and leaves it to others whether an encoding is the shortest one: what it
/// reads is told to people, and nobody is trusted for it.
struct DERReader {
    /// Bytes that are no element, or that end within one.
    struct Malformed: Error {}

    /// One element.
    struct Element {
        /// The identifier: class, form and number in one byte.
        let tag: UInt8
        /// The bytes after its tag and length.
        let content: ArraySlice<UInt8>
        /// The element with its tag and length.
        let whole: ArraySlice<UInt8>
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    /// Whether all was read.
    var isAtEnd: Bool { rest.isEmpty }

    /// The tag of the next element, or `nil` at the end.
    var nextTag: UInt8? { rest.first }

    /// Reads the next element, whatever it is.
    mutating func next() throws(Malformed) -> Element {
        let all = rest
        guard let tag = rest.popFirst(), let first = rest.popFirst() else { throw Malformed() }
        // A number of more than five bits is nowhere in a certificate.
        guard tag & 0x1f != 0x1f else { throw Malformed() }
        var length = Int(first)
        if first >= 0x80 {
            // No length of four bytes overflows an Int; none at all is the indefinite form of BER.
            guard (0x81...0x84).contains(first) else { throw Malformed() }
            length = 0
            for _ in 0..<(first - 0x80) {
                guard let byte = rest.popFirst() else { throw Malformed() }
                length = length << 8 | Int(byte)
            }
        }
        guard length <= rest.count else { throw Malformed() }
        let content = rest.prefix(length)
        rest = rest.dropFirst(length)
        return Element(tag: tag, content: content, whole: all[..<content.endIndex])
    }

    /// Reads the next element, which has to be of this kind.
    mutating func next(_ tag: UInt8) throws(Malformed) -> Element {
        let element = try next()
        guard element.tag == tag else { throw Malformed() }
        return element
    }

    /// Reads the next element where it is of this kind; `nil`, and nothing read, where it is not.
    mutating func optional(_ tag: UInt8) throws(Malformed) -> Element? {
        nextTag == tag ? try next() : nil
    }

    /// Reads the elements that a SEQUENCE or a SET holds.
    mutating func inside(_ tag: UInt8) throws(Malformed) -> DERReader {
        DERReader(try next(tag).content)
    }

    // The tags that certificates use (X.680 §8.4).
    static let boolean: UInt8 = 0x01
    static let octetString: UInt8 = 0x04
    static let objectIdentifier: UInt8 = 0x06
    static let sequence: UInt8 = 0x30
    static let set: UInt8 = 0x31
}
