import Synchronization

/// Collects what is reported from anywhere.
public final class Recorder<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    /// A recorder of nothing so far.
    public init() {}

    /// Adds one report.
    public func record(_ element: Element) { elements.withLock { $0.append(element) } }

    /// All reports so far, in order.
    public var all: [Element] { elements.withLock { $0 } }
}
