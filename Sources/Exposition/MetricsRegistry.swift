import Synchronization

/// All metrics of the program: declared once, changed from anywhere, written out at any time.
///
/// The values of labels must come from a bounded set, such as the configuration or an enumeration:
/// every new one is a series that stays.
public final class MetricsRegistry: Sendable {
    private let families = Mutex<[MetricFamily]>([])

    /// A registry without metrics.
    public init() {}

    /// Declares a counter.
    ///
    /// - Parameters:
    ///   - name: Letters, digits and underscores, ending in `_total`; not declared before.
    ///   - help: What it counts, in a sentence.
    ///   - labels: The names of its labels, in the order in which their values will be given.
    public func counter(_ name: String, _ help: String, labels: [String] = []) -> Counter {
        Counter(at: declare(MetricFamily(.counter, name: name, help: help, labels: labels)))
    }

    /// Declares a gauge; see ``counter(_:_:labels:)``.
    public func gauge(_ name: String, _ help: String, labels: [String] = []) -> Gauge {
        Gauge(at: declare(MetricFamily(.gauge, name: name, help: help, labels: labels)))
    }

    /// Declares a histogram; see ``counter(_:_:labels:)``.
    ///
    /// - Parameter bounds: The upper bounds of its buckets, rising; infinity is added.
    public func histogram(
        _ name: String,
        _ help: String,
        bounds: [Double],
        labels: [String] = []
    ) -> Histogram {
        let family = MetricFamily(
            .histogram,
            name: name,
            help: help,
            labels: labels,
            bounds: bounds
        )
        return Histogram(at: declare(family))
    }

    /// All metrics in the text format of Prometheus: in the order of their declaration, series in the
    /// order of their labels.
    public var text: String { PrometheusText.text(families.withLock { $0 }) }

    /// The names of all metrics, in the order of their declaration.
    public var names: [String] { families.withLock { $0.map(\.name) } }

    private func declare(_ family: MetricFamily) -> Place {
        families.withLock { families in
            precondition(
                !families.contains { $0.name == family.name },
                "\(family.name) is declared once"
            )
            families.append(family)
            return Place(registry: self, index: families.count - 1)
        }
    }

    /// Where a metric is kept.
    struct Place: Sendable {
        let registry: MetricsRegistry
        let index: Int

        func change(_ change: (inout MetricFamily) -> Void) {
            registry.families.withLock { change(&$0[index]) }
        }
    }
}
