/// A number that only rises.
public struct Counter: Sendable {
    private let place: MetricsRegistry.Place

    init(at place: MetricsRegistry.Place) {
        self.place = place
    }

    /// Adds to the series with these values of its labels.
    public func add(_ amount: Int = 1, _ values: String...) {
        precondition(amount >= 0, "a counter only rises")
        place.change { $0.add(Double(amount), to: values) }
    }

    /// Takes over what somebody else counts, such as the kernel. A number below the last is left aside.
    public func reach(_ total: Double, _ values: String...) {
        place.change { family in
            guard total > family.series[values]?.value ?? 0 else { return }
            family.set(total, of: values)
        }
    }

    /// Has the series stand at zero before anything is counted: a rate needs a beginning.
    public func create(_ values: String...) {
        place.change { $0.create(values) }
    }

    /// Forgets the series of which the first label has another value than these.
    public func keep(_ firsts: Set<String>) {
        place.change { $0.remove { !firsts.contains($0.first ?? "") } }
    }
}

/// A number that goes up and down.
public struct Gauge: Sendable {
    private let place: MetricsRegistry.Place

    init(at place: MetricsRegistry.Place) {
        self.place = place
    }

    /// Sets the series with these values of its labels.
    public func set(_ amount: Double, _ values: String...) {
        place.change { $0.set(amount, of: values) }
    }

    /// The same for what is or is not: 1 or 0.
    public func set(_ isSo: Bool, _ values: String...) {
        place.change { $0.set(isSo ? 1 : 0, of: values) }
    }

    /// Forgets the series of which the first label has another value than these.
    public func keep(_ firsts: Set<String>) {
        place.change { $0.remove { !firsts.contains($0.first ?? "") } }
    }

    /// Sets all series of a gauge with one label, and forgets those that are not named.
    public func setAll(_ amounts: [String: Double]) {
        place.change { family in
            family.remove { amounts[$0.first ?? ""] == nil }
            for (value, amount) in amounts { family.set(amount, of: [value]) }
        }
    }
}

/// Observations, counted by their size.
public struct Histogram: Sendable {
    private let place: MetricsRegistry.Place

    init(at place: MetricsRegistry.Place) {
        self.place = place
    }

    /// Counts an observation in the series with these values of its labels.
    public func observe(_ amount: Double, _ values: String...) {
        place.change { $0.observe(amount, in: values) }
    }

    /// The same for a time, in seconds.
    public func observe(_ time: Duration, _ values: String...) {
        place.change { $0.observe(time / .seconds(1), in: values) }
    }

    /// Has the series stand at zero before anything is observed.
    public func create(_ values: String...) {
        place.change { $0.create(values) }
    }
}

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
