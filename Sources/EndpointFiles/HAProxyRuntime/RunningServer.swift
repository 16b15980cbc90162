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
        let lines = answer.split(separator: "\n").dropFirst()
        guard let columns = Columns(lines.first) else {
            throw .unexpected(answer, to: "show servers state")
        }
        var servers: [RunningServer] = []
        for line in lines.dropFirst() {
            guard let server = RunningServer(columns.values(of: line)) else {
                throw .unexpected(String(line), to: "show servers state")
            }
            servers.append(server)
        }
        return servers
    }

    private init?(_ values: [Substring: Substring]) {
        guard let name = values["srv_name"],
            let weight = values["srv_uweight"].flatMap({ Int($0) }),
            let admin = values["srv_admin_state"].flatMap({ Int($0) }),
            let check = values["srv_check_state"].flatMap({ Int($0) }),
            let port = values["srv_port"].flatMap({ UInt16($0) })
        else { return nil }
        self.name = String(name)
        address = values["srv_addr"].flatMap { HostAddress($0) }
        hostName = values["srv_fqdn"].flatMap { $0 == "-" ? nil : HostAddress($0) }
        self.port = port
        self.weight = weight
        self.admin = AdminState(rawValue: admin)
        self.check = CheckState(rawValue: check)
        usesTLS = values["srv_use_ssl"] == "1"
    }

    /// As a test or a plan describes one.
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
        let lines = answer.split(separator: "\n")
        guard answer.hasSuffix("\n\n"), let columns = Columns(lines.first) else {
            throw .unexpected(answer, to: "show servers conn")
        }
        var connections: [String: Int] = [:]
        for line in lines.dropFirst() {
            let values = columns.values(of: line)
            guard let both = values["bkname/svname"], let slash = both.firstIndex(of: "/"),
                let used = values["used_cur"].flatMap({ Int($0) })
            else { throw .unexpected(String(line), to: "show servers conn") }
            connections[String(both[both.index(after: slash)...])] = used
        }
        return connections
    }
}

/// The columns of a table that HAProxy prints, by their names: later versions have more of them.
private struct Columns {
    private let names: [Substring]

    /// - Parameter line: `# name name ...`.
    init?(_ line: Substring?) {
        guard let line, line.hasPrefix("# ") else { return nil }
        names = line.dropFirst(2).split(separator: " ")
    }

    func values(of line: Substring) -> [Substring: Substring] {
        Dictionary(zip(names, line.split(separator: " "))) { first, _ in first }
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

    /// Whether an earlier look was at the same process. In a container each may have the same number, and then its
    /// age tells: seconds are cut off on both sides.
    func isSame(as earlier: HAProxyProcess) -> Bool {
        let passed = Int((seenAt - earlier.seenAt) / .seconds(1))
        return pid == earlier.pid && abs(uptime - earlier.uptime - passed) <= 2
    }
}
