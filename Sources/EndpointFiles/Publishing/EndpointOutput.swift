public import Files
public import Programs
public import Registry

/// A file that is to hold the list.
public struct EndpointOutput: Hashable, Sendable {
    /// Its absolute path.
    public var path: String
    /// The services it names, each always, empty ones too; all that have endpoints when `nil`.
    public var services: [ServiceName]?
    /// Whether it shows a list of some services alone as it is, although it names none. Default: no, and it waits for a
    /// list of all.
    public var showsAnySelection = false
    /// The owner, the group and the permissions of the file.
    public var access: FileAccess
    /// How long changes are gathered. Default: not at all.
    public var wait = OutputWait.none
    /// How long endpoints are shown that were lost in a mass loss, and how long ``minEndpoints`` holds.
    /// Default 60 s.
    public var hold: Duration = .seconds(60)
    /// What becomes of an existing file when no endpoint is left. Default: it is written empty.
    public var onEmpty = OnEmpty.write
    /// With fewer endpoints than this an existing file stays as it is for the hold time. Default 0.
    public var minEndpoints = 0
    /// In which form it is written.
    public var format: ListFormat
    /// A program that is given the list in that form, and prints what is written. Default: none.
    public var command: ProgramCall?
    /// A program that says whether the new file will do, before it takes the place of the old one;
    /// ``ProgramCall/file`` stands for it. Default: none.
    public var check: ProgramCall?
    /// Whether something is done when it was replaced; see ``Reloader``. Default: nothing.
    public var hasReload = false
    /// Whether a change of servers alone is applied to the running HAProxy, see ``HAProxyUpdater``: then it is written
    /// without ``wait`` and ``check``. Default: no.
    public var hasRuntime = false
    /// The endpoints it shows.
    public var filter: EndpointFilter
    /// Whether it shows endpoints that want no new traffic though its format cannot say so. Formats
    /// that can say it show them always.
    public var includeDraining: Bool
    /// The zones that it prefers. Default: none, all endpoints are alike.
    public var zones: ZonePreference?
    /// Whether it starts with a comment that names the revision; formats without comments ignore it.
    public var header: Bool

    /// What becomes of an existing file when no endpoint is left.
    public enum OnEmpty: Hashable, Sendable {
        /// It is written empty.
        case write
        /// It stays as it is.
        case keep
    }

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
        access = FileAccess(mode: mode)
        self.format = format
        self.filter = filter
        self.includeDraining = includeDraining
        self.header = header
    }

    /// Whether a program makes the content, or looks at it before it counts.
    var asksPrograms: Bool { command != nil || check != nil }

    /// Whether a list says all that it shows.
    func isCovered(by list: TableUpdate) -> Bool {
        showsAnySelection
            || list.selection.isSuperset(of: services.map { .only(Set($0)) } ?? .all)
    }

    /// Whether a list of an earlier run, which may have been of other services, says anything of what it shows.
    func isTold(by older: TableUpdate) -> Bool {
        services.map { $0.contains { older.table.count(of: $0) > 0 } } ?? true
    }

    /// Whether two lists differ in what it shows, apart from the revision.
    func shows(aDifferenceOf list: TableUpdate, from before: TableUpdate) -> Bool {
        if list.held != before.held || list.clusterID != before.clusterID { return true }
        guard let services else { return list.table != before.table }
        return !services.allSatisfy { list.table.isEqual(to: before.table, in: $0) }
    }

    /// How many endpoints of a table it shows.
    func count(in table: EndpointTable) -> Int {
        let names = services ?? table.names
        guard filter == EndpointFilter() else {
            return names.reduce(0) { count, name in
                count + table.endpoints(of: name).count(where: filter.matches)
            }
        }
        return names.reduce(0) { $0 + table.count(of: $1) }
    }
}

/// Bounds how long changes are gathered before a file is written.
public struct OutputWait: Hashable, Sendable {
    /// How long nothing may change before the file is written; each change begins it anew.
    public var min: Duration
    /// How long after the first of several changes the file is written at the latest.
    public var max: Duration

    /// Write at once.
    public static let none = OutputWait(min: .zero, max: .zero)

    /// Describes a wait; `max` is at least `min`.
    public init(min: Duration, max: Duration) {
        self.min = min
        self.max = max
    }
}

/// Selects the endpoints that an output shows.
public struct EndpointFilter: Hashable, Sendable {
    /// Only those of this zone; `nil` is any zone, and none.
    public var zone: String?
    /// Only those that have all of these tags.
    public var tags: Set<String>

    /// Describes a choice; without arguments it is all endpoints.
    public init(zone: String? = nil, tags: Set<String> = []) {
        self.zone = zone
        self.tags = tags
    }

    /// Whether an endpoint is shown.
    public func matches(_ endpoint: Endpoint) -> Bool {
        (zone == nil || endpoint.instance.zone == zone)
            && (tags.isEmpty || tags.isSubset(of: endpoint.instance.tags))
    }
}
