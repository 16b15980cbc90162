import Texts

/// The end of what a command writes, and how much it was.
package struct OutputTail: Sendable {
    /// How much a command may write.
    package static let limit = 64 * 1024
    private static let kept = 4 * 1024

    private var tail: [UInt8] = []
    private var count = 0

    /// Whether it was too much.
    package var isOver: Bool { count > Self.limit }

    /// More was written.
    mutating func append(_ bytes: some Collection<UInt8>) {
        count += bytes.count
        tail.append(contentsOf: bytes.suffix(Self.kept))
        if tail.count > Self.kept { tail.removeFirst(tail.count - Self.kept) }
    }

    /// The last line that is not empty, fit to be shown; `nil` when there is none.
    package var lastLine: String? {
        let lines = tail.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        let texts = lines.lazy.reversed().map {
            OneLine.excerpt(String(decoding: $0, as: UTF8.self))
        }
        return texts.first { $0.contains { $0 != " " } }
    }
}
