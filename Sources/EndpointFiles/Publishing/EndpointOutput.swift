public import Registry

/// A file that is to hold the list.
public struct EndpointOutput: Hashable, Sendable {
    /// Its absolute path.
    public var path: String
    /// The services it names, each always, empty ones too; all that have endpoints when `nil`.
    public var services: [ServiceName]?
    /// Its permissions.
    public var mode: UInt32
    /// In which form it is written.
    public var format: ListFormat
    /// The endpoints it shows.
    public var filter: EndpointFilter
    /// Whether it shows endpoints that want no new traffic though its format cannot say so. Formats
    /// that can say it show them always.
    public var includeDraining: Bool
    /// Whether it starts with a comment that names the revision; formats without comments ignore it.
    public var header: Bool

    /// Describes a file.
    public init(
        path: String,
        services: [ServiceName]? = nil,
        mode: UInt32 = 0o644,
        format: ListFormat = .json,
        filter: EndpointFilter = EndpointFilter(),
        includeDraining: Bool = false,
        header: Bool = false
    ) {
        self.path = path
        self.services = services
        self.mode = mode
        self.format = format
        self.filter = filter
        self.includeDraining = includeDraining
        self.header = header
    }

    /// Whether a change of these services can be seen in it; `nil` is any change.
    func shows(_ changed: Set<ServiceName>?) -> Bool {
        guard let changed, let services else { return true }
        return services.contains(where: changed.contains)
    }
}
