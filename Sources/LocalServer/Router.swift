/// One path of a server: who may ask for it, and what answers.
public struct Route: Sendable {
    /// What is asked there. It decides the method, the listeners that serve it, the peers that may ask and the places
    /// that the connections take.
    public enum Purpose: Hashable, Sendable {
        /// A page for probes and scrapers, by GET, under whatever name they know the host.
        case page
        /// A report, by GET. On TCP only under a name of this host: a web page cannot read it by making
        /// its own name point here (DNS rebinding).
        case report
        /// A report that may take a day, by GET; where ``LocalHTTPServer/Scope/everything`` is served.
        case wait
        /// A change, by POST; where ``LocalHTTPServer/Scope/everything`` is served, for peers that may.
        case change

        var allow: String { self == .change ? "POST" : "GET, HEAD" }

        var connectionPurpose: ConnectionLimit.Purpose {
            switch self {
            case .page, .report: .reading
            case .wait: .waiting
            case .change: .change
            }
        }
    }

    /// The path, with its slash.
    public let path: String
    /// What is asked there.
    public let purpose: Purpose
    /// What is said when there is no place for one more who asks.
    public let busy: String
    /// Answers a request; called for each, also of HEAD. Must end when its task is cancelled, as it is when the client
    /// hangs up or the server ends: what it returns then is sent if somebody still listens.
    public let respond: @Sendable (Request) async -> Response

    /// A path and what answers there.
    public init(
        _ path: String,
        _ purpose: Purpose,
        busy: String = "too many ask at once; try again",
        respond: @escaping @Sendable (Request) async -> Response
    ) {
        self.path = path
        self.purpose = purpose
        self.busy = busy
        self.respond = respond
    }
}

/// Decides what is done about a request: a route answers, or it is refused.
struct Router: Sendable {
    /// The head of a request, as far as it matters here.
    struct Head: Sendable {
        var method: String
        var target: String
        /// The values of all its Host fields.
        var hosts: [String]
        var isHTTP10 = false
        var hasBody = false
    }

    /// Where a request came in.
    struct Origin: Sendable {
        /// Whether over TCP, where a browser can come from.
        var isTCP: Bool
        /// Whether the peer may change things.
        var mayChange: Bool
        /// The address that is listened at.
        var listenHost: String?
    }

    enum Choice: Sendable {
        case respond(Route, Request)
        case refuse(Response)
    }

    private let routes: [String: Route]
    private let scope: LocalHTTPServer.Scope

    init(_ routes: [Route], _ scope: LocalHTTPServer.Scope) {
        self.routes = Dictionary(routes.map { ($0.path, $0) }) { first, _ in first }
        self.scope = scope
    }

    func choice(_ head: Head, from origin: Origin, peer: Peer?) -> Choice {
        guard let (authority, path, query) = Self.parts(of: head.target) else {
            return .refuse(
                Response(.badRequest, error: "invalid", "the request's target is no path")
            )
        }
        // See RFC 9112, 3.2: one Host field, from HTTP/1.1 on.
        guard head.hosts.count == 1 || (head.isHTTP10 && head.hosts.isEmpty) else {
            return .refuse(
                Response(.badRequest, error: "invalid", "the request needs one Host field")
            )
        }
        guard let route = routes[path] else {
            let all = routes.keys.sorted().joined(separator: ", ")
            return .refuse(
                Response(.notFound, error: "no_such_path", "not here; there are: \(all)")
            )
        }
        let isRead = head.method == "GET" || head.method == "HEAD"
        guard route.purpose == .change ? head.method == "POST" : isRead else {
            var response = Response(
                .methodNotAllowed,
                error: "method_not_allowed",
                "this path has \(route.purpose.allow)"
            )
            response.allow = route.purpose.allow
            return .refuse(response)
        }
        if origin.isTCP, route.purpose != .page {
            guard let host = authority ?? head.hosts.first, Self.names(host, origin.listenHost)
            else {
                return .refuse(
                    Response(
                        .misdirectedRequest,
                        error: "misdirected",
                        "only requests to localhost or a loopback address are answered here"
                    )
                )
            }
        }
        if let refusal = refusal(of: route, from: origin) { return .refuse(refusal) }
        guard route.purpose == .page || !head.hasBody else {
            return .refuse(
                Response(
                    .badRequest,
                    error: "invalid",
                    "parameters are given in the query of the path, not in a body"
                )
            )
        }
        return .respond(route, Request(path: path, query: query, peer: peer))
    }

    private func refusal(of route: Route, from origin: Origin) -> Response? {
        switch route.purpose {
        case .page, .report: return nil
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

    /// Takes a target apart: in origin form, `/path?query`, or in absolute form, which a server has to accept as well,
    /// see RFC 9112, 3.2.2.
    private static func parts(
        of target: String
    ) -> (authority: String?, path: String, query: String)? {
        var authority: String?
        var rest = target[...]
        let scheme = "http://"
        if rest.prefix(scheme.utf8.count).lowercased() == scheme {
            rest = rest.dropFirst(scheme.count)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            authority = String(rest[..<end])
            rest = rest[end...]
        }
        guard rest.first == "/" else { return nil }
        let path = rest.prefix { $0 != "?" }
        return (authority, String(path), String(rest.dropFirst(path.count + 1)))
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
