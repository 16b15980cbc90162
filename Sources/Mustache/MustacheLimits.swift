/// The limits of a rendering: a template is a program, and this one runs inside ours.
public struct MustacheLimits: Hashable, Sendable {
    /// The number of tags, texts and turns of sections that there may be: a bound on the time, the same on every host.
    public var steps: Int
    /// The depth to which sections and partials may be within one another: a partial may name itself.
    public var depth: Int
    /// The length of the result, in bytes.
    public var bytes: Int

    /// Describes limits.
    public init(steps: Int, depth: Int, bytes: Int) {
        self.steps = steps
        self.depth = depth
        self.bytes = bytes
    }

    /// 8 million steps, which take about 5 s; 128 levels; 64 MiB.
    public static let standard = MustacheLimits(steps: 8_000_000, depth: 128, bytes: 64 << 20)
}
