import Registry
import Testing

@testable import discoveryd

@Suite struct ControlRequestTests {
    @Test func everyRequestIsReadAsItWasWritten() throws {
        let web = try #require(ServiceName(declared: "web"))
        let requests: [ControlRequest] = [
            .status, .wait(web, atLeast: 2, within: .milliseconds(1500)),
            .wait(nil, atLeast: 0, within: .zero), .drain(web, for: .seconds(600)),
            .drain(nil, for: nil), .undrain(web), .undrain(nil), .reload,
        ]
        for request in requests {
            let line = request.line
            #expect(line.last == 0x0a && line.count <= ControlRequest.byteLimit)
            #expect(ControlRequest(line: Array(line.dropLast())) == request)
        }
    }

    @Test(arguments: [
        "", "{}", "status", #"{"command":"halt"}"#, #"{"command":"drain","service":"a/b"}"#,
        #"{"command":"drain","for":-1}"#, #"{"command":"drain","for":9000000000000000000}"#,
        #"{"command":"wait","min":-1}"#, #"{"command":"wait","timeout":1e300}"#,
        #"{"command":"wait","timeout":86400001}"#, #"["status"]"#,
    ])
    func whatIsNoRequestIsNotRead(text: String) {
        #expect(ControlRequest(line: Array(text.utf8)) == nil)
    }

    @Test func aWaitThatNamesOnlyItsServiceIsForOneEndpoint() throws {
        let web = try #require(ServiceName(declared: "web"))
        #expect(
            ControlRequest(line: Array(#"{"command":"wait","service":"web"}"#.utf8))
                == .wait(web, atLeast: 1, within: .seconds(30))
        )
    }

    @Test func rootOurUserAndMembersOfTheGroupMayChangeThings() {
        func peer(_ user: UInt32, _ groups: Set<UInt32>) -> Bool {
            ControlPeer(process: 1, user: user, groups: groups)
                .mayChange(as: 990, socketGroup: 991)
        }
        #expect(peer(0, [0]) && peer(990, [5]) && peer(1000, [1000, 991]))
        #expect(!peer(1000, [1000, 990]))
    }
}
