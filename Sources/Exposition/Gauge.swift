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
