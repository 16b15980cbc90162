import Texts

/// Caches the values that were made of the last few runs of bytes, for when they recur.
///
/// A run must show its own end, as a string with its quotes does: what is recognised at the start of
/// longer bytes would otherwise be only a part of what stands there.
struct RecentRuns<Value: Sendable>: Sendable {
    private struct Run: Sendable {
        let bytes: [UInt8]
        let value: Value
    }

    private var runs: [Run] = []
    /// Where the run is that was met last: the next one is most often the same.
    private var latest = 0
    /// Which run makes room for the next one.
    private var oldest = 0

    /// How many runs are kept.
    static var limit: Int { 8 }
    /// The longest run that is kept, in bytes.
    static var lengthLimit: Int { 1024 }

    /// Takes what `start` begins, when it is one of the runs kept.
    mutating func take(from json: inout PlainJSON, at start: Int) -> Value? {
        guard !runs.isEmpty else { return nil }
        if json.take(runs[latest].bytes, at: start) { return runs[latest].value }
        for index in runs.indices where json.take(runs[index].bytes, at: start) {
            latest = index
            return runs[index].value
        }
        return nil
    }

    /// Keeps what was made of a run that is not yet among those kept.
    mutating func keep(_ value: Value, for bytes: ArraySlice<UInt8>) {
        guard bytes.count <= Self.lengthLimit else { return }
        let run = Run(bytes: Array(bytes), value: value)
        latest = oldest
        if oldest < runs.count { runs[oldest] = run } else { runs.append(run) }
        oldest = (oldest + 1) % Self.limit
    }
}
