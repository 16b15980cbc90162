/// Reads protobuf's wire format: the part of it that etcd's answers are made of.
///
/// The generated messages copy each key and value on the way from the connection to whoever wants them; a
/// list of a hundred thousand keys is read in half the time by hand. The tests hold both to the same answers.
///
/// Source: Protocol Buffers, "Encoding".
struct WireReader {
    /// Bytes that are no protobuf message, or end too early.
    struct Malformed: Error {}

    /// The wire type of a field.
    enum Form: UInt64 {
        case varint = 0
        case fixed64 = 1
        case bytes = 2
        case fixed32 = 5
    }

    private(set) var position: Int
    private let end: Int

    /// A reader of a whole message.
    init(_ message: RawSpan) {
        (position, end) = (0, message.byteCount)
    }

    private init(_ range: Range<Int>) {
        (position, end) = (range.lowerBound, range.upperBound)
    }

    /// The next field's number and form; `nil` at the end of the message.
    mutating func field(in message: RawSpan) throws(Malformed) -> (number: UInt64, form: Form)? {
        guard position < end else { return nil }
        let tag = try varint(in: message)
        guard let form = Form(rawValue: tag & 7), tag >> 3 > 0, tag >> 3 < 1 << 29 else {
            throw Malformed()
        }
        return (tag >> 3, form)
    }

    /// A number of up to 64 bits, 7 a byte, the lowest first.
    mutating func varint(in message: RawSpan) throws(Malformed) -> UInt64 {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while position < end, shift < 64 {
            let byte = message.unsafeLoad(fromByteOffset: position, as: UInt8.self)
            position += 1
            // Of the tenth byte only the lowest bit has a place.
            number |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return number }
            shift += 7
        }
        throw Malformed()
    }

    /// The same as a signed number.
    mutating func integer(in message: RawSpan) throws(Malformed) -> Int64 {
        Int64(bitPattern: try varint(in: message))
    }

    /// A field within the field.
    mutating func message(in message: RawSpan) throws(Malformed) -> WireReader {
        WireReader(try range(in: message))
    }

    /// Bytes, in memory of their own.
    mutating func bytes(in message: RawSpan) throws(Malformed) -> [UInt8] {
        let range = try range(in: message)
        return message.extracting(range).withUnsafeBytes { [UInt8]($0) }
    }

    /// Leaves out a field that means nothing to us.
    mutating func skip(_ form: Form, in message: RawSpan) throws(Malformed) {
        switch form {
        case .varint: _ = try varint(in: message)
        case .bytes: _ = try range(in: message)
        case .fixed32: try advance(by: 4)
        case .fixed64: try advance(by: 8)
        }
    }

    private mutating func range(in message: RawSpan) throws(Malformed) -> Range<Int> {
        guard let length = Int(exactly: try varint(in: message)) else { throw Malformed() }
        let start = position
        try advance(by: length)
        return start..<position
    }

    private mutating func advance(by length: Int) throws(Malformed) {
        guard length <= end - position else { throw Malformed() }
        position += length
    }
}
