/// How often a service may come and go before its returns are held back.
///
/// A withdrawal is never held back: nobody should be sent to a service that is known to be down. A
/// return waits until it and the withdrawal that may follow fit into the limit, so the limit holds in
/// every window of that length.
public struct DampingLimits: Hashable, Sendable {
    /// How many changes one window may see; at least 2.
    public var changes: Int
    /// How long a change counts.
    public var window: Duration

    /// The default lets a service fail five times in five minutes.
    public init(changes: Int = 10, window: Duration = .seconds(300)) {
        self.changes = changes
        self.window = window
    }
}
