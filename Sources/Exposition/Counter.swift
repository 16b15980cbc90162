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
