import Testing

@testable import LocalServer

@Suite struct RouterTests {
    private static let tcp = Router.Origin(isTCP: true, mayChange: false, listenHost: "127.0.0.1")
    private static let root = Router.Origin(isTCP: false, mayChange: true)
    private static let stranger = Router.Origin(isTCP: false, mayChange: false)

    private let router = Router(Self.routes, .everything)
    private let reports = Router(Self.routes, .reports)
    private static let routes = [
        Route("/metrics", .page) { _ in Response(.ok, "") },
        Route("/v1/status", .report) { _ in Response(.ok, "") },
        Route("/v1/wait", .wait) { _ in Response(.ok, "") },
        Route("/v1/drain", .change) { _ in Response(.ok, "") },
    ]

    @Test(
        arguments: ["GET", "HEAD"],
        ["/metrics", "/metrics?", "/metrics?a=/b?c", "http://x/metrics"]
    )
    func `a page is found by its path alone`(method: String, target: String) {
        #expect(status(method, target) == nil)
    }

    @Test func `the query is passed on`() throws {
        let head = Router.Head(method: "GET", target: "/v1/wait?service=a%2Fb&count=", hosts: ["x"])
        guard
            case .respond(let route, let request) = router.choice(head, from: Self.root, peer: nil)
        else {
            Issue.record("refused")
            return
        }
        #expect(route.path == "/v1/wait" && request.path == "/v1/wait")
        #expect(
            try request.parameters(["service", "count"]) == ["service": "a/b", "count": ""]
        )
    }

    @Test(arguments: ["/", "/metrics/", "/../metrics", "//metrics", "http://x/", "/v1"])
    func `any other path is not found`(target: String) {
        #expect(status("GET", target) == .notFound)
    }

    @Test(arguments: ["", "*", "metrics", "x:80", "http://x", "https://x/metrics"])
    func `a target without a path is no request`(target: String) {
        #expect(status("GET", target) == .badRequest)
    }

    @Test(arguments: [
        ("POST", "/metrics", "GET, HEAD"), ("OPTIONS", "/v1/status", "GET, HEAD"),
        ("get", "/metrics", "GET, HEAD"), ("CONNECT", "/v1/wait", "GET, HEAD"),
        ("GET", "/v1/drain", "POST"), ("HEAD", "/v1/drain", "POST"), ("PUT", "/v1/drain", "POST"),
    ])
    func `another method is told which there is`(method: String, target: String, allow: String) {
        let response = refusal(method, target)
        #expect(response?.status == .methodNotAllowed && response?.allow == allow)
    }

    @Test(arguments: [
        "localhost", "LOCALHOST:9469", "127.0.0.1", "127.0.0.1:9469", "127.255.0.1:1", "[::1]",
        "[::1]:9469", "127.0.0.1:",
    ])
    func `a report is read over TCP under a name of this host`(host: String) {
        #expect(status("GET", "/v1/status", hosts: [host], Self.tcp) == nil)
    }

    @Test(arguments: [
        "evil.example", "evil.example:9469", "localhost.evil.example", "127.0.0.1.evil.example",
        "127.evil", "127.0.0", "127.0.0.256", "128.0.0.1", "::1", "[::1]evil", "[::1", "",
        "localhost:evil", "localhost:80:80", "127.0.0.1@evil.example",
    ])
    func `a web page that points its name here reads no report`(host: String) {
        #expect(status("GET", "/v1/status", hosts: [host], Self.tcp) == .misdirectedRequest)
        #expect(status("GET", "/metrics", hosts: [host], Self.tcp) == nil)
        #expect(status("GET", "/v1/status", hosts: [host], Self.stranger) == nil)
    }

    @Test func `the host of an absolute target is the one that counts`() {
        let hosts = ["localhost"]
        #expect(
            status("GET", "http://evil.example/v1/status", hosts: hosts, Self.tcp)
                == .misdirectedRequest
        )
        #expect(status("GET", "http://localhost:1/v1/status", hosts: ["x"], Self.tcp) == nil)
    }

    @Test func `there is one Host field, or none before HTTP 1_1`() {
        #expect(status("GET", "/metrics", hosts: []) == .badRequest)
        #expect(status("GET", "/metrics", hosts: ["a", "b"]) == .badRequest)
        #expect(status("GET", "/metrics", hosts: [], isHTTP10: true) == nil)
        #expect(
            status("GET", "/v1/status", hosts: [], Self.tcp, isHTTP10: true) == .misdirectedRequest
        )
    }

    @Test func `where only reports are served nobody waits or changes anything`() {
        for (method, target) in [("GET", "/v1/wait"), ("POST", "/v1/drain")] {
            for origin in [Self.tcp, Self.root] {
                let head = Router.Head(method: method, target: target, hosts: ["localhost"])
                #expect(
                    refused(reports.choice(head, from: origin, peer: nil))?.status == .forbidden
                )
            }
        }
        let head = Router.Head(method: "GET", target: "/v1/status", hosts: ["localhost"])
        #expect(refused(reports.choice(head, from: Self.tcp, peer: nil)) == nil)
    }

    @Test func `only peers that may change anything do`() {
        let response = refusal("POST", "/v1/drain", Self.stranger)
        #expect(response?.status == .forbidden)
        #expect(
            response?.body
                == #"{"error":{"code":"not_permitted","message":"only root, discoveryd's own user and members "#
                + #"of its group may do this"}}"# + "\n"
        )
        #expect(refusal("POST", "/v1/drain", Self.root) == nil)
        #expect(refusal("GET", "/v1/wait", Self.stranger) == nil)
    }

    @Test func `parameters in a body are not passed over`() {
        #expect(status("POST", "/v1/drain", hasBody: true) == .badRequest)
        #expect(status("GET", "/v1/wait", hasBody: true) == .badRequest)
    }

    @Test func `root our user and members of the group may change things`() {
        func peer(_ user: UInt32, _ groups: Set<UInt32>, of group: UInt32? = 991) -> Bool {
            Peer(process: 1, user: user, groups: groups).mayChange(as: 990, socketGroup: group)
        }
        #expect(peer(0, [0]) && peer(990, [5]) && peer(1000, [1000, 991]))
        #expect(!peer(1000, [1000, 990]) && !peer(1000, [991], of: nil))
    }

    // MARK: parts

    private func status(
        _ method: String,
        _ target: String,
        hosts: [String] = ["discoveryd"],
        _ origin: Router.Origin = root,
        isHTTP10: Bool = false,
        hasBody: Bool = false
    ) -> Response.Status? {
        let head = Router.Head(
            method: method,
            target: target,
            hosts: hosts,
            isHTTP10: isHTTP10,
            hasBody: hasBody
        )
        return refused(router.choice(head, from: origin, peer: nil))?.status
    }

    private func refusal(
        _ method: String,
        _ target: String,
        _ origin: Router.Origin = root
    ) -> Response? {
        let head = Router.Head(method: method, target: target, hosts: ["discoveryd"])
        return refused(router.choice(head, from: origin, peer: nil))
    }

    private func refused(_ choice: Router.Choice) -> Response? {
        guard case .refuse(let response) = choice else { return nil }
        return response
    }
}

@Suite struct RequestTests {
    @Test(arguments: [
        ("", [:]), ("service=web", ["service": "web"]),
        ("service=a%20b%C3%A9", ["service": "a bé"]),
        ("service", ["service": ""]), ("&service=a+b&", ["service": "a+b"]),
        ("service=a=b&for=1s", ["service": "a=b", "for": "1s"]), ("%66or=1s", ["for": "1s"]),
    ])
    func `parameters are read`(query: String, values: [String: String]) throws {
        #expect(try Request(path: "/", query: query).parameters(["service", "for"]) == values)
    }

    @Test(arguments: [
        "servce=web", "service=a&service=b", "service=%", "service=%4", "service=%zz",
        "service=%FF", "=x", "Service=web",
    ])
    func `what cannot be read is refused`(query: String) {
        #expect(throws: Request.QueryError.self) {
            try Request(path: "/", query: query).parameters(["service", "for"])
        }
    }

    @Test(arguments: ["web", "a b&c=d%", "é\u{0}+#?/"])
    func `what is encoded is read as it was`(text: String) throws {
        let query = "service=\(Request.encoded(text))"
        #expect(try Request(path: "/", query: query).parameters(["service"]) == ["service": text])
    }
}
