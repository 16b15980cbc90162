/// One check of a service.
public struct CheckDefinition: Hashable, Sendable {
    /// The kind, with the target.
    public var kind: CheckKind
    /// When, and how many results count. For a unit only `initial` matters, until its state is known.
    public var timing: CheckTiming

    /// Describes a check.
    public init(_ kind: CheckKind, timing: CheckTiming = CheckTiming()) {
        self.kind = kind
        self.timing = timing
    }
}
