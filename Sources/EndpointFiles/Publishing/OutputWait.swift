/// How long changes are gathered before a file is written.
public struct OutputWait: Hashable, Sendable {
    /// How long nothing may change before the file is written; each change begins it anew.
    public var min: Duration
    /// How long after the first of several changes the file is written at the latest.
    public var max: Duration

    /// Write at once.
    public static let none = OutputWait(min: .zero, max: .zero)

    /// Describes a wait; `max` is at least `min`.
    public init(min: Duration, max: Duration) {
        self.min = min
        self.max = max
    }
}
