public import Registry

/// A service and all that must pass for it to be up.
public struct ServiceChecks: Hashable, Sendable {
    /// Which service.
    public var key: ServiceKey
    /// Its checks; without any it is always up.
    public var checks: [CheckDefinition]

    /// Names the checks of a service.
    public init(_ key: ServiceKey, checks: [CheckDefinition]) {
        self.key = key
        self.checks = checks
    }
}
