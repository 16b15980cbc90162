public import Registry

/// The reason why a format cannot represent an endpoint or a service.
public struct EncodingFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of obstacle.
    public enum Code: String, Hashable, Sendable {
        /// The address is a host name, and the format has only IP addresses.
        case hostName
        /// The address is `0.0.0.0` or `::`.
        case unspecifiedAddress
        /// The name of the service cannot be spelled.
        case serviceName
        /// A tag cannot be told from its neighbours.
        case tag
        /// It is longer than the reader takes.
        case tooLong
    }

    /// The kind of obstacle.
    public let code: Code
    /// The end of a sentence that starts with the endpoint or the service, with the remedy.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}

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
