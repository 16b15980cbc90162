/// How a metric behaves over time; the word of its `# TYPE` line.
enum MetricKind: String, Sendable {
    /// Only rises, and starts at zero with the process.
    case counter
    /// Goes up and down.
    case gauge
    /// Counts observations by their size.
    case histogram
}
