import Testing

@testable import Metrics

@Suite struct PagesTests {
    private let pages = Pages(["/metrics": { PageAnswer(.ok, "m") }])

    @Test(arguments: ["GET", "HEAD"], ["/metrics", "/metrics?", "/metrics?a=/b?c"])
    func aPageIsFoundByItsPathAlone(method: String, target: String) async {
        guard case .make(let page) = pages.choice(method: method, target: target) else {
            Issue.record("not found")
            return
        }
        #expect(await page().body == "m")
    }

    @Test(arguments: ["", "/", "/metrics/", "/../metrics", "//metrics", "http://x/metrics", "*"])
    func anythingElseIsNotHere(target: String) {
        guard case .answer(let answer) = pages.choice(method: "GET", target: target) else {
            Issue.record("found")
            return
        }
        #expect(answer.status == .notFound)
        #expect(answer.body == "not here; there are:\n/metrics\n")
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "get", "X"])
    func onlyReadingIsServed(method: String) {
        guard case .answer(let answer) = pages.choice(method: method, target: "/metrics") else {
            Issue.record("served")
            return
        }
        #expect(answer.status == .methodNotAllowed)
    }
}
