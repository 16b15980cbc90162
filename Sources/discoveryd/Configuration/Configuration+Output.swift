import Registry

extension Configuration {
    /// `[[output]]`: one file that is kept equal to the registry.
    struct Output: Equatable, Sendable {
        /// The file: absolute, without `.`, `..`, `//` or a `/` at its end, not in a `.discoveryd`.
        var path: String
        /// The services that are written; `nil` is all under the prefix, the default.
        var services: [ServiceName]?
        /// How they are written. Default: JSON.
        var format: OutputFormat = .json
        /// The permission bits of the file. Default `0644`.
        var mode: FileMode = .standard

        /// What is written when no endpoint is left. Default: the empty list.
        var onEmpty = OnEmpty.write
        /// With fewer endpoints than this the file stays as it is, for as long as ``hold``. Default 0.
        var minEndpoints = 0
        /// How long endpoints stay that vanished with most others when etcd was in trouble, 0 to 1 h.
        /// Default 60 s.
        var hold: Duration = .seconds(60)

        static let holds: ClosedRange<Duration> = .zero ... .seconds(3600)

        /// What is written when no output is configured: all services.
        static let standard = Output(path: "/run/discoveryd/endpoints.json")
    }

    /// What is written when no endpoint is left.
    enum OnEmpty: String, Hashable, Sendable, CaseIterable {
        /// The empty list.
        case write
        /// Nothing: a file that is there stays as it is.
        case keep
    }
}
