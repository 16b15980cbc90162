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
    /// The longest filter in bytes.
    static let longestQuery = 256

    let host: String
    let run: String
    let history: EventHistory
    let reports: CostlyReports
    let state: @Sendable () -> DaemonState
    private let renderer: MustacheRenderer?

    init(
        host: String,
        run: String,
        history: EventHistory,
        reports: CostlyReports = CostlyReports(),
        state: @escaping @Sendable () -> DaemonState
    ) {
        self.host = host
        self.run = run
        self.history = history
        self.reports = reports
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
            let query = try request.parameters(["q"])["q"] ?? ""
            guard query.utf8.count <= Self.longestQuery else {
                throw Request.QueryError(
                    message: "the filter is longer than \(Self.longestQuery) bytes"
                )
            }
            let page = await reports.make { text(filteredBy: query, at: Date()) } ?? ""
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
    func text(filteredBy query: String, at now: Date) -> String {
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
        members["run"] = .string(run)
        members["last"] = .number("\(last)")
        let rendered = try? renderer?.render(.object(MustacheMembers(members)))
        return String(decoding: rendered?.bytes ?? [], as: UTF8.self)
    }
}
