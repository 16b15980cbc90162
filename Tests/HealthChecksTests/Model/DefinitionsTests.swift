import HealthChecks
import Testing

@Suite struct DefinitionsTests {
    @Test(arguments: [
        ("http://127.0.0.1:8080/healthz", "127.0.0.1:8080", "/healthz"),
        ("http://web", "web:80", "/"),
        ("https://web.example.org/a?b=c", "web.example.org:443", "/a?b=c"),
        ("HTTP://[::1]:8080?x", "[::1]:8080", "/?x"),
        ("https://[::1]", "[::1]:443", "/"),
    ])
    func aURLIsTakenApart(text: String, target: String, resource: String) throws {
        let address = try #require(HTTPAddress(text))
        #expect(address.target.description == target)
        #expect(address.resource == resource)
    }

    @Test(arguments: [
        "", "web", "ftp://web", "http://", "http:///x", "http://user:secret@web/", "http://web:0/",
        "http://web:/", "http://web:99999/", "http://web/#x", "http://web/a b", "http://web\\x",
        "http://::1/", "http://web/\r\nx", "http://wéb/",
    ])
    func whatIsNoURLOfACheckIsRefused(text: String) {
        #expect(HTTPAddress(text) == nil)
    }

    @Test func namesOfChecksShowNoSecrets() throws {
        let address = try #require(HTTPAddress("http://web:80/x?token=secret"))
        #expect(CheckKind.http(try #require(HTTPCheck(address))).description == "GET http://web/x")
        let exec = try #require(ExecCheck(["/usr/bin/check_x", "-p", "secret"]))
        #expect(CheckKind.exec(exec).description == "exec /usr/bin/check_x")
        #expect(CheckKind.unit("a.service").description == "unit a.service")
    }

    @Test func onlyAnAbsolutePathIsACommand() {
        #expect(ExecCheck([]) == nil)
        #expect(ExecCheck(["check_x"]) == nil)
        #expect(ExecCheck(["/bin/x", "a\0b"]) == nil)
        #expect(ExecCheck(["/bin/x"]) != nil)
    }

    @Test func aRequestIsOneRequest() throws {
        let address = try #require(HTTPAddress("http://web/"))
        #expect(HTTPCheck.Header("X-A", "b\r\nX-C: d") == nil)
        #expect(HTTPCheck.Header("X A", "b") == nil)
        #expect(HTTPCheck.Header("", "b") == nil)
        #expect(HTTPCheck(address, method: "GET /x") == nil)
        #expect(HTTPCheck(address, statuses: []) == nil)
        #expect(HTTPCheck(address, contains: "") == nil)
        #expect(HTTPCheck(address, method: "options")?.method == "OPTIONS")
    }
}
