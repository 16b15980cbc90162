import Texts

/// The end of what a program printed, as people are told of it.
package struct LastLines: Sendable {
    /// Of more than this only the end is kept.
    private static let bytes = 4096
    private static let lines = 3

    private var kept: [UInt8] = []

    init() {}

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        kept += bytes.suffix(Self.bytes)
        kept = kept.suffix(Self.bytes)
    }

    /// These, or the last lines of another text when there are none.
    func or(_ other: [UInt8]) -> LastLines {
        guard all.isEmpty else { return self }
        var lines = LastLines()
        other.withUnsafeBytes { lines.append($0) }
        return lines
    }

    /// The lines that are not blank, in order, safe to print; of a first one that was cut, the rest.
    package var all: [String] {
        kept.split { $0 == 0x0a || $0 == 0x0d }.map { line in
            OneLine.escaped(String(decoding: line, as: UTF8.self)).trimmed
        }
        .filter { !$0.isEmpty }
    }

    /// `: ` and the last few in one, or nothing.
    var afterColon: String {
        let last = all.suffix(Self.lines)
        return last.isEmpty ? "" : ": \(last.joined(separator: "; "))"
    }
}

extension String {
    fileprivate var trimmed: String {
        let start = drop { $0.isWhitespace }
        return String(start.prefix(start.count - start.reversed().prefix { $0.isWhitespace }.count))
    }
}
