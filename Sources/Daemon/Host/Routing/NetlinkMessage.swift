/// A message of netlink(7), taken apart without trust in what it says of its own length.
struct NetlinkMessage: Hashable, Sendable {
    /// What the kernel says, as in rtnetlink(7).
    enum Kind {
        static let error: UInt16 = 2
        static let done: UInt16 = 3
        static let newAddress: UInt16 = 20
        static let getAddresses: UInt16 = 22
        static let newRoute: UInt16 = 24
        static let getRoutes: UInt16 = 26
    }

    /// What is asked for, and what the kernel says of its answer.
    enum Flag {
        static let request: UInt16 = 1
        /// The list has changed while it was told, and may have holes.
        static let interrupted: UInt16 = 0x10
        static let dump: UInt16 = 0x300
    }

    private static let headerBytes = 16

    let kind: UInt16
    let flags: UInt16
    /// That of the question.
    let sequence: UInt32
    let body: ArraySlice<UInt8>

    init(kind: UInt16, flags: UInt16, sequence: UInt32, body: ArraySlice<UInt8>) {
        self.kind = kind
        self.flags = flags
        self.sequence = sequence
        self.body = body
    }

    /// The messages of a datagram, as far as they are whole.
    static func all(in datagram: ArraySlice<UInt8>) -> [NetlinkMessage] {
        var messages: [NetlinkMessage] = []
        var rest = datagram
        while let length = rest.number(at: 0, as: UInt32.self).map(Int.init(clamping:)),
            let kind = rest.number(at: 4, as: UInt16.self),
            let flags = rest.number(at: 6, as: UInt16.self),
            let sequence = rest.number(at: 8, as: UInt32.self),
            length >= headerBytes, length <= rest.count
        {
            messages.append(
                NetlinkMessage(
                    kind: kind,
                    flags: flags,
                    sequence: sequence,
                    body: rest.prefix(length).dropFirst(headerBytes)
                )
            )
            rest = rest.dropFirst(aligned(length))
        }
        return messages
    }

    /// The message as it is sent.
    var bytes: [UInt8] {
        var bytes = UInt32(clamping: Self.headerBytes + body.count).bytes
        bytes += kind.bytes
        bytes += flags.bytes
        bytes += sequence.bytes
        // Whose it is: the kernel knows.
        bytes += UInt32(0).bytes
        return bytes + body
    }

    /// Messages and attributes begin at multiples of four.
    static func aligned(_ length: Int) -> Int { (length + 3) & ~3 }
}

/// The attributes of a message; of several of one kind the first.
struct NetlinkAttributes: Sendable {
    private static let headerBytes = 4
    /// The two bits above it say how a value is made.
    private static let kinds: UInt16 = 0x3fff

    private var values: [UInt16: ArraySlice<UInt8>] = [:]

    /// Those that are whole.
    init(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while let length = rest.number(at: 0, as: UInt16.self).map(Int.init),
            let kind = rest.number(at: 2, as: UInt16.self),
            length >= Self.headerBytes, length <= rest.count
        {
            let value = rest.prefix(length).dropFirst(Self.headerBytes)
            if values[kind & Self.kinds] == nil { values[kind & Self.kinds] = value }
            rest = rest.dropFirst(NetlinkMessage.aligned(length))
        }
    }

    /// The value of that kind.
    subscript(_ kind: UInt16) -> ArraySlice<UInt8>? { values[kind] }

    /// The number of that kind; `nil` also when its value is shorter.
    func number(_ kind: UInt16) -> UInt32? { values[kind]?.number(at: 0, as: UInt32.self) }

    /// An attribute as it is sent.
    static func bytes(_ kind: UInt16, _ value: [UInt8]) -> [UInt8] {
        var bytes = UInt16(clamping: headerBytes + value.count).bytes
        bytes += kind.bytes
        bytes += value
        let padding = NetlinkMessage.aligned(value.count) - value.count
        return bytes + [UInt8](repeating: 0, count: padding)
    }
}

extension ArraySlice<UInt8> {
    /// The number so many bytes from the start, in the byte order of this host; `nil` where there are not as
    /// many bytes.
    func number<Number: FixedWidthInteger>(at offset: Int, as _: Number.Type) -> Number? {
        guard offset >= 0, offset + MemoryLayout<Number>.size <= count else { return nil }
        return withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
    }
}

extension FixedWidthInteger {
    /// In the byte order of this host.
    fileprivate var bytes: [UInt8] { withUnsafeBytes(of: self) { [UInt8]($0) } }
}
