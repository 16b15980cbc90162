/// What is to stand in a file, in pieces: those that a list shares with the one before need no memory of
/// their own.
public struct FileContent: Hashable, Sendable {
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
}
