/// The services of this host that are draining: they are to get no new traffic.
public struct Drains: Hashable, Sendable {
    /// Whether the whole host is meant, also services that come later.
    public var everything: Bool
    /// The services that are meant beside that.
    public var services: Set<ServiceName>

    /// Describes what drains; nothing does unless said.
    public init(everything: Bool = false, services: Set<ServiceName> = []) {
        self.everything = everything
        self.services = services
    }

    /// Whether an instance of this service drains.
    public func contains(_ service: ServiceName) -> Bool {
        everything || services.contains(service)
    }
}
