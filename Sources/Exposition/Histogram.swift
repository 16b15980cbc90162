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
