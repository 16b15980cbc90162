import FoundationEssentials
import LocalServer
import Registry
import TestKit
import Testing

@testable import Daemon

/// The page as it is made; Tests/Page looks at it in a browser.
@Suite struct OverviewPageTests {
    private let now = Date(timeIntervalSince1970: 1_000_000)

    @Test func `it shows the endpoints that match all words of the filter`() throws {
        var state = DaemonState(at: now)
        state.list = try TableUpdate.of(
            try ServiceKey("web/one"),
            try ServiceKey("web/two"),
            try ServiceKey("db/one"),
            revision: 9
        )
        let page = page(of: state)
        let all = try #require(page.text(filteredBy: "", at: now))
        #expect(all.contains("3 endpoints.") && all.hasSuffix("</html>\n"))
        let some = try #require(page.text(filteredBy: "ONE web/ 10.0.0.5:80", at: now))
        #expect(some.contains("1 of 3 endpoints match."))
        #expect(some.contains("<td>one</td>") && !some.contains("<td>two</td>"))
    }

    @Test func `what others wrote is text, whatever it is`() throws {
        let name = "<script>alert('&\")</script"
        var state = DaemonState(at: now)
        state.etcdError = "\u{0}\u{202e}\n<b>"
        let key = ServiceKey(
            service: try #require(ServiceName(read: String(name.filter { $0 != "/" }))),
            instance: try #require(InstanceID(read: "{{{run}}}"))
        )
        state.list = try TableUpdate.of(key, revision: 9)
        let text = try #require(page(of: state).text(filteredBy: "\"><b>\u{0}", at: now))
        #expect(!text.contains("<b>") && !text.contains("<script>alert"))
        #expect(!text.contains("\u{0}") && !text.contains("\u{202e}"))
        #expect(text.contains("value=\"&quot;&gt;&lt;b&gt;"))
        let found = try #require(page(of: state).text(filteredBy: "", at: now))
        #expect(
            found.contains("{{{run}}}") && found.contains("&lt;script&gt;alert(&#39;&amp;&quot;)")
        )
    }

    @Test func `only its own script may run, and nothing is loaded from elsewhere`() async throws {
        let routes = page(of: DaemonState(at: now)).routes
        #expect(routes.map(\.path) == ["/", "/overview.css", "/overview.js", "/icon.svg"])
        for route in routes {
            let response = await route.respond(Request(path: route.path))
            #expect(response.status == .ok && !response.body.isEmpty)
            #expect(!response.contentSecurityPolicy.contains("unsafe"))
            #expect(response.contentSecurityPolicy.contains("default-src 'none'"))
            #expect(!response.body.contains("http://") || route.path == "/icon.svg")
            #expect(!response.body.contains("https://"))
        }
    }

    @Test func `a form's plus between two words is a space`() async throws {
        var state = DaemonState(at: now)
        state.list = try TableUpdate.of(
            try ServiceKey("web/one"),
            try ServiceKey("db/one"),
            revision: 9
        )
        let root = try #require(page(of: state).routes.first)
        let response = await root.respond(Request(path: "/", query: "q=one+web"))
        #expect(response.body.contains("1 of 2 endpoints match."))
        #expect(response.body.contains("value=\"one web\""))
    }

    @Test func `a parameter that it does not have is refused`() async throws {
        let root = try #require(page(of: DaemonState(at: now)).routes.first)
        for query in ["p=1", "q=%FF", "q=" + String(repeating: "x", count: 801)] {
            #expect(await root.respond(Request(path: "/", query: query)).status == .badRequest)
        }
    }

    private func page(of state: DaemonState) -> OverviewPage {
        OverviewPage(host: "host", history: EventHistory()) { state }
    }
}
