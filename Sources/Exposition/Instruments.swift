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
