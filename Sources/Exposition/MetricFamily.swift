/// One metric: its name, what it means, and its series by the values of their labels.
struct MetricFamily: Sendable {
    /// What is known of one series.
    struct Series: Sendable {
        /// The value; of a histogram the sum of all observations.
        var value = 0.0
        /// Of a histogram: how many observations were at most each bound, and not at most the one before;
        /// the last are beyond all bounds.
        var buckets: [UInt64] = []
    }

    let name: String
    let help: String
    let kind: MetricKind
    let labels: [String]
    /// The upper bounds of a histogram's buckets, rising, without infinity.
    let bounds: [Double]
    private(set) var series: [[String]: Series] = [:]

    /// A metric; one without labels has its series from the start, at zero.
    init(
        _ kind: MetricKind,
        name: String,
        help: String,
        labels: [String] = [],
        bounds: [Double] = []
    ) {
        precondition(Self.isName(name), "a metric's name is letters, digits and underscores")
        precondition(
            labels.allSatisfy { Self.isName($0) && $0 != "le" },
            "a label's name is letters, digits and underscores"
        )
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds rise")
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels
        self.bounds = bounds
        if labels.isEmpty { create([]) }
    }

    /// There is such a series, at zero if it is new.
    mutating func create(_ values: [String]) {
        change(values) { _ in }
    }

    mutating func add(_ amount: Double, to values: [String]) {
        change(values) { $0.value += amount }
    }

    mutating func set(_ amount: Double, of values: [String]) {
        change(values) { $0.value = amount }
    }

    mutating func observe(_ amount: Double, in values: [String]) {
        let bucket = bounds.firstIndex { amount <= $0 } ?? bounds.count
        change(values) { series in
            series.value += amount
            series.buckets[bucket] += 1
        }
    }

    /// Forgets the series that `isGone` picks by the values of their labels.
    mutating func remove(where isGone: ([String]) -> Bool) {
        series = series.filter { !isGone($0.key) }
    }

    private mutating func change(_ values: [String], _ change: (inout Series) -> Void) {
        precondition(values.count == labels.count, "each label of \(name) has a value")
        let buckets = kind == .histogram ? bounds.count + 1 : 0
        change(&series[values, default: Series(buckets: Array(repeating: 0, count: buckets))])
    }

    /// The names that Prometheus allows, but for those with a colon, which are for its own rules.
    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "_"): true
            default: false
            }
        }
    }
}

/// The type of a metric; the word of its `# TYPE` line.
enum MetricKind: String, Sendable {
    /// Only rises, and starts at zero with the process.
    case counter
    /// Goes up and down.
    case gauge
    /// Counts observations by their size.
    case histogram
}
