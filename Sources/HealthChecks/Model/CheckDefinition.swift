/// One check of a service.
public struct CheckDefinition: Hashable, Sendable {
    /// What it looks at.
    public var kind: CheckKind
    /// When, and how many results count. Of a unit only `initial` matters, until systemd has told.
    public var timing: CheckTiming

    /// Describes a check.
    public init(_ kind: CheckKind, timing: CheckTiming = CheckTiming()) {
        self.kind = kind
        self.timing = timing
    }
}
