/// Which instance of which service: what a key says, without the prefix.
public struct ServiceKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The service.
    public let service: ServiceName
    /// The instance within it.
    public let instance: InstanceID

    /// Names an instance of a service.
    public init(service: ServiceName, instance: InstanceID) {
        self.service = service
        self.instance = instance
    }

    /// `service/instance`.
    public var description: String { "\(service)/\(instance)" }

    /// By service, then by instance, in byte order.
    public static func < (left: ServiceKey, right: ServiceKey) -> Bool {
        (left.service, left.instance) < (right.service, right.instance)
    }
}
