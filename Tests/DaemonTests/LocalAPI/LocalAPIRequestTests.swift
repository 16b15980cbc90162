import LocalServer
import Registry
import Testing

@testable import Daemon

@Suite struct LocalAPIRequestTests {
    @Test func `every request is read as it was written`() throws {
        let web = try #require(ServiceName(declared: "web"))
        // As Go writes them; this host would not.
        let other = try #require(InstanceID(read: "10.0.0.5:80&x=%"))
        let requests: [LocalAPIRequest] = [
            .status, .wait(web, atLeast: 2, within: .milliseconds(1500)),
            .wait(nil, atLeast: 0, within: .zero), .wait(web, atLeast: 1, within: .seconds(86400)),
            .drain(web, for: .seconds(600)), .drain(nil, for: .seconds(365 * 86400)),
            .drain(nil, for: nil), .undrain(web), .undrain(nil), .reload,
            .events(.init()), .events(.init(service: web, instance: other, after: 7, run: "x:1+2")),
            .awaitEvents(.init(after: 3), within: .seconds(60)), .explain(web, nil),
            .explain(web, other),
        ]
        for request in requests {
            let parts = request.target.split(separator: "?", maxSplits: 1).map(String.init)
            #expect(parts[0] == request.action.path)
            let query = parts.count == 2 ? parts[1] : ""
            #expect(try read(request.action, query) == request)
        }
    }

    @Test(arguments: [
        (LocalAPIRequest.Action.status, "service=web"), (.reload, "force=1"),
        (.drain, "service=a/b"), (.drain, "service="), (.drain, "servce=web"),
        (.drain, "service=web&service=db"), (.drain, "for=0s"), (.drain, "for=-1s"),
        (.drain, "for=8761h"), (.drain, "for=9000000000h"), (.drain, "for=10"),
        (.undrain, "for=1s"),
        (.wait, "count=-1"), (.wait, "count=1000001"), (.wait, "count=x"), (.wait, "timeout=25h"),
        (.wait, "timeout=1e300s"), (.wait, "timeout="), (.wait, "min=1"), (.wait, "service=%FF"),
        (.events, "id=x"), (.events, "after=-1"), (.events, "after=x"), (.events, "timeout=1s"),
        (.awaitEvents, "timeout=61s"), (.awaitEvents, "service=a/b"), (.explain, ""),
        (.explain, "id=x"), (.explain, "service=web&after=x"),
    ])
    func `what is no request is refused and not read as another`(
        action: LocalAPIRequest.Action,
        query: String
    ) {
        #expect(throws: Request.QueryError.self) { try read(action, query) }
    }

    @Test func `a wait that names only its service is for one endpoint`() throws {
        let web = try #require(ServiceName(declared: "web"))
        #expect(try read(.wait, "service=web") == .wait(web, atLeast: 1, within: .seconds(30)))
        #expect(try read(.wait, "") == .wait(nil, atLeast: 0, within: .seconds(30)))
    }

    @Test func `only what changes something is a change`() {
        let purposes = LocalAPIRequest.Action.allCases.map { ($0.rawValue, $0.purpose) }
        #expect(
            Dictionary(purposes) { first, _ in first }
                == [
                    "status": .report, "events": .report, "events/wait": .follow,
                    "explain": .report, "wait": .wait, "drain": .change, "undrain": .change,
                    "reload": .change,
                ]
        )
    }

    private func read(
        _ action: LocalAPIRequest.Action,
        _ query: String
    ) throws(Request.QueryError) -> LocalAPIRequest {
        try LocalAPIRequest(action, Request(path: action.path, query: query))
    }
}

@Suite struct LocalAPIAnswerTests {
    @Test(arguments: [
        LocalAPIAnswer(.done), LocalAPIAnswer(.done, ["web drains"]),
        LocalAPIAnswer(.pending, ["web drains", "not in etcd yet"]),
        LocalAPIAnswer(.timedOut, ["web has 1 of 2 endpoints"]),
        LocalAPIAnswer(.notPermitted, ["only root"]),
        LocalAPIAnswer(.refused, ["a.conf:1: \"port\"", "b.conf:2: \n", "it was refused"]),
        LocalAPIAnswer(.unknownService, ["no service é"]), LocalAPIAnswer(.conflict, ["no"]),
        LocalAPIAnswer(.invalid, ["no"]), LocalAPIAnswer(.busy, ["no"]),
        LocalAPIAnswer(.stopping, ["no"]),
    ])
    func `every answer is read as it was written`(answer: LocalAPIAnswer) {
        let response = answer.response
        #expect(response.contentType == "application/json" && response.body.hasSuffix("}\n"))
        let received = LocalHTTPClient.Answer(
            status: response.status.rawValue,
            body: Array(response.body.utf8)
        )
        #expect(LocalAPIAnswer(received, to: .reload) == answer)
    }

    @Test func `an error has its code and a sentence and what more there is`() {
        let response = LocalAPIAnswer(.refused, ["one", "two", "it was refused"]).response
        #expect(response.status == .unprocessableContent)
        #expect(
            response.body
                == #"{"error":{"code":"configuration_refused","details":["one","two"],"message":"it was refused"}}"#
                + "\n"
        )
    }

    @Test func `a report is passed on as it is`() {
        let answer = LocalAPIAnswer(.done, report: "{ \"schema\": 9 }\n")
        let body = Array(answer.response.body.utf8)
        #expect(LocalAPIAnswer(.init(status: 200, body: body), to: .status) == answer)
    }

    @Test(arguments: [
        (404, #"{"error":{"code":"no_such_path","message":"not here"}}"#), (200, "hello"),
        (500, ""), (503, #"{"error":"busy"}"#), (405, #"{"error":{"code":"method_not_allowed"}}"#),
    ])
    func `what another version says is not understood`(status: Int, body: String) {
        #expect(LocalAPIAnswer(.init(status: status, body: Array(body.utf8)), to: .reload) == nil)
    }
}
