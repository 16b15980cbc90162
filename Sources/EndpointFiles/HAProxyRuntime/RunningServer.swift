import Texts

/// A server as HAProxy's process has it.
///
/// Source: HAProxy, "Management Guide", section 9.3: `show servers state`, `show servers conn`; 2.6 tried.
struct RunningServer: Hashable, Sendable {
    /// `srv_admin_state`.
    struct AdminState: OptionSet, Hashable, Sendable {
        let rawValue: Int
        /// Somebody put it into maintenance.
        static let maintenance = AdminState(rawValue: 0x01)
        /// Somebody had it drain.
        static let drain = AdminState(rawValue: 0x08)
        /// One of the two by a command, as opposed to what it inherits or what its line says.
        static let set: AdminState = [.maintenance, .drain]
    }

    /// `srv_check_state`.
    struct CheckState: OptionSet, Hashable, Sendable {
        let rawValue: Int
        /// The server has a check.
        static let configured = CheckState(rawValue: 0x02)
        /// The check runs.
        static let enabled = CheckState(rawValue: 0x04)
    }

    var name: String
    /// The IP address; `nil` for one that has none yet.
    var address: HostAddress?
    /// The host name that it was configured with.
    var hostName: HostAddress?
    var port: UInt16
    var weight: Int
    var admin: AdminState = []
    var check: CheckState = []
    /// `srv_agent_state`, in the same bits.
    var agent: CheckState = []
    var usesTLS = false

    /// Reads the answer to `show servers state BACKEND`.
    ///
    /// - Returns: The servers in HAProxy's order.
    /// - Throws: ``RuntimeFault`` with the code `unexpected` when it is not whole, or something else.
    static func servers(inState answer: String) throws(RuntimeFault) -> [RunningServer] {
        // The number of the format, the columns, the servers, an empty line.
        guard answer.hasPrefix("1\n"), answer.hasSuffix("\n\n") else {
            throw .unexpected(answer, to: "show servers state")
        }
        let lines = answer.utf8.split(separator: UInt8(ascii: "\n")).dropFirst()
        guard let columns = Columns(lines.first, wanted) else {
            throw .unexpected(answer, to: "show servers state")
        }
        var servers: [RunningServer] = []
        servers.reserveCapacity(lines.count)
        for line in lines.dropFirst() {
            guard let server = columns.values(of: line).flatMap(RunningServer.init) else {
                throw .unexpected(String(Substring(line)), to: "show servers state")
            }
            servers.append(server)
        }
        return servers
    }

    /// The columns that are read, in the order in which ``init(_:)`` takes them.
    private static let wanted = [
        "srv_name", "srv_addr", "srv_fqdn", "srv_port", "srv_uweight", "srv_admin_state",
        "srv_check_state", "srv_use_ssl", "srv_agent_state",
    ]

    private init?(_ values: [Substring.UTF8View]) {
        func number(_ index: Int) -> Int? { Int(Substring(values[index])) }
        guard let port = number(3).flatMap({ UInt16(exactly: $0) }), let weight = number(4),
            let admin = number(5), let check = number(6), let agent = number(8)
        else { return nil }
        name = String(Substring(values[0]))
        address = HostAddress(Substring(values[1]))
        hostName = values[2].elementsEqual("-".utf8) ? nil : HostAddress(Substring(values[2]))
        self.port = port
        self.weight = weight
        self.admin = AdminState(rawValue: admin)
        self.check = CheckState(rawValue: check)
        self.agent = CheckState(rawValue: agent)
        usesTLS = values[7].elementsEqual("1".utf8)
    }

    /// Whether a command has taken it out of service.
    var isOutOfService: Bool { !admin.isDisjoint(with: .set) }

    /// Describes a server, for tests.
    init(
        name: String,
        address: HostAddress?,
        port: UInt16,
        weight: Int,
        admin: AdminState = [],
        check: CheckState = []
    ) {
        self.name = name
        self.address = address
        self.port = port
        self.weight = weight
        self.admin = admin
        self.check = check
    }

