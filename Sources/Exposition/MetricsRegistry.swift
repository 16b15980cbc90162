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

/// Metrics in the text format of Prometheus, version 0.0.4; see
/// <https://prometheus.io/docs/instrumenting/exposition_formats/>.
package enum PrometheusText {
    /// The media type of the text.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    static func text(_ families: [MetricFamily]) -> String {
        var text = ""
        for family in families {
            text += "# HELP \(family.name) \(help(family.help))\n"
            text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
            let sorted = family.series.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            for (values, series) in sorted { append(series, values, of: family, to: &text) }
        }
        return text
    }

    private static func append(
        _ series: MetricFamily.Series,
        _ values: [String],
        of family: MetricFamily,
        to text: inout String
    ) {
        let pairs = zip(family.labels, values).map { "\($0)=\"\(label($1))\"" }
        guard family.kind == .histogram else {
            text += "\(family.name)\(braced(pairs)) \(number(series.value))\n"
            return
        }
        var count: UInt64 = 0
        for (bound, observed) in zip(family.bounds + [.infinity], series.buckets) {
            count += observed
            let le = "le=\"\(number(bound))\""
            text += "\(family.name)_bucket\(braced(pairs + [le])) \(count)\n"
        }
        text += "\(family.name)_sum\(braced(pairs)) \(number(series.value))\n"
        text += "\(family.name)_count\(braced(pairs)) \(count)\n"
    }

    private static func braced(_ pairs: [String]) -> String {
        pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}"
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        // Beyond this a Double has no unit digit that would be true.
        if abs(value) < 0x1p53, let whole = Int64(exactly: value) { return "\(whole)" }
        return "\(value)"
    }

    /// The value of a label: a backslash, a quote and a newline would end it early.
    static func label(_ value: String) -> String {
        escaped(value, quotes: true)
    }

    /// The text of a HELP line, in which a quote is only a quote.
    static func help(_ text: String) -> String {
        escaped(text, quotes: false)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        // By scalars: a carriage return and a newline are one character to Swift.
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": escaped.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quotes: escaped.append(contentsOf: "\\\"".unicodeScalars)
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}
