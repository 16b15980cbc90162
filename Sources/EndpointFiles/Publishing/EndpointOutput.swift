public import Registry

/// A file that is to hold the list.
public struct EndpointOutput: Hashable, Sendable {
    /// Its absolute path.
    public var path: String
    /// The services it names, each always, empty ones too; all that have endpoints when `nil`.
    public var services: [ServiceName]?
    /// Its permissions.
    public var mode: UInt32

    /// Describes a file.
    public init(path: String, services: [ServiceName]? = nil, mode: UInt32 = 0o644) {
        self.path = path
        self.services = services
        self.mode = mode
    }

    /// Whether a change of these services can be seen in it; `nil` is any change.
    func shows(_ changed: Set<ServiceName>?) -> Bool {
        guard let changed, let services else { return true }
        return services.contains(where: changed.contains)
    }
}
