/// The content of a file, in pieces: those that a list shares with the one before need no memory of
/// their own.
public struct FileContent: Equatable, Sendable {
    /// The pieces, in order.
    public let pieces: [[UInt8]]

    /// Joins pieces.
    public init(_ pieces: [[UInt8]]) {
        self.pieces = pieces
    }

    /// A file in one piece.
    public init(_ bytes: [UInt8]) {
        pieces = [bytes]
    }

    /// How many bytes there are.
    public var count: Int { pieces.reduce(0) { $0 + $1.count } }

    /// All of it in one piece.
    public var bytes: [UInt8] { Array(pieces.joined()) }

    /// Whether both are the same bytes; see ``hasSameBytes(as:)``.
    public static func == (left: FileContent, right: FileContent) -> Bool {
        left.hasSameBytes(as: right)
    }

    /// Whether both are the same bytes, however they are divided into pieces. Pieces that they share are not
    /// looked into.
    package func hasSameBytes(as other: FileContent) -> Bool {
        if pieces == other.pieces { return true }
        guard count == other.count else { return false }
        var left = pieces.filter { !$0.isEmpty }[...]
        var right = other.pieces.filter { !$0.isEmpty }[...]
        var (leftPlace, rightPlace) = (0, 0)
        while let ours = left.first, let theirs = right.first {
            let length = min(ours.count - leftPlace, theirs.count - rightPlace)
            guard
                ours[leftPlace..<(leftPlace + length)]
                    == theirs[rightPlace..<(rightPlace + length)]
            else { return false }
            leftPlace += length
            rightPlace += length
            if leftPlace == ours.count { (left, leftPlace) = (left.dropFirst(), 0) }
            if rightPlace == theirs.count { (right, rightPlace) = (right.dropFirst(), 0) }
        }
        return true
    }
}

/// The owner, group and permission bits of a file.
public struct FileAccess: Hashable, Sendable {
    /// Its permission bits.
    public var mode: UInt32
    /// The number of the user it belongs to; the daemon's own when `nil`.
    public var owner: UInt32?
    /// The number of the group it belongs to; the daemon's own when `nil`.
    public var group: UInt32?

    /// Describes access.
    public init(mode: UInt32 = 0o644, owner: UInt32? = nil, group: UInt32? = nil) {
        self.mode = mode
        self.owner = owner
        self.group = group
    }
}
