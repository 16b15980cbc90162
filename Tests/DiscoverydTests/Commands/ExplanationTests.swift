import Daemon
import Registry
import Testing

@testable import discoveryd

@Suite struct ExplanationTests {
    @Test func `lines of the journal are read, and what is none is passed over`() {
        let output = """
            {"__REALTIME_TIMESTAMP":"1000000123000","MESSAGE":"registered","_PID":"1"}
            {"__REALTIME_TIMESTAMP":"1000000124000","MESSAGE":[1,2,3]}
            {"MESSAGE":"no time"}
            {"__REALTIME_TIMESTAMP":"1000000200000","MESSAGE":"drains"}
            {"__REALTIME_TIMESTAMP":"1000000300000","MESSAGE":"registered","DISCOVERYD_ID":"b"}
            -- No entries --
            {"__REALTIME_TIMESTAMP":"1000001000000","MESSAGE":"deregistered"}
            """
        let lines = JournalLines.lines(in: Array(output.utf8), of: InstanceID(read: "a"))
        #expect(
            lines == [
                .init(time: "1970-01-12T13:46:40.123Z", message: "registered"),
                .init(time: "1970-01-12T13:46:40.200Z", message: "drains"),
                .init(time: "1970-01-12T13:46:41.000Z", message: "deregistered"),
            ]
        )
    }

    @Test(arguments: ["web", "web/web-1", "web/10.0.0.5:80", "<x>/{y}"])
    func `a service or an instance is an argument`(text: String) {
        #expect(SubjectArgument(argument: text) != nil)
    }

    @Test(arguments: ["", "/", "web/", "/web-1", "web/a/b", "a b", "wéb"])
    func `what is no key is no argument`(text: String) {
        #expect(SubjectArgument(argument: text) == nil)
    }
}