    /// Reads the answer to `show servers conn BACKEND`: how many connections each server has in use.
    ///
    /// - Throws: ``RuntimeFault`` with the code `unexpected`.
    static func connections(in answer: String) throws(RuntimeFault) -> [String: Int] {
        let lines = answer.utf8.split(separator: UInt8(ascii: "\n"))
        guard answer.hasSuffix("\n\n"),
            let columns = Columns(lines.first, ["bkname/svname", "used_cur"])
        else { throw .unexpected(answer, to: "show servers conn") }
        var connections: [String: Int] = [:]
        for line in lines.dropFirst() {
            guard let values = columns.values(of: line),
                let slash = values[0].firstIndex(of: UInt8(ascii: "/")),
                let used = Int(Substring(values[1]))
            else { throw .unexpected(String(Substring(line)), to: "show servers conn") }
            connections[String(Substring(values[0][values[0].index(after: slash)...]))] = used
        }
        return connections
    }
}

/// The columns of a table that HAProxy prints, by their names: later versions have more of them.
private struct Columns {
    /// For each column of the table, which of the wanted ones it is.
    private let places: [Int?]
    private let count: Int

    /// - Parameters:
    ///   - line: `# name name ...`.
    ///   - wanted: The columns to read; the result is `nil` when one of them is missing.
    init?(_ line: Substring.UTF8View?, _ wanted: [String]) {
        guard let line, line.starts(with: "# ".utf8) else { return nil }
        let names = Substring(line.dropFirst(2)).split(separator: " ")
        places = names.map { name in wanted.firstIndex { $0 == name } }
        count = wanted.count
        // Each of them once.
        guard places.compactMap({ $0 }).sorted() == Array(0..<count) else { return nil }
    }

    /// The wanted columns of a line, in their order; `nil` when it is too short.
    func values(of line: Substring.UTF8View) -> [Substring.UTF8View]? {
        var values = Array(repeating: line, count: count)
        var (column, found) = (0, 0)
        var start = line.startIndex
        while start < line.endIndex, column < places.count {
            let end = line[start...].firstIndex(of: UInt8(ascii: " ")) ?? line.endIndex
            if let place = places[column] {
                values[place] = line[start..<end]
                found += 1
            }
            column += 1
            start = end < line.endIndex ? line.index(after: end) : end
        }
        return found == count ? values : nil
    }
}

/// A process of HAProxy, told from the one that it replaced.
struct HAProxyProcess: Equatable, Sendable {
    var pid: Int
    /// Seconds since it started, by its own clock.
    var uptime: Int
    /// The instant at which it said so.
    var seenAt: Duration = .zero

    /// Reads the answer to `show info`.
    ///
    /// - Throws: ``RuntimeFault`` with the code `unexpected`.
    init(_ answer: String) throws(RuntimeFault) {
        var values: [Substring: Substring] = [:]
        for line in answer.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            values[line[..<colon]] = line[line.index(after: colon)...].drop { $0 == " " }
        }
        guard answer.hasSuffix("\n\n"), let pid = values["Pid"].flatMap({ Int($0) }),
            let uptime = values["Uptime_sec"].flatMap({ Int($0) })
        else { throw .unexpected(answer, to: "show info") }
        self.pid = pid
        self.uptime = uptime
    }

    init(pid: Int, uptime: Int, seenAt: Duration = .zero) {
        self.pid = pid
        self.uptime = uptime
        self.seenAt = seenAt
    }

    /// The earliest instant at which it can have started; it has read its configuration since.
    var startedAfter: Duration { seenAt - .seconds(uptime + 1) }

    /// Whether an earlier look was at the same process. In a container each may have the same number, and then its
    /// age tells: seconds are cut off on both sides.
    func isSame(as earlier: HAProxyProcess) -> Bool {
        let passed = Int((seenAt - earlier.seenAt) / .seconds(1))
        // One that stood still (SIGSTOP, a suspended machine) is younger than it should be, and older than the look.
        return pid == earlier.pid
            && (abs(uptime - earlier.uptime - passed) <= 2 || uptime > passed + 1)
    }
}
