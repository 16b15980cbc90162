import Files
import FoundationEssentials
import LocalServer
import Mustache
import Registry
import Texts

/// The page `/`: this host's services, the fleet's endpoints, files, etcd and the last events, for people.
///
/// Made whole for each request from what the daemon knows, so it reads the same without JavaScript; with it the page
/// asks for itself again after each event, and takes over what changed. Nothing is loaded from elsewhere, and the
/// policy of its response lets a browser run only the script that is served beside it.
struct OverviewPage: Sendable {
    /// How many endpoints are shown; a filter finds the others.
    static let mostEndpoints = 500
    /// How many events are shown.
    static let mostEvents = 50
    /// The longest filter in bytes: as many characters as its field takes, of any script.
    static let longestQuery = 800

    let host: String
    let history: EventHistory
    /// Makes the page: to look through 100,000 endpoints takes a core for a while, which is to be none of the daemon's.
    let thread: BlockingThread
    let state: @Sendable () -> DaemonState
    private let renderer: MustacheRenderer?

    init(
        host: String,
        history: EventHistory,
        thread: BlockingThread = BlockingThread("reports"),
        state: @escaping @Sendable () -> DaemonState
    ) {
        self.host = host
        self.history = history
        self.thread = thread
        self.state = state
        // The template is a part of the program, and a test renders it.
        let template = try? MustacheTemplate(
            PackageResources.overview_mustache,
            name: "overview.mustache"
        )
        renderer = template.map { MustacheRenderer($0, escape: MustacheEscapeName.html.escape) }
    }

    /// The page and what it loads.
    var routes: [Route] {
        [
            Route("/", .report) { await response(to: $0) },
            Self.file("/overview.css", PackageResources.overview_css, "text/css; charset=utf-8"),
            Self.file(
                "/overview.js",
                PackageResources.overview_js,
                "text/javascript; charset=utf-8"
            ),
            Self.file("/icon.svg", PackageResources.icon_svg, "image/svg+xml"),
        ]
    }

    private static func file(_ path: String, _ bytes: [UInt8], _ type: String) -> Route {
        let text = String(decoding: bytes, as: UTF8.self)
        return Route(path, .page) { _ in Response(.ok, text, contentType: type) }
    }

    private func response(to request: Request) async -> Response {
        do throws(Request.QueryError) {
            // A form writes a space as a plus.
            let written = request.query.split(separator: "+", omittingEmptySubsequences: false)
                .joined(separator: "%20")
            let query =
                try Request(path: request.path, query: written).parameters(["q"])["q"] ?? ""
            guard query.utf8.count <= Self.longestQuery else {
                throw Request.QueryError(
                    message: "the filter is longer than \(Self.longestQuery) bytes"
                )
            }
            let page = await thread.run { text(filteredBy: query, at: Date()) } ?? nil
            guard let page else {
                return Response(.serviceUnavailable, error: "busy", "the page could not be made")
            }
            var response = Response(.ok, page, contentType: "text/html; charset=utf-8")
            response.contentSecurityPolicy =
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            return response
        } catch {
            return Response(.badRequest, error: "invalid", error.message)
        }
    }

    /// The page as it is now.
    ///
    /// - Parameter query: Words that each endpoint shown has in one of its texts.
    /// - Returns: `nil` when it cannot be rendered.
    func text(filteredBy query: String, at now: Date) -> String? {
        // Before the rest is read: whoever waits for what comes after it misses nothing.
        let last = history.last
        let view = OverviewView(
            report: StatusReport(state(), at: now),
            list: state().list,
            events: history.newest(Self.mostEvents),
            query: query,
            now: now
        )
        var members = view.members
        members["host"] = .string(host)
        members["run"] = .string(history.run)
        members["last"] = .number("\(last)")
        // The members are all there, and each is a text that HTML can say: a test renders hostile ones.
        let rendered = try? renderer?.render(.object(MustacheMembers(members)))
        return rendered.map { String(decoding: $0.bytes, as: UTF8.self) }
    }
}
