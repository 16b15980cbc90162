public import Registry

/// A list as it stands in a file: its bytes, with the revision held apart.
///
/// The revision tells when the list was read, and two reads of the same list differ in it. Whether
/// a file needs to be written is a question about everything else.
public struct RenderedList: Hashable, Sendable {
    /// What comes before the revision.
    public let head: [UInt8]
    /// The revision at which the list was read or last changed.
    public let revision: Revision
    /// What comes after it; `nil` when the file does not say its revision, and `head` is all of it.
    public let tail: [UInt8]?

    /// Joins the parts of a file that says its revision.
    public init(head: [UInt8], revision: Revision, tail: [UInt8]) {
        self.head = head
        self.revision = revision
        self.tail = tail
    }

    /// A file that does not say its revision.
    public init(_ bytes: [UInt8], revision: Revision) {
        head = bytes
        self.revision = revision
        tail = nil
    }

    /// The file.
    public var bytes: [UInt8] {
        guard let tail else { return head }
        return head + Array(revision.description.utf8) + tail
    }

    /// Whether a file holds the same list, at whatever revision.
    public func isSameList(as file: [UInt8]) -> Bool {
        guard let tail else { return file == head }
        guard file.count > head.count + tail.count, file.starts(with: head) else { return false }
        let digits = file[head.count..<(file.count - tail.count)]
        return digits.allSatisfy { (0x30...0x39).contains($0) }
            && file.suffix(tail.count) == tail[...]
    }

    /// Whether another rendering is the same list, at whatever revision.
    public func isSameList(as other: RenderedList) -> Bool {
        head == other.head && tail == other.tail
    }
}
