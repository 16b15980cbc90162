package import EndpointFiles
package import Registry

extension Configuration {
    /// `[[output]]`: one file that is kept equal to the registry. One whose path holds `{service}` is
    /// several by then, each of one service.
    package struct Output: Equatable, Sendable {
        /// The file: absolute, without `.`, `..`, `//` or a `/` at its end, not in a `.discoveryd`.
        package var path: String
        /// The services that are written; `nil` is all under the prefix, the default.
        package var services: [ServiceName]?
        /// Which endpoints are written. Default: all.
        package var filter = EndpointFilter()
        /// The preferred zones. Default: none, all endpoints are alike.
        package var zones: ZonePreference?
        /// How they are written. Default: JSON.
        package var format: FormatSetting = .json
        /// Where the names of a hosts file are. Default: `discoveryd.internal`.
        package var domain: DomainName = .standard
        /// The section of HAProxy's own configuration that tells how it looks host names up. Default: none, and
        /// endpoints with a host name are left out.
        package var resolvers: HAProxySectionName?
        /// The words behind each server in HAProxy's file. Default: none.
        package var serverOptions: HAProxyServerOptions?
        /// The `stats socket` over which the running HAProxy is told of changed servers; goes with ``reload``.
        /// Default: none, and each change takes a reload.
        package var runtime: String?
        /// The time for which a server that leaves may keep its sessions, 0 to 1 h; with ``runtime``. Default 30 s.
        package var drainBeforeDelete = RuntimeOutput.standardDrain
        /// Whether endpoints are written that want no new traffic though the format cannot say so.
        /// Default: no.
        package var includeDraining = false
        /// Whether a comment at its start names the revision. Default: no.
        package var header = false
        /// The permission bits of the file. Default `0644`.
        package var mode: FileMode = .standard
        /// The user it belongs to. Default: the daemon's own.
        package var owner: Account?
        /// The group it belongs to. Default: the daemon's own.
        package var group: Account?

        /// How long changes are gathered, 0 to 1 h. Default: not at all.
        package var wait = OutputWait.none
        /// Says whether the empty list is written when no endpoint is left. Default: it is.
        package var onEmpty = OnEmpty.write
        /// With fewer endpoints than this the file stays as it is, for as long as ``hold``. Default 0.
        package var minEndpoints = 0
        /// How long endpoints stay that vanished with most others when etcd was in trouble, 0 to 1 h.
        /// Default 60 s.
        package var hold: Duration = .seconds(60)

        /// The program that makes the file of the JSON list, and its arguments; with ``format`` `command`,
        /// and never else.
        package var command: [String]?
        /// The template that makes the file, read with the configuration; with ``format`` `template`, and never
        /// else.
        package var template: ListTemplate?
        /// The program that says whether a new file will do, and its arguments; one of them holds
        /// ``ProgramCall/file``. Default: none is asked.
        package var check: [String]?
        /// How long ``command`` and ``check`` may take each, 1 s to 10 min. Default 10 s.
        package var timeout: Duration = .seconds(10)
        /// The reload of the consumer after the file was replaced. Default: none.
        package var reload: ReloadAction?

        /// An output with the default of each setting.
        package init(path: String) { self.path = path }

        /// So many zones can be preferred at most: each is a priority of Envoy, which knows 129.
        static let mostZones = 64
        static let spillCounts: ClosedRange<Int> = 1...65535
        static let spillPercentages: ClosedRange<Int> = 1...100
        static let drains: ClosedRange<Duration> = .zero ... .seconds(3600)
        static let holds: ClosedRange<Duration> = .zero ... .seconds(3600)
        package static let waits: ClosedRange<Duration> = .zero ... .seconds(3600)
        static let timeouts: ClosedRange<Duration> = .seconds(1) ... .seconds(600)
        /// The longest wait as a multiple of the shortest, where only that is configured.
        static let waitFactor = 4

        /// The output when none is configured: all services.
        static let standard = Output(path: "/run/discoveryd/endpoints.json")
    }

    /// Chooses between the empty list and the old file when no endpoint is left.
    package enum OnEmpty: String, Hashable, Sendable, CaseIterable {
        /// The empty list.
        case write
        /// Nothing: a file that is there stays as it is.
        case keep
    }
}
