/// In which form an output is written.
enum OutputFormat: String, Hashable, Sendable, CaseIterable {
    /// discoveryd's own list: one endpoint a line, in stable order.
    case json
}
