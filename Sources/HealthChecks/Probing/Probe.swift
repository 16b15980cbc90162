/// Looks once.
public protocol Probe: Sendable {
    /// Returns when what it looks at is well. Has no limit of its own in time: whoever runs it cancels it,
    /// and then it ends soon and leaves nothing behind.
    ///
    /// - Throws: ``ProbeFailure``, `.cancelled` among them.
    func run() async throws(ProbeFailure)
}

extension CheckKind {
    /// The probe that looks at it; `nil` for a unit, which is told from outside.
    ///
    /// - Parameter tools: What probes share; one for a program.
    public func probe(with tools: ProbeTools) -> (any Probe)? {
        switch self {
        case .unit: nil
        case .tcp(let target): TCPProbe(target, tools: tools)
        case .http(let check): HTTPProbe(check, tools: tools)
        case .exec(let check): ExecProbe(check)
        }
    }
}
