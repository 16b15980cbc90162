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

        /// What is written when no output is configured: all services.
        static let standard = Output(path: "/run/discoveryd/endpoints.json")
    }
}
