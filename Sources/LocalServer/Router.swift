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
        /// A report that comes when there is news, within a minute, by GET; on TCP only under a name of this host. It
        /// takes a place of those who wait.
        case follow
        /// A report that may take a day, by GET; where ``LocalHTTPServer/Scope/everything`` is served.
        case wait
        /// A change, by POST; where ``LocalHTTPServer/Scope/everything`` is served, for peers that may.
        case change

        var allow: String { self == .change ? "POST" : "GET, HEAD" }

        var connectionPurpose: ConnectionLimit.Purpose {
            switch self {
            case .page, .report: .reading
            case .follow, .wait: .waiting
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

    enum Choice: Sendable {
        case respond(Route, Request)
        case refuse(Response)
    }

    private let routes: [String: Route]
    let scope: LocalHTTPServer.Scope

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
        if let refusal = refusal(of: route, named: authority ?? head.hosts.first, from: origin) {
            return .refuse(refusal)
        }
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
}
