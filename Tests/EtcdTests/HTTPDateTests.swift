import Testing

@testable import Etcd

@Suite struct HTTPDateTests {
    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Sat, 28 Nov 2026 06:00:00 GMT", 1_795_845_600),
    ])
    func aDateOfHTTPIsRead(_ text: String, _ seconds: Int) {
        #expect(HTTPDate.seconds(text) == seconds)
        #expect(HTTPDate.seconds(inHead: "HTTP/1.1 200 OK\r\nX: y\r\ndate: \(text)") == seconds)
    }

    @Test(arguments: [
        "", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 99 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 999999999999 08:49:37 GMT",
        "Sun, 06 Abc 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT",
    ])
    func anythingElseIsNone(_ text: String) {
        #expect(HTTPDate.seconds(text) == nil)
        #expect(HTTPDate.seconds(inHead: "HTTP/1.1 200 OK\r\nDate: \(text)") == nil)
    }
}
