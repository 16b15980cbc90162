import Registry

// `[limits]`: a table of which there is one.
extension ConfigurationDraft {
    mutating func readLimits(_ table: inout TomlTableReader) {
        let (counts, lengths) = (ListLimits.endpointCounts, ListLimits.byteCounts)
        table.read("endpoints", .count(in: counts), into: &merged.limits.endpoints)
        table.read("bytes", .bytes(in: lengths), into: &merged.limits.bytes)
        refuseOutputs(in: &table)
    }
}

extension Expectation where Value == Int {
    /// A whole number.
    static func count(in range: ClosedRange<Int>) -> Expectation {
        Expectation(
            type: "an integer from",
            limits: "\(range.lowerBound) to \(range.upperBound)"
        ) { value in
            guard case .integer(let number) = value else { return .wrongType }
            guard let number = Int(exactly: number), range.contains(number) else {
                return .beyondLimits
            }
            return .value(number)
        }
    }

    /// A number of bytes as systemd writes it: `64M`. See systemd.resource-control(5).
    static func bytes(in range: ClosedRange<Int>) -> Expectation {
        let bounds = "\(ByteCount(range.lowerBound)) to \(ByteCount(range.upperBound))"
        return judgedText(
            "a size from",
            "\(bounds), such as \"\(ByteCount(ListLimits.standard.bytes))\""
        ) { text in
            guard let count = ByteCount(text)?.bytes else { return .malformed }
            return range.contains(count) ? .value(count) : .beyondLimits
        }
    }
}
