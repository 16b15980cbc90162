public import Registry

/// Something that is left out of a file because its format cannot carry it.
public struct Rejection: Hashable, Sendable {
    /// The service.
    public var service: ServiceName
    /// The instance that is left out; `nil` when it is the whole service.
    public var instance: InstanceID?
    /// Why.
    public var fault: EncodingFault

    /// Names what is left out.
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
