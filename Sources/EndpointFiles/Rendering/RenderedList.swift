public import Files
public import Registry

/// A list as it stands in a file: its bytes, with the revision held apart.
///
/// The revision tells when the list was read, and two reads of the same list differ in it. Whether
/// a file needs to be written is a question about everything else.
///
/// The part after the revision is in pieces, one for each service and for the text between them. A
/// piece that did not change shares its memory with the one of the rendering before, so that neither
/// rendering a large list nor comparing it costs as much as the list is long.
public struct RenderedList: Equatable, Sendable {
    /// The part before the revision; for a file without its revision, the part before the pieces.
    public let head: [UInt8]
    /// The revision at which the list was read or last changed.
    public let revision: Revision
    /// The part after it, in order.
    public let pieces: [[UInt8]]
    /// Whether the file says its revision.
    public let saysRevision: Bool

    /// Joins the parts of a file.
    public init(head: [UInt8], revision: Revision, pieces: [[UInt8]], saysRevision: Bool) {
        self.head = head
        self.revision = revision
        self.pieces = pieces
        self.saysRevision = saysRevision
    }

    /// The file.
    public var content: FileContent {
        FileContent([head] + (saysRevision ? [Array(revision.description.utf8)] : []) + pieces)
    }

    /// The file in one piece.
    public var bytes: [UInt8] { content.bytes }

    /// Whether a file holds the same list, at whatever revision.
    public func isSameList(as file: [UInt8]) -> Bool {
        guard file.starts(with: head) else { return false }
        let tail = file.count - FileContent(pieces).count
        guard tail >= head.count else { return false }
        let digits = file[head.count..<tail]
        guard saysRevision != digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) })
        else { return false }
        var place = tail
        for piece in pieces {
            guard file[place..<(place + piece.count)] == piece[...] else { return false }
            place += piece.count
        }
        return true
    }

    /// Whether another rendering is the same list, at whatever revision.
    public func isSameList(as other: RenderedList) -> Bool {
        saysRevision == other.saysRevision && head == other.head
            && FileContent(pieces).hasSameBytes(as: FileContent(other.pieces))
    }

    /// Whether both are the same list at the same revision, however they are divided into pieces.
    public static func == (left: RenderedList, right: RenderedList) -> Bool {
        left.revision == right.revision && left.isSameList(as: right)
    }
}
