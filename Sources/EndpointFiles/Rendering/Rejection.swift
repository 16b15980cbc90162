public import Registry

/// An endpoint or a service that is skipped in a file because its format cannot represent it.
public struct Rejection: Hashable, Sendable {
    /// The service.
    public var service: ServiceName
    /// The instance that is skipped; `nil` when it is the whole service.
    public var instance: InstanceID?
    /// Why.
    public var fault: EncodingFault

    /// Creates a rejection.
    public init(service: ServiceName, instance: InstanceID?, fault: EncodingFault) {
        self.service = service
        self.instance = instance
        self.fault = fault
    }

    /// `service/instance`, or the service alone.
    public var subject: String {
        instance.map { "\(service)/\($0)" } ?? service.text
    }
}
