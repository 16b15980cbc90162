public import Glibc

// Who may ask for what. Reading is for everybody who reaches the listener; what waits for a day or changes something is
// for the control socket, and changes for root, our own user and the members of the socket's group.

extension LocalHTTPServer {
    /// What a listener serves.
    public enum Scope: Hashable, Sendable {
        /// Pages and reports.
        case reports
        /// All routes; changes only to root, our own user and the members of the socket's group.
        case everything
    }
}

/// The program at the other end of a unix socket, by the kernel's word; see unix(7), SO_PEERCRED and
/// SO_PEERGROUPS.
public struct Peer: Hashable, Sendable {
    /// The process that connected.
    public let process: pid_t
    /// Its effective user at that time.
    public let user: uid_t
    /// Its effective group and its supplementary ones.
    public let groups: Set<gid_t>

    /// A peer, for tests of what is asked by one.
    package init(process: pid_t, user: uid_t, groups: Set<gid_t>) {
        self.process = process
        self.user = user
        self.groups = groups
    }

    /// Asks for the peer of a connected socket; `nil` when the kernel does not say.
    init?(socket: Int32) {
        // `struct ucred`, which is not among what Swift sees of Glibc: the process, the user, the group.
        var credentials: [UInt32] = [0, 0, 0]
        var length = socklen_t(credentials.count * MemoryLayout<UInt32>.stride)
        guard getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else {
            return nil
        }
        var groups: Set<gid_t> = [credentials[2]]
        // Linux knows 65536 at most; nobody who has more than these is denied what root may.
        var others = [gid_t](repeating: 0, count: 1024)
        length = socklen_t(others.count * MemoryLayout<gid_t>.stride)
        if getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, &others, &length) == 0 {
            groups.formUnion(others.prefix(Int(length) / MemoryLayout<gid_t>.stride))
        }
        self.init(
            process: pid_t(bitPattern: credentials[0]),
            user: credentials[1],
            groups: groups
        )
    }

    /// Whether it may change anything: root, our own user, and the members of the socket's group.
    func mayChange(as user: uid_t, socketGroup: gid_t?) -> Bool {
        self.user == 0 || self.user == user || socketGroup.map(groups.contains) ?? false
    }
}

extension Router {
    /// Where a request came in.
    struct Origin: Sendable {
        /// Whether over TCP, where a browser can come from.
        var isTCP: Bool
        /// Whether the peer may change things.
        var mayChange: Bool
        /// The address that is listened at.
        var listenHost: String?
    }

    /// Refuses a request for a route to one who may not ask for it, or on TCP not under that name.
    ///
    /// - Parameter host: The host that the request names.
    func refusal(of route: Route, named host: String?, from origin: Origin) -> Response? {
        if origin.isTCP, route.purpose != .page {
            guard let host, Self.names(host, origin.listenHost) else {
                return Response(
                    .misdirectedRequest,
                    error: "misdirected",
                    "only requests to localhost or a loopback address are answered here"
                )
            }
        }
        switch route.purpose {
        case .page, .report, .follow: return nil
        case .wait, .change:
            guard scope == .everything else {
                return Response(
                    .forbidden,
                    error: "not_permitted",
                    "this is answered over the control socket only"
                )
            }
            guard route.purpose == .wait || origin.mayChange else {
                return Response(
                    .forbidden,
                    error: "not_permitted",
                    "only root, discoveryd's own user and members of its group may do this"
                )
            }
            return nil
        }
    }

    /// Whether a Host field names this host as nobody else's name does.
    private static func names(_ field: String, _ listenHost: String?) -> Bool {
        guard let host = host(of: field) else { return false }
        return host.lowercased() == "localhost" || host == listenHost || host == "::1"
            || isIPv4Loopback(host)
    }

    /// The host of `host:port`, of which the port may be left out; `nil` for anything else.
    private static func host(of field: String) -> String? {
        var host = field[...]
        if host.first == "[" {
            guard let end = host.firstIndex(of: "]") else { return nil }
            let port = host[host.index(after: end)...]
            guard isPort(port) else { return nil }
            return String(host[host.index(after: host.startIndex)..<end])
        }
        if let colon = host.firstIndex(of: ":") {
            guard isPort(host[colon...]) else { return nil }
            host = host[..<colon]
        }
        return String(host)
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty
            || text.first == ":" && text.dropFirst().utf8.count <= 5
                && text.dropFirst().utf8.allSatisfy {
                    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                }
    }

    /// Whether a text is an address of 127.0.0.0/8 in four decimal numbers.
    private static func isIPv4Loopback(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy {
                (1...3).contains($0.utf8.count) && UInt8($0) != nil && $0.first != "+"
            }
    }
}
