public import Programs

/// A file of HAProxy's whose changes are applied to the running process.
public struct RuntimeOutput: Hashable, Sendable {
    /// The file.
    public var path: String
    /// The `stats socket` of HAProxy, with `level admin`.
    public var socket: String
    /// The time for which a server that leaves may keep its sessions before it is put into maintenance; it is deleted when it
    /// has no more connections. Default 30 s.
    public var drainBeforeDelete: Duration
    /// The program that says whether the file will do before HAProxy is reloaded; ``ProgramCall/file`` stands for the
    /// file. Default: none.
    public var check: ProgramCall?

    /// The default of ``drainBeforeDelete``.
    public static let standardDrain = Duration.seconds(30)

    /// Describes a file.
    public init(
        path: String,
        socket: String,
        drainBeforeDelete: Duration = standardDrain,
        check: ProgramCall? = nil
    ) {
        self.path = path
        self.socket = socket
        self.drainBeforeDelete = drainBeforeDelete
        self.check = check
    }
}

/// A file as it was read for a look.
struct RuntimeReading: Equatable, Sendable {
    /// `nil` when there is none that is ours.
    var file: HAProxyFile?
    /// An instant before it was read, by the clock that gives files their times.
    var time = Duration.zero
}

/// HAProxy's process as one look saw it.
struct RuntimeLook: Equatable, Sendable {
    var process: HAProxyProcess
    /// The servers by backend; without the backends that the process lacks.
    var servers: [String: [RunningServer]]
    /// The connections in use by backend and server, of the backends that were asked for.
    var connections: [String: [String: Int]] = [:]

    /// Those of these servers that are in the process.
    func servers(
        _ targets: Set<RuntimeCommand.Target>
    ) -> [RuntimeCommand.Target: RunningServer] {
        var found: [RuntimeCommand.Target: RunningServer] = [:]
        guard !targets.isEmpty else { return found }
        for (backend, servers) in servers {
            for server in servers {
                let target = RuntimeCommand.Target(backend: backend, server: server.name)
                if targets.contains(target) { found[target] = server }
            }
        }
        return found
    }
}

/// The state of HAProxy's process towards the file.
public enum RuntimeStatus: Hashable, Sendable {
    /// Nothing was compared yet.
    case pending
    /// It does what the file says, but for what was set by hand; so many servers wait for their deletion.
    case current(leaving: Int, setByHand: [String])
    /// It is told what has changed.
    case applying
    /// It needs a reload, for this reason.
    case reloading(String)
    /// It differs although it was reloaded.
    case different(String)
    /// It cannot be asked.
    case unreachable(RuntimeFault)
}

/// A report on HAProxy's process, for the log and the metrics.
public enum RuntimeReport: Hashable, Sendable {
    /// The process was brought to what the file says, by so many commands.
    case applied(path: String, commands: Int)
    /// A reload is needed for a change. Reported for each.
    case reloadNeeded(path: String, reason: String)
    /// The program that was asked before the reload rejected the file: HAProxy is not reloaded. Reported once for each
    /// cause.
    case reloadRefused(path: String, ProgramFault)
    /// HAProxy cannot be asked. Reported once for each cause.
    case unreachable(path: String, RuntimeFault)
    /// It can be asked again.
    case reachable(path: String)
    /// Another process has taken over.
    case processChanged(path: String, pid: Int)
    /// The process differs from the file although it was reloaded. Reported once for each cause.
    case different(path: String, reason: String)
    /// The settings made by hand are now these: at most the first of them, and how many more. Reported when it changes.
    case setByHand(path: String, [String], more: Int)
    /// Servers that had left were deleted.
    case deleted(path: String, servers: Int)
}
